import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { connect, type TLSSocket } from 'node:tls';
import { HoldfastError } from '../base/index.ts';
import { transportError } from './transport-error.ts';

export interface Target {
  /** A DNS name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectOptions {
  readonly context: SecureContext;
  /** Throws when the peer is not who it must be. */
  readonly verify: (socket: TLSSocket) => void;
  /** For all of it: name lookup, connection, handshake. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a TLS connection and gives it away only after `verify` has passed: nothing of ours is sent before. OpenSSL's
 * own verdict is not used (`rejectUnauthorized` is off), since `verify` judges the certificates by stricter rules.
 *
 * @throws HoldfastError what `verify` throws, or as {@link transportError}
 */
export function connectVerified(target: Target, options: ConnectOptions): Promise<TLSSocket> {
  const { context, verify, timeoutMs, signal } = options;
  const peer = formatTarget(target);
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  const socket = connect({
    ...target,
    secureContext: context,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(target.host) === 0 && { servername: target.host }),
  });
  socket.setNoDelay(true);
  const fail = (error: unknown): void => {
    reject(transportError(error, peer));
    socket.destroy();
  };
  const onAbort = (): void => fail(signal?.reason);
  const timer = setTimeout(() => {
    fail(new HoldfastError('connection_failed', `${peer}: no connection within ${timeoutMs / 1000} s`));
  }, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => fail(new HoldfastError('connection_lost', `${peer} ended the connection`)));
  // Stays for good: an error while nobody else listens yet must not end the program.
  socket.on('error', fail);
  socket.once('secureConnect', () => {
    try {
      verify(socket);
      resolve(socket);
    } catch (error) {
      fail(error);
    }
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

/** `host:port`, with brackets around an IPv6 address. */
function formatTarget({ host, port }: Target): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
