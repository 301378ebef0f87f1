import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail server on loopback, and the mails that it took, as they came. */
export interface MailServer {
  readonly mails: string[];
  readonly stop: () => Promise<void>;
}

/** Starts one, without TLS and names unless said. */
export async function mailServer(
  port: number,
  options: SMTPServerOptions = { authOptional: true, disabledCommands: ['STARTTLS'] },
): Promise<MailServer> {
  const mails: string[] = [];
  const server = new SMTPServer({
    logger: false,
    closeTimeout: 100,
    ...options,
    onData(stream, _session, done) {
      text(stream).then((mail) => {
        mails.push(mail);
        done();
      }, done);
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  return { mails, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
