import type { RequestListener, Server, ServerOptions } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { isHoldfastError, secondMs } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import { type Listener, type ListenerWork, plainHttp } from '../transport/index.ts';

/** Opens what a policy says, and makes the connections of a listener work by one. Errors: those of `listen` */
export interface ListenerOpener {
  readonly open: (policy: ListenerPolicy) => Promise<Listener>;
  readonly workOf: (policy: ListenerPolicy) => ListenerWork;
}

/** The listeners of a server, brought to what policies say while it runs. */
export class OpenListeners implements AsyncDisposable {
  readonly #opener: ListenerOpener;
  #open: readonly Listener[] = [];
  readonly #retiring = new Set<Listener>();

  constructor(opener: ListenerOpener) {
    this.#opener = opener;
  }

  /**
   * Opens, closes and changes listeners until they are what `policies` say. One whose policy is the same goes on as it is; one
   * at the same address takes new connections by its new policy without ever being closed; one that is gone takes none any
   * more. What is under way goes on to its end. When one cannot be opened, those of before are there again.
   *
   * @throws HoldfastError `port_in_use`, `settings_invalid`
   */
  async use(policies: readonly ListenerPolicy[]): Promise<void> {
    const at = (next: ListenerPolicy): Listener | undefined =>
      this.#open.find(({ policy: { address, name } }) => isSamePlace({ address, name }, next));
    const kept = policies.flatMap((next) => at(next) ?? []);
    const gone = this.#open.filter((listener) => !kept.includes(listener));
    const changes = policies.flatMap((next) => {
      const listener = at(next);
      const isChanged = listener !== undefined && !isDeepStrictEqual(listener.policy, next);
      return isChanged ? [listener.prepare(this.#opener.workOf(next))] : [];
    });
    for (const listener of gone) this.#retire(listener);
    this.#open = kept;
    try {
      this.#open = [...kept, ...(await this.#openAll(policies.filter((next) => at(next) === undefined)))];
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#open = [...kept, ...(await this.#openAll(gone.map(({ policy }) => policy)))];
      throw error;
    }
    for (const change of changes) change();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open, ...this.#retiring].map((listener) => listener.close()));
  }

  /** All of them or none. */
  async #openAll(policies: readonly ListenerPolicy[]): Promise<Listener[]> {
    await using opened = new AsyncDisposableStack();
    const listeners: Listener[] = [];
    for (const policy of policies) listeners.push(opened.use(await this.#opener.open(policy)));
    opened.move();
    return listeners;
  }

  #retire(listener: Listener): void {
    this.#retiring.add(listener);
    void listener.retire().then(() => this.#retiring.delete(listener));
  }
}

/** Whether two listeners are at one place; where any free port will do, by their names. */
function isSamePlace(
  one: Pick<ListenerPolicy, 'address' | 'name'>,
  other: Pick<ListenerPolicy, 'address' | 'name'>,
): boolean {
  return isDeepStrictEqual(one.address, other.address) && (one.address.port !== 0 || one.name === other.name);
}

/** How long those who prove nothing may say nothing between two requests, and how many requests a connection has. */
const strangersKeepAliveMs = 15 * secondMs;
const strangersMaxRequests = 1000;

/** The HTTP server behind a listener: one for those who have proved an identity, or a shorter one for everybody. */
export function listenerHttp({ clientCertificate }: ListenerPolicy, onRequest: RequestListener): Server {
  const { createServer } = plainHttp();
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
