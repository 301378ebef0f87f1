import { hash } from 'node:crypto';
import type { Authority } from '../../authority/index.ts';
import { type Log, secondMs } from '../../base/index.ts';
import type { Orders } from '../../enrol/index.ts';

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

/** Less than any idle limit on the way, ours included. */
const defaultHoldMs = 50 * secondMs;
/** One for the agent, and one for the line that it has lost and this server not yet. */
const maxHeldEach = 2;

/** Somebody who waits: `wake` has him look again, and an end has him go with what he has. */
interface Waiter {
  readonly wake: () => void;
  readonly end: () => void;
}

/**
 * Holds back the answer to each client until there is something else for it to do: the log says when, whichever server wrote it. Who
 * waits costs a timer, and nothing is asked of the database meanwhile.
 */
export class OrderDesk implements AsyncDisposable {
  readonly #authority: OrderDeskOptions['authority'];
  readonly #holdMs: number;
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #follower: AsyncDisposable;
  #isClosed = false;

  constructor({ authority, log, holdMs = defaultHoldMs }: OrderDeskOptions) {
    this.#authority = authority;
    this.#holdMs = holdMs;
    this.#follower = authority.follow({
      kinds: ['job started', 'job stopped', 'job ended', 'set sent', 'set withdrawn'],
      visit: ({ details }) => ('identity' in details ? this.#wake(details.identity) : this.#wakeAll()),
      log,
    });
  }

  /** What a client is to do, as soon as that is not what it knows; undefined where it still is. */
  async ordersOf({ node, known, gone }: OrderWish): Promise<OrderText | undefined> {
    const endsAt = performance.now() + this.#holdMs;
    for (;;) {
      // Before it is looked, so that what is decided meanwhile is not missed.
      const waiting = this.#wait(`client/${node}`, endsAt, gone);
      try {
        const told = await this.#textOf(node);
        if (told.tag !== known) return told;
        if (this.#isClosed || (await waiting.next) === 'end') return undefined;
      } finally {
        waiting.leave();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.end();
    await this.#follower[Symbol.asyncDispose]();
  }

  #wake(identity: string): void {
    for (const waiter of this.#waiting.get(identity) ?? []) waiter.wake();
  }

  /** Whom a set was sent to before it was sent anew, stands in no record: each looks for himself. */
  #wakeAll(): void {
    for (const identity of this.#waiting.keys()) this.#wake(identity);
  }

  #wait(identity: string, endsAt: number, gone: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<'look' | 'end'>();
    const waiter: Waiter = { wake: () => resolve('look'), end: () => resolve('end') };
    const waiters = this.#waiting.get(identity) ?? new Set();
    this.#waiting.set(identity, waiters.add(waiter));
    const [oldest] = waiters;
    if (waiters.size > maxHeldEach) oldest?.end();
    const timer = setTimeout(waiter.end, Math.max(0, endsAt - performance.now())).unref();
    gone.addEventListener('abort', waiter.end, { once: true });
    if (gone.aborted) waiter.end();
    const leave = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', waiter.end);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiting.get(identity) === waiters) this.#waiting.delete(identity);
    };
    return { next: promise, leave };
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
