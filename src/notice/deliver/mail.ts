import { HoldfastError, secondMs } from '../../base/index.ts';
import type { ChannelTarget } from '../channels.ts';
import type { Message } from '../notices.ts';
import type { Delivery } from './delivery.ts';

const timeoutMs = 15 * secondMs;
/** The port of mail that is handed in (RFC 6409), and the same with TLS from the beginning (RFC 8314). */
const ports = { 'smtp:': 587, 'smtps:': 465 };

/**
 * Sends a message as mail. A password goes over TLS alone.
 * @throws HoldfastError `notice_undelivered` with what the mail server says
 */
export async function sendMail(
  { smtp, from, to }: ChannelTarget & { readonly kind: 'mail' },
  message: Message,
  { secret, signal }: Delivery,
): Promise<void> {
  // No other command waits for it.
  const { createTransport } = await import('nodemailer');
  const url = new URL(smtp);
  const isSecure = url.protocol === 'smtps:';
  const user = decodeURIComponent(url.username);
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? ports[isSecure ? 'smtps:' : 'smtp:'] : Number(url.port),
    secure: isSecure,
    requireTLS: !isSecure && user !== '',
    ...(user !== '' && { auth: { user, pass: secret?.reveal() ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stop = (): void => transport.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: subjectOf(message),
      text: textOf(message),
      messageId: `<${message.id}@${from.split('@')[1]}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('notice_undelivered', `mail server ${url.host}: ${said.slice(0, 300)}`, {
      cause,
    });
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

function subjectOf({ kind, from, notices }: Message): string {
  const [first] = notices;
  if (kind === 'test') return `Holdfast at ${from}: a test`;
  if (kind === 'summary')
    return `Holdfast at ${from}: ${notices.length === 0 ? 'nothing needs attention' : `${notices.length} to look at`}`;
  if (first !== undefined && notices.length === 1)
    return `Holdfast at ${from}: ${first.subject} is ${first.state}`;
  return `Holdfast at ${from}: ${notices.length} changes`;
}

const maxLines = 200;

function textOf({ from, time, notices }: Message): string {
  const lines = notices.slice(0, maxLines).map(({ time: at, text }) => `${at}  ${text}`);
  const more = notices.length > maxLines ? [`and ${notices.length - maxLines} more`] : [];
  const all = lines.length === 0 ? ['Nothing needs attention.'] : [...lines, ...more];
  return `${all.join('\n')}\n\n-- \n${from}, ${time}\n`;
}
