import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ListenerPolicy } from '../policy/index.ts';
import type { HalfOpen } from './half-open.ts';
import type { HotContext } from './hot-context.ts';

/** What becomes of the connections of a TLS listener. */
export interface TlsAcceptor {
  readonly policy: ListenerPolicy;
  readonly context: HotContext;
  readonly halfOpen: HalfOpen;
  readonly onConnection: (socket: TLSSocket) => void;
  /** A handshake that failed, or a connection that broke. */
  readonly onError: (error: Error, from: string | undefined) => void;
}

const notTls = 'This port speaks TLS: use https:// in the address.\n';
const notTlsAnswer = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${notTls.length}`,
  '',
  notTls,
].join('\r\n');

/**
 * Takes an accepted connection through its handshake. Its first bytes are looked at before TLS gets them: somebody who
 * speaks plain HTTP is told so, and who says nothing costs no TLS state. Afterwards TLS works on the socket's own
 * handle; nothing is copied through here.
 */
export function acceptTls(socket: Socket, acceptor: TlsAcceptor): void {
  const from = socket.remoteAddress;
  acceptor.halfOpen.add(socket);
  socket.on('error', (error) => acceptor.onError(error, from));
  socket.once('readable', () => {
    const first = socket.read() as Buffer | null;
    if (first === null) return;
    if (looksLikeHttp(first)) {
      socket.end(notTlsAnswer);
      return;
    }
    socket.unshift(first);
    startTls(socket, acceptor, from);
  });
}

/**
 * With `require`, OpenSSL ends a handshake without certificate by the alert certificate_required. Whether one that is
 * presented is any good it does not say (`ca` is empty): Node looks at its verdict in `tls.Server` only, and the peer
 * gate judges every request.
 */
function startTls(socket: Socket, acceptor: TlsAcceptor, from: string | undefined): void {
  const { clientCertificate } = acceptor.policy;
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext: acceptor.context.current,
    requestCert: clientCertificate !== 'off',
    rejectUnauthorized: clientCertificate === 'require',
    ALPNProtocols: ['http/1.1'],
  });
  secured.on('error', (error) => acceptor.onError(error, from));
  secured.once('secure', () => {
    acceptor.halfOpen.delete(socket);
    acceptor.onConnection(secured);
  });
}

/** A method begins with a capital letter; the first byte of a TLS record is 22, that of a handshake. */
function looksLikeHttp(bytes: Buffer): boolean {
  const [first = 0] = bytes;
  return first >= 0x41 && first <= 0x5a;
}
