import type { Socket } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { secondMs, systemErrorCode } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import { type HandshakeBudget, onceProved, placeOf, type Strangers } from './handshake-budget.ts';
import { presentedBytes } from './peer.ts';
import type { Greeting } from './peer-gate.ts';
import type { ServerContexts } from './secure-context.ts';

/** What becomes of the connections of a TLS listener. */
export interface TlsAcceptor {
  readonly policy: ListenerPolicy;
  readonly contexts: ServerContexts;
  readonly strangers: Strangers;
  readonly budget: HandshakeBudget;
  /** What the certificate of a new connection is worth. */
  readonly greet: (socket: TLSSocket) => Greeting | Promise<Greeting>;
  readonly onConnection: (socket: TLSSocket) => void;
  /** Certificate and key cannot be used. */
  readonly onUnusable: (error: unknown) => void;
  /** A handshake that failed, or a connection that broke. */
  readonly onError: (error: Error, from: string | undefined) => void;
}

/** Of certificates that are not ours: so many take OpenSSL as long as another handshake, at worst. */
const bytesOfHandshake = 256;

const notTls = 'This port speaks TLS: use https:// in the address.\n';
const notTlsAnswer = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${notTls.length}`,
  '',
  notTls,
].join('\r\n');

const strangerAnswer = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
/** How long a stranger has to read that. */
const turnAwayMs = 2 * secondMs;

/**
 * Takes an accepted connection through its handshake, when its turn has come. TLS works on the socket's own handle;
 * nothing passes through here, and nothing is read before it unless there was a wait, which costs a fifth of the throughput.
 *
 * With `require`, OpenSSL ends a handshake without certificate by the alert certificate_required. Whether one that is
 * presented is any good it does not say (`ca` is empty): Node looks at its verdict in `tls.Server` only, and the peer
 * gate judges every request, and the connection before that: of a stranger nothing is read.
 */
export function acceptTls(socket: Socket, acceptor: TlsAcceptor): void {
  const from = socket.remoteAddress;
  socket.on('error', (error) => acceptor.onError(error, from));
  acceptor.strangers.add(socket);
  awaitTurn(socket, acceptor);
}

/** So that a flood of handshakes leaves time for other work. Whoever waits is a stranger like others. */
function awaitTurn(socket: Socket, acceptor: TlsAcceptor): void {
  if (socket.destroyed) return;
  const waitMs = acceptor.budget.spend(placeOf(socket), performance.now());
  if (waitMs > 0) return void setTimeout(() => awaitTurn(socket, acceptor), waitMs).unref();
  try {
    shakeHands(socket, acceptor);
  } catch (error) {
    acceptor.onUnusable(error);
    socket.destroy();
  }
}

function shakeHands(socket: Socket, acceptor: TlsAcceptor): void {
  const { policy, contexts, onError } = acceptor;
  const from = socket.remoteAddress;
  const { current: secureContext, stapler } = contexts.standard;
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    server: stapler,
    ...(contexts.hasHosts && { SNICallback: chooseBy(contexts) }),
    requestCert: policy.clientCertificate !== 'off',
    rejectUnauthorized: policy.clientCertificate === 'require',
    ALPNProtocols: ['http/1.1'],
  });
  secured.on('error', (error) => onError(error, from));
  // The event by which Node's own server learns of a failed handshake: the connection is still open.
  secured.once('_tlsError', (error: Error) => {
    if (systemErrorCode(error) === 'ERR_SSL_HTTP_REQUEST') socket.write(notTlsAnswer);
  });
  secured.once('secure', () => {
    welcome(socket, secured, acceptor).catch((error: unknown) => {
      acceptor.onUnusable(error);
      socket.destroy();
    });
  });
}

/** Nothing is read before it is known who is there. */
async function welcome(socket: Socket, secured: TLSSocket, acceptor: TlsAcceptor): Promise<void> {
  const { policy, strangers, budget, greet, onConnection } = acceptor;
  const greeting = policy.clientCertificate === 'off' ? 'stranger' : await greet(secured);
  if (secured.destroyed) return;
  if (greeting === 'known') {
    strangers.release(socket);
    budget.refund(placeOf(socket));
    return onConnection(secured);
  }
  budget.charge(placeOf(socket), Math.floor(presentedBytes(secured) / bytesOfHandshake));
  if (policy.clientCertificate !== 'require') {
    strangers.letStay(socket);
    onceProved(secured, () => {
      strangers.release(socket);
      budget.refund(placeOf(socket));
    });
  } else if (greeting === 'stranger') return turnAway(secured);
  onConnection(secured);
}

/** The same answer as any request would get. What comes is not kept, and read so that the answer is not lost by a reset. */
function turnAway(secured: TLSSocket): void {
  secured.resume().end(strangerAnswer);
  setTimeout(() => secured.destroy(), turnAwayMs).unref();
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
