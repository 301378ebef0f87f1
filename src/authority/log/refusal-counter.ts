import { type Clock, type ErrorCode, hourMs } from '../../base/index.ts';
import type { AuditLog } from './audit-log.ts';
import { kinds } from './kinds/index.ts';

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
