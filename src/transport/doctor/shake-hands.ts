import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { type Bytes, secondMs } from '../../base/index.ts';
import type { ClientPolicy } from '../../policy/index.ts';
import { limitHandshakes } from '../handshake-budget.ts';
import { type Credentials, createTlsContext } from '../secure-context.ts';
import { transportError } from '../transport-error.ts';
import { Wire } from './wire.ts';

/** A handshake that is tried. */
export interface HandshakeOptions {
  /** An address. */
  readonly address: string;
  readonly port: number;
  /** The host that is named to the server. */
  readonly host: string;
  readonly policy: Pick<ClientPolicy, 'minimumVersion' | 'groups'>;
  readonly credentials?: Credentials | undefined;
  readonly splitMs?: number;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** One that came to its end, as far as this side can tell: nothing of the server is believed yet. */
export interface Shaken {
  readonly kind: 'done';
  readonly socket: TLSSocket;
  readonly wire: Wire;
  /** The secrets of this connection, as `SSLKEYLOGFILE` has them. */
  readonly keys: readonly string[];
  /** As OpenSSL names it, and the suite; of a connection that has ended it says neither. */
  readonly protocol: string | null;
  readonly suite: string;
  /** The OCSP answer that the server stapled to it, in DER. */
  readonly staple: Bytes | undefined;
}

/** One that did not: what came all the same, and why it ended. Without an error nothing came in time. */
export interface Unshaken {
  readonly kind: 'failed';
  readonly received: Bytes;
  readonly error: unknown;
}

const usualMs = 2 * secondMs;

/** Tries a TLS handshake at one address; whoever is there is not judged. */
export async function shakeHands(options: HandshakeOptions): Promise<Shaken | Unshaken> {
  const { address, port, host, policy, credentials, splitMs, timeoutMs = usualMs, signal } = options;
  limitHandshakes();
  const wire = new Wire({ host: address, port, signal, ...(splitMs !== undefined && { splitMs }) });
  const context: SecureContext = createTlsContext(policy, credentials);
  const socket = connect({
    socket: wire,
    secureContext: context,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    requestOCSP: true,
    ...(isIP(host) === 0 && { servername: host }),
  });
  const keys: string[] = [];
  let staple: Bytes | undefined;
  socket.once('OCSPResponse', (answer: Bytes | null) => {
    staple = answer ?? undefined;
  });
  socket.on('keylog', (line: Buffer) => keys.push(line.toString()));
  socket.on('error', () => {});
  try {
    await Promise.race([
      once(socket, 'secureConnect', { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }),
      once(wire, 'close').then(() => {
        throw wire.errored ?? socket.errored ?? ended();
      }),
      once(socket, 'close').then(() => {
        throw socket.errored ?? wire.errored ?? ended();
      }),
    ]);
    const { standardName: suite } = socket.getCipher();
    return { kind: 'done', socket, wire, keys, staple, suite, protocol: socket.getProtocol() };
  } catch (error) {
    signal.throwIfAborted();
    const { received } = wire;
    socket.destroy();
    wire.destroy();
    const isLate = error instanceof Error && error.name === 'AbortError';
    return { kind: 'failed', received, error: isLate ? undefined : transportError(error, `${host}:${port}`) };
  }
}

function ended(): Error {
  return Object.assign(new Error('the connection was ended'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
