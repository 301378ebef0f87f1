import type { Agent } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Bytes, type Clock, secondMs } from '../base/index.ts';
import type { Fingerprint, Role } from '../pki/index.ts';
import { type ClientPolicy, defaultClientPolicy } from '../policy/index.ts';
import { type TrustBundle, type ValidPath, verifyServer } from '../trust/index.ts';
import { limitHandshakes } from './handshake-budget.ts';
import type { Hot } from './hot.ts';
import { isPublicRoot } from './outside-roots.ts';
import { peerCertificates } from './peer.ts';
import { type Credentials, HotContext } from './secure-context.ts';
import {
  type ConnectionInfo,
  connectionInfo,
  connectVerified,
  type Target,
  VerifyingAgent,
} from './verified-connection.ts';

export interface TlsDialerOptions {
  /** Who may vouch for a server. */
  readonly bundle: Hot<TrustBundle>;
  /** What this node shows of itself; nothing when it is left out. */
  readonly credentials?: Hot<Credentials>;
  readonly clock: Clock;
  readonly policy?: ClientPolicy;
  /** What the other end may be; a server unless said. */
  readonly roles?: readonly Role[];
  /** Roots that speak for every host which nothing is bound to, DER; for servers outside the network alone. */
  readonly outsideRoots?: () => readonly Bytes[];
  /** For name lookup, connection and handshake together; 15 seconds unless said. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15 * secondMs;
/** Enough for parallel uploads; more would only share the same line. */
const maxSockets = 16;

/**
 * Dials the servers of a network. Every connection is judged by the certificates that the server presented (path to a
 * root of the bundle, the name that was called, role and network or a root bound to that very name) before anything is written to it, so that a server
 * which is not the one that was meant gets no byte of a request.
 *
 * Our own certificate, which is public, has been shown by then: TLS sends it within the handshake.
 */
export class TlsDialer implements Disposable {
  readonly #options: TlsDialerOptions;
  readonly #context: HotContext;
  readonly #agent: VerifyingAgent;
  readonly #verified = new WeakMap<
    TLSSocket,
    { readonly bundle: TrustBundle; readonly validUntilMs: number }
  >();
  #last: ConnectionInfo | undefined;
  #lastRoot: Fingerprint | undefined;

  constructor(options: TlsDialerOptions) {
    this.#options = options;
    this.#context = new HotContext(options.policy ?? defaultClientPolicy, options.credentials);
    const connector = {
      connect: (target: Target) => this.#connect(target),
      isStillGood: (socket: TLSSocket) => this.#isStillGood(socket),
    };
    this.#agent = new VerifyingAgent(connector, { maxSockets });
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
   *   server's certificate: `certificate_*`
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
      verify: (socket) => this.#verify(socket, target),
      timeoutMs: this.#options.timeoutMs ?? defaultTimeoutMs,
      signal,
    });
    this.#last = connectionInfo(socket);
    return socket;
  }

  #verify(socket: TLSSocket, target: Target): void {
    const { bundle, clock, roles = ['server'], outsideRoots } = this.#options;
    const chain = peerCertificates(socket) ?? [];
    const at = new Date(clock.now());
    const path = verifyServer({
      ...target,
      chain,
      bundle: bundle.current,
      roles,
      at,
      outsideRoots: outsideRoots?.(),
      isPublicRoot,
    });
    this.#lastRoot = path.at(-1)?.fingerprint;
    this.#verified.set(socket, { bundle: bundle.current, validUntilMs: validUntilMs(path) });
  }

  #isStillGood(socket: TLSSocket): boolean {
    const { bundle, clock } = this.#options;
    const verified = this.#verified.get(socket);
    return verified?.bundle === bundle.current && clock.now() <= verified.validUntilMs;
  }
}

function validUntilMs(path: ValidPath): number {
  return Math.min(...path.map(({ notAfter }) => notAfter.getTime()));
}
