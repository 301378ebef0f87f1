import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../../src/pki/index.ts';
import type { SampleNode } from './sample-certificates.ts';

/** Something that listens, until its scope ends. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** A TCP server on loopback that does `onConnection`. */
export async function tcp(onConnection: (socket: Socket) => void): Promise<Listening> {
  return await listening(createServer((socket) => onConnection(socket.on('error', () => {}))));
}

/** Says `words` at once to whoever comes. */
export function greeter(words: string): Promise<Listening> {
  return tcp((socket) => socket.write(Buffer.from(words, 'latin1')));
}

/** Answers `words` to whatever is said first, and ends the connection. */
export function answerer(words: string): Promise<Listening> {
  return tcp((socket) => socket.once('data', () => socket.end(words)));
}

/** TLS with the certificates of `node`; `answer` is what it says to the first request, silence without. */
export async function tls(node: SampleNode, options: TlsOptions = {}, answer?: string): Promise<Listening> {
  const server = createTlsServer({ ...pemOf(node), ...options }, (socket: TLSSocket) => {
    socket
      .on('error', () => {})
      .once('data', () => {
        if (answer !== undefined) socket.end(answer);
      });
  });
  return await listening(server.on('tlsClientError', () => {}));
}

/** Certificates and key as Node and files have them. */
export function pemOf({ chain, privateKey }: SampleNode): { readonly cert: string; readonly key: string } {
  return { cert: chain.map(certificatePem).join(''), key: privateKeyPem(exportPrivateKey(privateKey)) };
}

/** What a line does with a piece that a side sends: what goes on, or nothing; `undefined` cuts the line. */
export type Meddling = (piece: Buffer, sent: { client: number; server: number }) => Buffer | undefined;

/** A line to another port that does something with what goes over it. */
export function line(
  to: number,
  fromClient: Meddling,
  fromServer: Meddling = (piece) => piece,
): Promise<Listening> {
  return tcp((client) => {
    const server = connect(to, '127.0.0.1').on('error', () => client.destroy());
    const sent = { client: 0, server: 0 };
    const pass = (from: Socket, into: Socket, meddle: Meddling, side: 'client' | 'server'): void => {
      from.on('data', (piece: Buffer) => {
        sent[side] += piece.length;
        const rest = meddle(piece, sent);
        if (rest === undefined) {
          client.destroy();
          server.destroy();
        } else if (rest.length > 0) into.write(rest);
      });
      from.on('close', () => into.destroy());
    };
    pass(client, server, fromClient, 'client');
    pass(server, client, fromServer, 'server');
  });
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
