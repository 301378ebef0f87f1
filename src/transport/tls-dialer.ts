import type { Agent } from 'node:https';
import type { TLSSocket } from 'node:tls';
import {
  type Bytes,
  type Clock,
  HoldfastError,
  isHoldfastError,
  type Secret,
  secondMs,
} from '../base/index.ts';
import { type Certificate, type Fingerprint, parseCertificate, type Role } from '../pki/index.ts';
import { type ClientPolicy, defaultClientPolicy } from '../policy/index.ts';
import { type TrustBundle, type ValidPath, verifyServer } from '../trust/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import { peerCertificates } from './peer.ts';
import { type Credentials, type Hot, HotContext, isPublicRoot } from './secure-context.ts';
import type { ServerRevocation } from './server-revocation.ts';
import {
  type ConnectionInfo,
  connectionInfo,
  connectVerified,
  type Target,
  VerifyingAgent,
} from './verified-connection.ts';
import { whyRefused } from './why-refused.ts';

export interface TlsDialerOptions {
  /** Who may vouch for a server. */
  readonly bundle: Hot<TrustBundle>;
  /** What this node shows of itself; nothing when it is left out. */
  readonly credentials?: Hot<Credentials>;
  /** The `Authorization` header that is shown where no certificate is, to servers that have to prove who they are and to no others. */
  readonly authorization?: Secret<string> | undefined;
  readonly clock: Clock;
  /** What is not said is as the default has it. */
  readonly policy?: Partial<ClientPolicy>;
  /** By what a server's certificate is found revoked; not looked at when it is left out. */
  readonly revocation?: ServerRevocation;
  /** What the other end may be; a server unless said. */
  readonly roles?: readonly Role[];
  /** The name of the one node that it may be; any of these roles unless said. */
  readonly name?: string;
  /** Roots that speak for every host which nothing is bound to, DER; for servers outside the network alone. */
  readonly outsideRoots?: () => readonly Bytes[];
  /** Headers of every request, by which servers are told of this program; none unless said. */
  readonly tells?: Readonly<Record<string, string>>;
  /** For name lookup, connection and handshake together; 15 seconds unless said. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15 * secondMs;

/** A server whose certificates were refused. */
interface Refused {
  readonly chain: readonly Bytes[];
  readonly target: Target;
  readonly signal: AbortSignal | undefined;
}

/** Enough for parallel uploads; more would only share the same line. */
const maxSockets = 16;

/**
 * Dials the servers of a network. Every connection is judged by the certificates that the server presented (path to a
 * root of the bundle, the name that was called, role and network or a root bound to that very name) before anything is written to it, so that a server
 * which is not the one that was meant gets no byte of a request. One that only its time speaks against is asked for the time that it has, and nothing else.
 *
 * Our own certificate, which is public, has been shown by then: TLS sends it within the handshake.
 */
export class TlsDialer implements Disposable {
  readonly #options: TlsDialerOptions;
  readonly #policy: ClientPolicy;
  readonly #context: HotContext;
  readonly #agent: VerifyingAgent;
  readonly #verified = new WeakMap<
    TLSSocket,
    { readonly bundle: TrustBundle; readonly validUntilMs: number }
  >();
  #last: ConnectionInfo | undefined;
  #lastRoot: Fingerprint | undefined;
  #lastServer: Certificate | undefined;
  #doubt: HoldfastError | undefined;

  constructor(options: TlsDialerOptions) {
    this.#options = options;
    this.#policy = { ...defaultClientPolicy, ...options.policy };
    const shown = this.#policy.presentCertificate ? options.credentials : undefined;
    this.#context = new HotContext(this.#policy, shown);
    const connector = {
      connect: (target: Target) => this.#connect(target),
      isStillGood: (socket: TLSSocket) => this.#isStillGood(socket),
    };
    const speaks = shown === undefined && this.#policy.verifyServer;
    const authorization = speaks ? options.authorization : undefined;
    this.#agent = new VerifyingAgent(connector, { maxSockets, authorization, tells: options.tells });
  }

  /**
   * For `https.request`: verified connections, kept for the next request. A request fails with a HoldfastError as
   * {@link connect} when no connection comes about; map what happens later with `transportError`.
   */
  agent(): Agent {
    return this.#agent;
  }

  /**
   * A verified connection of its own; the caller ends it.
   *
   * @throws HoldfastError why there is no connection: `host_*`, `connection_*`, `tls_*`; or what is wrong with the
   *   server's certificate: `certificate_*`, `revocation_unknown`
   */
  async connect(url: URL | string, options: { signal?: AbortSignal } = {}): Promise<TLSSocket> {
    const { hostname, port } = new URL(url);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return await this.#connect({ host, port: port === '' ? 443 : Number(port) }, options.signal);
  }

  /** How the latest connection is protected; undefined before the first. */
  lastConnection(): ConnectionInfo | undefined {
    return this.#last;
  }

  /** What vouched for the latest server: a root, or its certificate itself; undefined before the first. */
  lastRoot(): Fingerprint | undefined {
    return this.#lastRoot;
  }

  /** The certificate of the latest server; undefined before the first, and for one that showed none that can be read. */
  lastServer(): Certificate | undefined {
    return this.#lastServer;
  }

  /**
   * Why some server that was dialed is not the one that was meant, where the policy lets that pass; undefined while every one
   * has proved it. Nothing that a connection brings is believed from then on, but for what proves itself.
   */
  doubt(): HoldfastError | undefined {
    return this.#doubt;
  }

  /** Ends the connections of the agent. */
  close(): void {
    this.#agent.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #connect(target: Target, signal?: AbortSignal): Promise<TLSSocket> {
    limitHandshakes();
    const socket = await connectVerified(target, {
      context: this.#context.current,
      verify: (socket, staple) => this.#verify(socket, target, staple),
      explain: (error, chain) => this.#explain(error, { chain, target, signal }),
      asksForStaple: this.#options.revocation !== undefined,
      timeoutMs: this.#options.timeoutMs ?? defaultTimeoutMs,
      signal,
    });
    this.#last = connectionInfo(socket);
    return socket;
  }

  async #verify(socket: TLSSocket, target: Target, staple: Bytes | undefined): Promise<void> {
    const { current } = this.#options.bundle;
    try {
      const now = new Date(this.#options.clock.now());
      const path = this.#judge(peerCertificates(socket) ?? [], target, now);
      const { rootLists = [] } = current;
      const isOwn = endsInNetwork(path, current);
      await this.#options.revocation?.check({ path, staple, rootLists, isOwn });
      this.#lastRoot = path.at(-1)?.fingerprint;
      this.#lastServer = path[0];
      this.#verified.set(socket, { bundle: current, validUntilMs: validUntilMs(path) });
    } catch (error) {
      if (this.#policy.verifyServer || !isHoldfastError(error)) throw error;
      this.#doubt = error;
      this.#lastServer = shownLeaf(socket);
      this.#verified.set(socket, { bundle: current, validUntilMs: Number.POSITIVE_INFINITY });
    }
  }

  #judge(chain: readonly Bytes[], target: Target, at: Date): ValidPath {
    const { bundle, roles = ['server'], name, outsideRoots } = this.#options;
    const path = verifyServer({
      ...target,
      chain,
      bundle: bundle.current,
      roles,
      at,
      outsideRoots: outsideRoots?.(),
      isPublicRoot,
    });
    if (name === undefined) return path;
    const { identity } = path[0];
    if (identity?.network === bundle.current.network && identity.name === name) return path;
    const found = identity === undefined ? 'no node' : `${identity.role} ${identity.name}`;
    throw new HoldfastError(
      'certificate_wrong_name',
      `the certificate is of ${found}, expected ${roles.join(' or ')} ${name}`,
    );
  }

  async #explain(error: HoldfastError, { chain, target, signal }: Refused): Promise<HoldfastError> {
    const { clock, credentials } = this.#options;
    const shown = this.#policy.presentCertificate ? credentials?.current : undefined;
    const handshake = {
      ...target,
      address: target.host,
      policy: this.#policy,
      credentials: shown,
      signal: signal ?? new AbortController().signal,
    };
    const judge = (others: readonly Bytes[], at: Date): ValidPath => this.#judge(others, target, at);
    const seen = { chain, judge, handshake, clock };
    return await whyRefused(seen, error, credentials?.current.chain.slice(1) ?? []);
  }

  #isStillGood(socket: TLSSocket): boolean {
    const { bundle, clock } = this.#options;
    const verified = this.#verified.get(socket);
    return verified?.bundle === bundle.current && clock.now() <= verified.validUntilMs;
  }
}

function shownLeaf(socket: TLSSocket): Certificate | undefined {
  const [leaf] = peerCertificates(socket) ?? [];
  try {
    return leaf && parseCertificate(leaf);
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}

function endsInNetwork(path: ValidPath, { anchors }: TrustBundle): boolean {
  const root = path.at(-1)?.fingerprint;
  return anchors.some(({ fingerprint, speaksFor }) => fingerprint === root && speaksFor.kind === 'network');
}

function validUntilMs(path: ValidPath): number {
  return Math.min(...path.map(({ notAfter }) => notAfter.getTime()));
}
