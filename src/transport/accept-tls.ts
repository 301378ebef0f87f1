import type { Socket } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { systemErrorCode } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import type { HalfOpen } from './half-open.ts';
import type { ServerContexts } from './server-contexts.ts';

/** What becomes of the connections of a TLS listener. */
export interface TlsAcceptor {
  readonly policy: ListenerPolicy;
  readonly contexts: ServerContexts;
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
 * Takes an accepted connection through its handshake. TLS works on the socket's own handle from the start; nothing
 * passes through here, and nothing is read before it, which costs a fifth of the throughput.
 *
 * With `require`, OpenSSL ends a handshake without certificate by the alert certificate_required. Whether one that is
 * presented is any good it does not say (`ca` is empty): Node looks at its verdict in `tls.Server` only, and the peer
 * gate judges every request.
 */
export function acceptTls(socket: Socket, acceptor: TlsAcceptor): void {
  const { policy, contexts, halfOpen, onConnection, onError } = acceptor;
  const from = socket.remoteAddress;
  halfOpen.add(socket);
  const { current: secureContext, stapler } = contexts.standard;
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ...(stapler !== undefined && { server: stapler }),
    ...(contexts.hasHosts && { SNICallback: chooseBy(contexts) }),
    requestCert: policy.clientCertificate !== 'off',
    rejectUnauthorized: policy.clientCertificate === 'require',
    ALPNProtocols: ['http/1.1'],
  });
  socket.on('error', (error) => onError(error, from));
  secured.on('error', (error) => onError(error, from));
  // The event by which Node's own server learns of a failed handshake: the connection is still open.
  secured.once('_tlsError', (error: Error) => {
    if (systemErrorCode(error) === 'ERR_SSL_HTTP_REQUEST') socket.write(notTlsAnswer);
  });
  secured.once('secure', () => {
    halfOpen.delete(socket);
    onConnection(secured);
  });
}

/** Without a context for the host that is named, Node goes on with the one it has. */
function chooseBy(contexts: ServerContexts): NonNullable<TlsOptions['SNICallback']> {
  return (host, answer) => {
    try {
      answer(null, contexts.forHost(host));
    } catch (error) {
      answer(error as Error);
    }
  };
}
