import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext, TLSSocket } from 'node:tls';
import {
  type Bytes,
  type ErrorCode,
  type ErrorKind,
  errorRow,
  HoldfastError,
  isHoldfastError,
  type Secret,
  secondMs,
} from '../base/index.ts';
import { contextConstructed, readDer, tag } from '../pki/index.ts';
import { type ClientPolicy, defaultClientPolicy } from '../policy/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import { peerCertificates } from './peer.ts';
import { HotContext } from './secure-context.ts';
import { transportError } from './transport-error.ts';

export interface Target {
  /** A DNS name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

interface ConnectOptions {
  readonly context: SecureContext;
  /** Throws when the peer is not who it must be; `staple` is the OCSP answer that came with the handshake. */
  readonly verify: (socket: TLSSocket, staple: Bytes | undefined) => Promise<void>;
  /** Finds out what is behind an error of `verify`, when the connection is over; gives it as it is unless said. */
  readonly explain?: (error: HoldfastError, chain: readonly Bytes[]) => Promise<HoldfastError>;
  /** Whether the server is asked for an OCSP answer about its certificate (RFC 6066 §8). */
  readonly asksForStaple: boolean;
  /** For name lookup, connection and handshake. */
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
  const { context, verify, explain, asksForStaple, timeoutMs, signal } = options;
  const peer = formatTarget(target);
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  const socket = connect({
    ...target,
    secureContext: context,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    requestOCSP: asksForStaple,
    ...(isIP(target.host) === 0 && { servername: target.host }),
  });
  socket.setNoDelay(true);
  const fail = (error: unknown): void => {
    reject(pointingToDoctor(transportError(error, peer), peer));
    socket.destroy();
  };
  const refuse = (error: unknown): void => {
    if (!isHoldfastError(error) || explain === undefined) return fail(error);
    const chain = peerCertificates(socket) ?? [];
    // Whatever happens to the connection from here on is not why it was refused.
    resolve(
      explain(error, chain).then((cause) => {
        throw pointingToDoctor(cause, peer);
      }),
    );
    socket.destroy();
  };
  const onAbort = (): void => fail(signal?.reason);
  const timer = setTimeout(() => fail(tooSlow(socket, peer, timeoutMs)), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => fail(new HoldfastError('connection_closed', `${peer} ended the connection`)));
  // Stays for good: an error while nobody else listens yet must not end the program.
  socket.on('error', fail);
  let staple: Bytes | undefined;
  socket.once('OCSPResponse', (answer: Bytes | null) => {
    staple = answer ?? undefined;
  });
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    verify(socket, staple).then(() => resolve(socket), refuse);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

/**
 * `error` as it is, and with the command that looks more closely, once, where it says what keeps a connection to `host:port` from
 * coming about, or what is wrong with the certificate of either side.
 */
export function pointingToDoctor(error: unknown, peer: string): unknown {
  if (!isHoldfastError(error)) return error;
  const { code, message, hint = errorRow(code).next, names, cause } = error;
  const isOfWay = waysToFail.has(errorRow(code).kind ?? 'failed') || otherCauses.has(code);
  if (!isOfWay || hint.includes('holdfast doctor')) return error;
  return new HoldfastError(code, message, {
    cause,
    ...(names && { names }),
    hint: `${hint}; holdfast doctor https://${peer} says more`,
  });
}

const waysToFail: ReadonlySet<ErrorKind> = new Set(['connection', 'certificate', 'name']);
const otherCauses: ReadonlySet<ErrorCode> = new Set(['refused_by_peer', 'clock_wrong']);

/** By how far it came. */
function tooSlow({ connecting, remoteAddress }: TLSSocket, peer: string, timeoutMs: number): HoldfastError {
  const within = `within ${timeoutMs / secondMs} s`;
  return connecting || remoteAddress === undefined
    ? new HoldfastError('connection_timed_out', `${peer}: no connection, and no answer at all, ${within}`)
    : new HoldfastError(
        'tls_handshake_timed_out',
        `${peer}: it takes connections, but no TLS handshake came to its end ${within}`,
      );
}

/** `host:port`, with brackets around an IPv6 address. */
function formatTarget({ host, port }: Target): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** What an agent asks whoever made it. */
interface Connector {
  connect(target: Target): Promise<TLSSocket>;
  /** Whether a connection that has become idle may carry another request. */
  isStillGood(socket: TLSSocket): boolean;
}

/**
 * An agent for `https.request` whose connections are verified before a request gets one, and kept for the next. The
 * host of the URL is what is dialed and verified; TLS options of the request count for nothing.
 */
export class VerifyingAgent extends Agent {
  /** Headers by which each request tells of this program. */
  readonly tells: Readonly<Record<string, string>>;
  readonly #connector: Connector;
  /** The `Authorization` header of every request: no other connection carries it than those that were verified. */
  readonly authorization: Secret<string> | undefined;

  constructor(
    connector: Connector,
    {
      tells = {},
      authorization,
      ...options
    }: AgentOptions & {
      readonly tells?: VerifyingAgent['tells'] | undefined;
      readonly authorization?: Secret<string> | undefined;
    } = {},
  ) {
    super({ keepAlive: true, ...options });
    this.tells = tells;
    this.#connector = connector;
    this.authorization = authorization;
  }

  override createConnection(
    { host, port }: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = { host: host ?? 'localhost', port: Number(port ?? 443) };
    this.#connector.connect(target).then(
      (socket) => callback?.(null, socket),
      // On failure the callback gets no stream, whatever its type says.
      (error: unknown) => (callback as ((error: unknown) => void) | undefined)?.(error),
    );
  }

  /** Whether to keep it; the types say `void`, Node wants a boolean. */
  override keepSocketAlive(socket: Duplex): boolean {
    const kept: unknown = super.keepSocketAlive(socket);
    return kept !== false && this.#connector.isStillGood(socket as TLSSocket);
  }
}

/** How a connection is protected, in the registry's own names, e.g. TLS 1.3, X25519MLKEM768, TLS_AES_256_GCM_SHA384. */
export interface ConnectionInfo {
  /** `TLS 1.3` or `TLS 1.2`. */
  readonly protocol: string;
  /** The group of the key exchange, as OpenSSL reports it for this very connection. */
  readonly group: string;
  readonly cipher: string;
}

/** What was agreed on; for the side that dialed, since OpenSSL tells the group to that side alone. */
export function connectionInfo(socket: TLSSocket): ConnectionInfo {
  const key = socket.getEphemeralKeyInfo();
  return {
    protocol: (socket.getProtocol() ?? 'unknown').replace('TLSv', 'TLS '),
    group: key !== null && 'name' in key && typeof key.name === 'string' ? groupName(key.name) : 'unknown',
    cipher: socket.getCipher().standardName,
  };
}

/**
 * What was agreed on, for the side that accepted; undefined for a plain connection. OpenSSL tells that side no group by itself,
 * but writes its number into the session (`kex_group`, [19] of its SSL_SESSION): a few microseconds, for each connection once.
 * Of one that has ended nothing can be asked any more: what was not asked before is `unknown`.
 */
export function acceptedConnection(socket: Socket): ConnectionInfo | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = accepted.get(socket);
  if (known !== undefined) return known;
  if (socket.destroyed) return { protocol: 'unknown', group: 'unknown', cipher: 'unknown' };
  const info: ConnectionInfo = {
    protocol: (socket.getProtocol() ?? 'unknown').replace('TLSv', 'TLS '),
    group: acceptedGroup(socket.getSession()),
    cipher: socket.getCipher().standardName,
  };
  accepted.set(socket, info);
  return info;
}

const accepted = new WeakMap<TLSSocket, ConnectionInfo>();

/** By their numbers in the TLS Supported Groups registry, named as {@link connectionInfo} does. */
const supportedGroups: Readonly<Record<number, string>> = {
  0x17: 'P-256',
  0x18: 'P-384',
  0x19: 'P-521',
  0x1d: 'X25519',
  0x1e: 'X448',
  0x11eb: 'SecP256r1MLKEM768',
  0x11ec: 'X25519MLKEM768',
  0x11ed: 'SecP384r1MLKEM1024',
};
const groupTag = contextConstructed(19);

function acceptedGroup(session: Buffer | undefined): string {
  if (session === undefined) return 'unknown';
  const number = readDer(session, (reader) =>
    reader.inside(tag.sequence, () => {
      let found = 0;
      while (!reader.done) {
        if (reader.is(groupTag)) found = reader.inside(groupTag, () => reader.smallInteger());
        else reader.element();
      }
      return found;
    }),
  );
  // It holds the secret of its connection too.
  session.fill(0);
  return supportedGroups[number] ?? 'unknown';
}

/** OpenSSL calls the NIST curves by their names in X9.62. */
function groupName(name: string): string {
  return name === 'prime256v1' ? 'P-256' : name.replace(/^secp(384|521)r1$/, 'P-$1');
}

const timeoutMs = 15 * secondMs;

/**
 * The certificates that a server shows, DER, the leaf first; that it has the leaf's key is proved, and nothing else. Nothing is
 * sent to it, and no certificate of ours is shown.
 *
 * @throws HoldfastError as `TlsDialer.connect`, but for `certificate_*`
 */
export async function presentedChain(
  target: Target,
  {
    signal,
    policy = defaultClientPolicy,
  }: { readonly signal: AbortSignal; readonly policy?: ClientPolicy | undefined },
): Promise<readonly Bytes[]> {
  limitHandshakes();
  const { current: context } = new HotContext(policy, undefined);
  const socket = await connectVerified(target, {
    context,
    verify: async () => {},
    asksForStaple: false,
    timeoutMs,
    signal,
  });
  const chain = peerCertificates(socket);
  socket.destroy();
  if (chain !== undefined) return chain;
  throw new HoldfastError('tls_failed', `${target.host}:${target.port} shows no certificate`);
}
