import type { IncomingMessage } from 'node:http';
import { secondMs } from '../base/index.ts';

/** Less than any idle limit on the way, ours included. */
const defaultHoldMs = 50 * secondMs;
/** One for the node, and one for the line that it has lost and this server not yet. */
const maxHeldEach = 2;

/** Somebody who waits: `wake` has him look again, and an end has him go with what he has. */
interface Waiter {
  readonly wake: () => void;
  readonly end: () => void;
}

/** Who waits, and until when at the latest. */
interface Waiting {
  /** `client/laptop` */
  readonly who: string;
  /** Aborted when he waits no more. */
  readonly gone: AbortSignal;
}

/**
 * Requests whose answers are held back until there is something else to say. Who waits costs a timer, and nothing is looked up
 * for him meanwhile.
 */
export class HeldRequests {
  readonly #holdMs: number;
  readonly #waiting = new Map<string, Set<Waiter>>();
  #isClosed = false;

  constructor(holdMs: number = defaultHoldMs) {
    this.#holdMs = holdMs;
  }

  /** Gives what `look` finds as soon as it is `other`; undefined when it is not until the time is over. */
  async untilOther<Told>(
    { who, gone }: Waiting,
    look: () => Promise<Told>,
    other: (told: Told) => boolean,
  ): Promise<Told | undefined> {
    const endsAt = performance.now() + this.#holdMs;
    for (;;) {
      // Before it is looked, so that what is decided meanwhile is not missed.
      const waiting = this.#wait(who, endsAt, gone);
      try {
        const told = await look();
        if (other(told)) return told;
        if (this.#isClosed || (await waiting.next) === 'end') return undefined;
      } finally {
        waiting.leave();
      }
    }
  }

  wake(who: string): void {
    for (const waiter of this.#waiting.get(who) ?? []) waiter.wake();
  }

  wakeAll(): void {
    for (const who of this.#waiting.keys()) this.wake(who);
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isClosed = true;
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.end();
  }

  #wait(who: string, endsAt: number, gone: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<'look' | 'end'>();
    const waiter: Waiter = { wake: () => resolve('look'), end: () => resolve('end') };
    const waiters = this.#waiting.get(who) ?? new Set();
    this.#waiting.set(who, waiters.add(waiter));
    const [oldest] = waiters;
    if (waiters.size > maxHeldEach) oldest?.end();
    const timer = setTimeout(waiter.end, Math.max(0, endsAt - performance.now())).unref();
    gone.addEventListener('abort', waiter.end, { once: true });
    if (gone.aborted) waiter.end();
    const leave = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', waiter.end);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiting.get(who) === waiters) this.#waiting.delete(who);
    };
    return { next: promise, leave };
  }
}

/** A signal that is aborted when a connection ends, which nothing listens to any more once it is disposed of. */
export function goneWith(socket: IncomingMessage['socket']): Disposable & { readonly signal: AbortSignal } {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  socket.once('close', end);
  if (socket.destroyed) end();
  return {
    signal: ending.signal,
    [Symbol.dispose]: () => void socket.removeListener('close', end),
  };
}
