import { hash } from 'node:crypto';
import type { Authority } from '../../authority/index.ts';
import type { Log } from '../../base/index.ts';
import type { Orders } from '../../enrol/index.ts';
import { HeldRequests } from '../held-requests.ts';

/** What a client is told: the text, and the tag that says which it is. */
export interface OrderText {
  readonly text: string;
  /** With its quotes. */
  readonly tag: string;
}

/** Who asks, what it knows, and until when. */
interface OrderWish {
  /** Of the client. */
  readonly node: string;
  /** The tag of what it was told last. */
  readonly known: string | undefined;
  /** Aborted when it waits no more. */
  readonly gone: AbortSignal;
}

interface OrderDeskOptions {
  readonly authority: Pick<Authority, 'jobs' | 'sentSets' | 'follow'>;
  readonly log: Log;
  /** How long an answer is held back. */
  readonly holdMs?: number;
}

/**
 * Holds back the answer to each client until there is something else for it to do: the log says when, whichever server wrote it. Who
 * waits costs a timer, and nothing is asked of the database meanwhile.
 */
export class OrderDesk implements AsyncDisposable {
  readonly #authority: OrderDeskOptions['authority'];
  readonly #held: HeldRequests;
  readonly #follower: AsyncDisposable;

  constructor({ authority, log, holdMs }: OrderDeskOptions) {
    this.#authority = authority;
    this.#held = new HeldRequests(holdMs);
    this.#follower = authority.follow({
      kinds: ['job started', 'job stopped', 'job ended', 'set sent', 'set withdrawn'],
      // Whom a set was sent to before it was sent anew, stands in no record: each looks for himself.
      visit: ({ details }) =>
        'identity' in details ? this.#held.wake(details.identity) : this.#held.wakeAll(),
      log,
    });
  }

  /** What a client is to do, as soon as that is not what it knows; undefined where it still is. */
  async ordersOf({ node, known, gone }: OrderWish): Promise<OrderText | undefined> {
    return await this.#held.untilOther(
      { who: `client/${node}`, gone },
      () => this.#textOf(node),
      (told) => told.tag !== known,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held.close();
    await this.#follower[Symbol.asyncDispose]();
  }

  async #textOf(node: string): Promise<OrderText> {
    const jobs = await this.#authority.jobs.openOf(node);
    const sets = await this.#authority.sentSets.ofNode(node);
    const orders: Orders = {
      version: 1,
      jobs: jobs.map(({ id, createdAt, by, order, begunAt, stoppedAt }) => ({
        id,
        created: createdAt.toISOString(),
        by,
        order,
        begun: begunAt !== undefined,
        stop: stoppedAt !== undefined,
      })),
      ...(sets.length > 0 && { sets }),
    };
    const text = JSON.stringify(orders);
    return { text, tag: `"${hash('sha256', text, 'base64url')}"` };
  }
}
