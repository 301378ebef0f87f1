import { type Clock, type ErrorCode, type HoldfastError, hourMs } from '../../base/index.ts';
import type { AuditLog } from './audit-log.ts';
import { kinds } from './kinds/index.ts';

/** So many are told apart; whoever comes beyond is as good as a stranger. */
const maxTold = 10_000;
/** So many that say different things are recorded of one party for one reason in an hour. */
const maxMessages = 10;

/** Refusals of one party for one reason. */
interface Repeats {
  readonly by: string;
  readonly code: string;
  /** What was recorded in this hour, which began then. */
  readonly messages: Set<string>;
  sinceMs: number;
  /** Those that were not recorded. */
  count: number;
}

/**
 * Records refusals of those who are known by name: the first at once, and what says the same an hour later as a number. A machine
 * that asks again and again for what it does not get must not be able to fill the disk.
 */
export class RepeatedRefusals {
  readonly #log: AuditLog;
  readonly #clock: Clock;
  readonly #told = new Map<string, Repeats>();

  constructor(log: AuditLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Records one, or counts it; false when too many are told apart already. */
  async record(by: string, { code, message }: Pick<HoldfastError, 'code' | 'message'>): Promise<boolean> {
    const key = `${code} ${by}`;
    const repeats = this.#told.get(key) ?? this.#begin(key, { by, code });
    if (repeats === undefined) return false;
    if (!repeats.messages.has(message) && repeats.messages.size < maxMessages) {
      repeats.messages.add(message);
      await this.#log.record(kinds.refused, { by, details: { code, message } });
      return true;
    }
    repeats.count += 1;
    if (this.#isDue(repeats)) await this.#settle(key, repeats);
    return true;
  }

  /** How many there were that are not on record yet, by party and reason. */
  get waiting(): readonly Pick<Repeats, 'by' | 'code' | 'count'>[] {
    return [...this.#told.values()].filter(({ count }) => count > 0);
  }

  /** Records what has come together since an hour ago or longer, or all of it, and forgets who came no more. */
  async flush(which: 'due' | 'all'): Promise<void> {
    for (const [key, repeats] of this.#told)
      if (which === 'all' || this.#isDue(repeats)) await this.#settle(key, repeats);
  }

  #begin(key: string, who: Pick<Repeats, 'by' | 'code'>): Repeats | undefined {
    if (this.#told.size >= maxTold) return undefined;
    const repeats = { ...who, messages: new Set<string>(), sinceMs: this.#clock.now(), count: 0 };
    this.#told.set(key, repeats);
    return repeats;
  }

  #isDue({ sinceMs }: Repeats): boolean {
    return Math.abs(this.#clock.now() - sinceMs) >= hourMs;
  }

  async #settle(key: string, repeats: Repeats): Promise<void> {
    const { by, code, sinceMs, count } = repeats;
    if (count === 0) return void this.#told.delete(key);
    const details = { code, repeated: count, since: new Date(sinceMs).toISOString() };
    repeats.count = 0;
    repeats.sinceMs = this.#clock.now();
    await this.#log.record(kinds.refused, { by, details });
  }
}

const flushEveryMs = hourMs;

/**
 * Counts refusals of those who could not say who they are. One record an hour tells how many there were: a stranger
 * must not be able to make the log grow.
 */
export class RefusalCounter {
  readonly #log: AuditLog;
  readonly #clock: Clock;
  #counts = new Map<ErrorCode, number>();
  #sinceMs: number;

  constructor(log: AuditLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** How many there were of each code that are not on record yet. */
  get waiting(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts one, and records what has come together when the hour is over. */
  async count(code: ErrorCode): Promise<void> {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    await this.flush('due');
  }

  /** Records what has come together, if anything has: in an hour or longer, or all of it. */
  async flush(which: 'due' | 'all'): Promise<void> {
    if (this.#counts.size === 0) return;
    if (which === 'due' && this.#clock.now() - this.#sinceMs < flushEveryMs) return;
    const details = {
      counts: Object.fromEntries(this.#counts),
      since: new Date(this.#sinceMs).toISOString(),
    };
    this.#counts = new Map();
    this.#sinceMs = this.#clock.now();
    await this.#log.record(kinds.refused, { by: 'unknown', details });
  }
}
