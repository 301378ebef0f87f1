import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { isHoldfastError, secondMs } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import type { Listener } from '../transport/index.ts';

/** Opens what a policy says. Errors: those of `listen` */
type OpenListener = (policy: ListenerPolicy) => Promise<Listener>;

/** The listeners of a server, brought to what policies say while it runs. */
export class OpenListeners implements AsyncDisposable {
  readonly #openOne: OpenListener;
  #open: readonly Listener[] = [];
  readonly #retiring = new Set<Listener>();

  constructor(openOne: OpenListener) {
    this.#openOne = openOne;
  }

  /**
   * Opens, closes and swaps listeners until they are what `policies` say. One whose policy is the same goes on as it is; one
   * that is gone or another takes no connection any more, and what is under way on those it has goes on to its end. When one
   * cannot be opened, those of before are there again.
   *
   * @throws HoldfastError `port_in_use`, `settings_invalid`
   */
  async use(policies: readonly ListenerPolicy[]): Promise<void> {
    const kept = this.#open.filter(({ policy }) => policies.some((next) => isDeepStrictEqual(next, policy)));
    const gone = this.#open.filter((listener) => !kept.includes(listener));
    const wanted = policies.filter((next) => !kept.some(({ policy }) => isDeepStrictEqual(next, policy)));
    for (const listener of gone) this.#retire(listener);
    this.#open = kept;
    try {
      this.#open = [...kept, ...(await this.#openAll(wanted))];
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#open = [...kept, ...(await this.#openAll(gone.map(({ policy }) => policy)))];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open, ...this.#retiring].map((listener) => listener.close()));
  }

  /** All of them or none. */
  async #openAll(policies: readonly ListenerPolicy[]): Promise<Listener[]> {
    await using opened = new AsyncDisposableStack();
    const listeners: Listener[] = [];
    for (const policy of policies) listeners.push(opened.use(await this.#openOne(policy)));
    opened.move();
    return listeners;
  }

  #retire(listener: Listener): void {
    this.#retiring.add(listener);
    void listener.retire().then(() => this.#retiring.delete(listener));
  }
}

/** How long those who prove nothing may say nothing between two requests, and how many requests a connection has. */
const strangersKeepAliveMs = 15 * secondMs;
const strangersMaxRequests = 1000;

/** The HTTP server behind a listener: one for those who have proved an identity, or a shorter one for everybody. */
export function listenerHttp({ clientCertificate }: ListenerPolicy, onRequest: RequestListener): Server {
  if (clientCertificate === 'require') return createServer(storageHttpOptions, onRequest);
  const server = createServer({ ...storageHttpOptions, keepAliveTimeout: strangersKeepAliveMs }, onRequest);
  server.maxRequestsPerSocket = strangersMaxRequests;
  return server;
}

/**
 * What an HTTP server needs so that uploads may take as long as they take; the idle limit is the storage handler's. Whoever
 * sends no request, or the head of one byte by byte, is looked for every second.
 */
export const storageHttpOptions: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 10 * secondMs,
  connectionsCheckingInterval: secondMs,
  keepAliveTimeout: 75 * secondMs,
  noDelay: true,
};
