import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authority, Grant } from '../../authority/index.ts';
import { type Clock, HoldfastError, type Log } from '../../base/index.ts';
import type { StorageNamespace } from '../storage-path.ts';

interface GrantGateOptions {
  readonly authority: Pick<Authority, 'grants' | 'follow'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** One request for what is another client's. */
interface GrantedRequest {
  /** The client that sends it. */
  readonly reader: string;
  readonly namespace: StorageNamespace;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The longest that a timer waits. */
const longestMs = 2 ** 31 - 1;

/**
 * Lets clients read what others have granted to them, and nothing but read: each request is held against what is on record, and an answer
 * that is under way when its grant ends is cut off.
 */
export class GrantGate implements AsyncDisposable {
  readonly #options: GrantGateOptions;
  readonly #underWay = new Map<number, Set<ServerResponse>>();
  readonly #follower: AsyncDisposable;

  constructor(options: GrantGateOptions) {
    const { authority, log } = options;
    this.#options = options;
    this.#follower = authority.follow({
      kinds: ['grant revoked'],
      visit: ({ details: { grant } }) => this.#cut(grant),
      log,
    });
  }

  /** @throws HoldfastError as `Grants.reading`, and `namespace_forbidden` for what is to change something */
  async enter({ reader, namespace, request, response }: GrantedRequest): Promise<void> {
    const { client: owner, repository } = namespace;
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new HoldfastError(
        'namespace_forbidden',
        `${reader} may read ${owner} by a grant, and nothing else`,
      );
    const asked = { reader, owner, repository };
    this.#watch(await this.#options.authority.grants.reading(asked), response);
    // One that was revoked in between is not missed.
    await this.#options.authority.grants.reading(asked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower[Symbol.asyncDispose]();
  }

  #watch({ id, expiresAt }: Grant, response: ServerResponse): void {
    const leftMs = expiresAt.getTime() - this.#options.clock.now();
    const timer = setTimeout(() => response.destroy(), Math.min(leftMs, longestMs)).unref();
    const responses = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, responses.add(response));
    response.once('close', () => {
      clearTimeout(timer);
      responses.delete(response);
      if (responses.size === 0 && this.#underWay.get(id) === responses) this.#underWay.delete(id);
    });
  }

  #cut(id: number): void {
    for (const response of this.#underWay.get(id) ?? []) response.destroy();
  }
}
