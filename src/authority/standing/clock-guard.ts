import {
  type Clock,
  dayMs,
  HoldfastError,
  hourMs,
  isHoldfastError,
  minuteMs,
  type SinceBoot,
} from '../../base/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import type { AuthorityRecords, Records, StateRow } from '../records/index.ts';
import type { Present } from './standing.ts';

/** What a wrong clock says, and what it was expected to say; milliseconds since 1970. */
export interface ClockProblem {
  readonly kind: 'behind' | 'ahead';
  readonly nowMs: number;
  /** The time of the last record, or the one that it has to be by the time that has passed since it was last seen right. */
  readonly expectedMs: number;
}

/** A moment at which the clock was right, by the clock and by the time since the machine was started. */
type Moment = Pick<StateRow, 'clock_boot' | 'clock_uptime' | 'clock_wall'>;

const maxBehindMs = 5 * minuteMs;
const maxJumpMs = dayMs;
/** How far ahead of the last record is nothing unusual for a machine that was off. */
const maxOffMs = 365 * dayMs;
const trustForMs = 1000;
const keepEveryMs = hourMs;

/**
 * Sees whether the clock of this machine can be right: it is not behind what the log has recorded, and has not gone
 * further than time has. A moment at which it was right is kept in the database, by the clock and by the time since boot,
 * which setting the clock does not change; after another boot nothing but the log is left to compare with.
 */
export class ClockGuard {
  readonly #clock: Clock;
  readonly #present: Present;
  /** When the clock was last found right: by itself and by this process's own count. */
  #right: { readonly wallMs: number; readonly countMs: number } | undefined;

  constructor(clock: Clock, present: Present) {
    this.#clock = clock;
    this.#present = present;
  }

  /**
   * Refuses while the clock is wrong. Cheap enough for every certificate: a clock that was right within the last second
   * and has gone on as this process counts is not looked at again.
   *
   * @throws HoldfastError `clock_wrong`, with both times
   */
  check(): void {
    const nowMs = this.#clock.now();
    if (this.#hasGoneOn(nowMs)) return;
    const problem = this.problem();
    if (problem !== undefined) throw clockWrong(problem);
    this.#right = { wallMs: nowMs, countMs: performance.now() };
  }

  /** What is wrong with the clock, or undefined. */
  problem(): ClockProblem | undefined {
    const nowMs = this.#clock.now();
    const moment = this.#present.state;
    const latestMs = Math.max(this.#present.head.atMs, moment.clock_wall ?? 0);
    if (nowMs < latestMs - maxBehindMs) return { kind: 'behind', nowMs, expectedMs: latestMs };
    if (this.#clock.sinceBoot === undefined) return undefined;
    const passed = passedSince(moment, this.#clock.sinceBoot());
    const expectedMs = passed === undefined ? latestMs : (moment.clock_wall ?? 0) + passed;
    const isAhead = nowMs - expectedMs > (passed === undefined ? maxOffMs : maxJumpMs);
    return isAhead ? { kind: 'ahead', nowMs, expectedMs } : undefined;
  }

  /** Whether it is time to keep this moment: the one that is kept is old, or of another boot. */
  isKeepingDue(): boolean {
    const since = this.#clock.sinceBoot?.();
    if (since === undefined) return false;
    const passed = passedSince(this.#present.state, since);
    return passed === undefined || passed >= keepEveryMs;
  }

  /** Keeps this moment as one at which the clock is right. */
  async keep(tx: Records): Promise<void> {
    const since = this.#clock.sinceBoot?.();
    this.#right = undefined;
    await tx.state.keepClock({
      clock_boot: since?.boot ?? null,
      clock_uptime: since?.uptimeMs ?? null,
      clock_wall: this.#clock.now(),
    });
  }

  #hasGoneOn(nowMs: number): boolean {
    if (this.#right === undefined) return false;
    const counted = performance.now() - this.#right.countMs;
    return counted < trustForMs && Math.abs(nowMs - this.#right.wallMs - counted) < trustForMs;
  }
}

/** What has passed since a moment of the same boot; undefined for one of another, of which nothing can be told. */
function passedSince(
  { clock_boot, clock_uptime, clock_wall }: Moment,
  since: SinceBoot | undefined,
): number | undefined {
  if (since === undefined || clock_uptime === null || clock_wall === null) return undefined;
  // A container counts from its own start, and keeps the machine's boot.
  if (clock_boot !== since.boot || since.uptimeMs < clock_uptime) return undefined;
  return since.uptimeMs - clock_uptime;
}

function clockWrong({ kind, nowMs, expectedMs }: ClockProblem): HoldfastError {
  return new HoldfastError('clock_wrong', describeClock({ kind, nowMs, expectedMs }), {
    hint: 'set the clock; if it is right as it is: holdfast ca clock accept --reason TEXT',
  });
}

/** What is wrong with a clock, in a sentence with both times. */
export function describeClock({ kind, nowMs, expectedMs }: ClockProblem): string {
  const [now, expected] = [new Date(nowMs).toISOString(), new Date(expectedMs).toISOString()];
  return kind === 'behind'
    ? `the clock of this machine says ${now}, behind the last record of the log, ${expected}`
    : `the clock of this machine says ${now}, too far ahead of ${expected}, which was expected`;
}

/**
 * Refuses while the clock of this machine is wrong: for whatever writes a date that others believe. Certificates get
 * lifetimes by it, and a revocation list or an OCSP answer dated ahead would not be believed until its day comes, while
 * the one that stands goes on. What revokes does not ask: it has to work at any hour.
 *
 * @throws HoldfastError `clock_wrong`, with both times
 */
export function checkClock({ clockGuard }: { readonly clockGuard: ClockGuard }): void {
  clockGuard.check();
}

/** Records, and the clock that dates them. */
interface GuardedRecords {
  readonly clockGuard: ClockGuard;
  readonly records: AuthorityRecords;
}

/** Keeps the time now and then, while the clock is right, to see by it later when the clock was moved. */
export async function keepTime({ clockGuard, records }: GuardedRecords): Promise<void> {
  if (!clockGuard.isKeepingDue() || clockGuard.problem() !== undefined) return;
  await records
    .transaction((tx) => clockGuard.keep(tx))
    .catch((error: unknown) => {
      // The next time will do, and a full disk must not keep anybody from looking at the authority.
      if (!isHoldfastError(error, 'storage_full')) throw error;
    });
}

/**
 * Goes on with the clock as it is, because somebody has looked and says why. Recorded with both times. The problem that
 * was there; undefined when there was none, and then nothing is recorded.
 */
export async function acceptClock(
  { clockGuard, records, log }: Recording & GuardedRecords,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<ClockProblem | undefined> {
  const problem = clockGuard.problem();
  if (problem === undefined) return undefined;
  const { kind, nowMs, expectedMs } = problem;
  const details = {
    reason,
    clock: kind,
    now: new Date(nowMs).toISOString(),
    expected: new Date(expectedMs).toISOString(),
  };
  await records.transaction(async (tx) => {
    await log.decide(tx, kinds.clockAccepted, { by, details });
    await clockGuard.keep(tx);
  });
  return problem;
}
