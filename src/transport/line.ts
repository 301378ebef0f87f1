import { setTimeout as sleep } from 'node:timers/promises';
import { errorRow, HoldfastError, isHoldfastError, minuteMs, secondMs } from '../base/index.ts';

/** What is said while a line is down. */
export interface Outage {
  /** Why the last attempt failed. */
  readonly failure: HoldfastError;
  /** Until the next. */
  readonly waitMs: number;
  /** Since the first that failed. */
  readonly downMs: number;
  /** Until it is given up. */
  readonly leftMs: number;
}

/** How a line is told of, and borne. */
export interface LineOptions {
  /** Told before a wait, once for all who wait together. */
  readonly onDown?: (outage: Outage) => void;
  /** Told that something has come over it again. */
  readonly onBack?: (downMs: number) => void;
  readonly backOff?: BackOff;
  /** Whether nobody waits for it who would rather know soon: a server that is known is borne for the whole time from the start. */
  readonly isUnattended?: boolean;
  /** Failures are borne for so long at most, whatever else is said: for who has another way. */
  readonly mostMs?: number;
}

/** What is tried. */
interface AttemptOptions {
  readonly signal?: AbortSignal;
  /** Whether the address was good before this run; one that somebody typed may be wrong. Yes unless said. */
  readonly isKnown?: boolean;
  /** Whether what was asked may have been done, and must not be asked twice. */
  readonly isUnsafe?: (failure: HoldfastError) => boolean;
}

/** How often in a row something has failed, and since when. */
export class Streak {
  count = 0;
  sinceMs = 0;
}

/**
 * The way to a server, which may be down for a while. What fails in passing is tried again, more slowly each time, for as
 * long as {@link patience} says; what is wrong for good is thrown at once. One for a run: once anything has come over it,
 * it is borne with for longer.
 */
export class Line {
  readonly #options: LineOptions;
  #wasReached = false;
  #longestMs: number = patience.reachedMs;
  #downSinceMs: number | undefined;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: LineOptions = {}) {
    this.#options = options;
  }

  /** Bears failures for so long at most, in milliseconds, instead of the 15 minutes of {@link patience}. */
  bearFor(longestMs: number): void {
    this.#longestMs = longestMs;
  }

  /** Does `work` until it does not fail in passing, or patience ends. @throws what `work` does, and the signal's reason */
  async attempt<T>(options: AttemptOptions, work: () => Promise<T>): Promise<T> {
    const streak = new Streak();
    for (;;) {
      options.signal?.throwIfAborted();
      try {
        const result = await work();
        this.held(streak);
        return result;
      } catch (error) {
        await this.endure(error, streak, options);
      }
    }
  }

  /** A server has answered, whatever else there is still to be done. */
  reached(): void {
    this.#wasReached = true;
  }

  /** Something has come over the line: the streak of failures is over. */
  held(streak: Streak): void {
    streak.count = 0;
    this.reached();
    if (this.#downSinceMs === undefined) return;
    this.#options.onBack?.(performance.now() - this.#downSinceMs);
    this.#downSinceMs = undefined;
    this.#quietUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Waits until what failed can be tried again. @throws `failure` when that helps nothing, or has gone on for too long */
  async endure(failure: unknown, streak: Streak, options: AttemptOptions): Promise<void> {
    options.signal?.throwIfAborted();
    if (!isPassing(failure)) {
      // A server that refuses has answered.
      if (isHoldfastError(failure)) this.held(streak);
      throw failure;
    }
    if (this.#isFinal(failure, options)) throw failure;
    const failing = this.#count(streak, options);
    const waitMs = (this.#options.backOff ?? patientBackOff)(failing);
    if (waitMs === undefined) throw givenUp(failure, failing);
    this.#sayDown(failure, failing, waitMs);
    await wait(waitMs, options.signal);
  }

  #isFinal(failure: HoldfastError, { isKnown = true, isUnsafe }: AttemptOptions): boolean {
    return isUnsafe?.(failure) === true || (isMistyped(failure) && !isKnown && !this.#wasReached);
  }

  #count(streak: Streak, options: AttemptOptions): Failing {
    const nowMs = performance.now();
    if (streak.count === 0) streak.sinceMs = nowMs;
    streak.count += 1;
    return { count: streak.count, downMs: nowMs - streak.sinceMs, patienceMs: this.#patienceMs(options) };
  }

  #patienceMs({ isKnown = true }: AttemptOptions): number {
    const { isUnattended = false, mostMs = Number.POSITIVE_INFINITY } = this.#options;
    const longestMs = Math.min(this.#longestMs, mostMs);
    if (this.#wasReached || (isUnattended && isKnown)) return longestMs;
    return Math.min(longestMs, isKnown ? patience.knownMs : patience.typedMs);
  }

  /** A connection that the server had closed meanwhile is nothing to speak of: the next one is made at once. */
  #sayDown(failure: HoldfastError, { count, downMs, patienceMs }: Failing, waitMs: number): void {
    const nowMs = performance.now();
    if ((this.#wasReached && count === 1) || nowMs < this.#quietUntilMs) return;
    this.#downSinceMs ??= nowMs - downMs;
    this.#quietUntilMs = nowMs + waitMs;
    this.#options.onDown?.({ failure, waitMs, downMs, leftMs: patienceMs - downMs });
  }
}

function givenUp(failure: HoldfastError, { downMs }: Failing): HoldfastError {
  if (downMs < secondMs) return failure;
  const { code, message, hint, cause } = failure;
  const tried = `tried for ${Math.round(downMs / secondMs)} s`;
  return new HoldfastError(code, `${message}; ${tried}`, { cause, hint });
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch (error) {
    // The timer has an error of its own for this.
    signal?.throwIfAborted();
    throw error;
  }
}

/** Whether a failure may pass by itself. */
function isPassing(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && errorRow(error.code).passing === true;
}

/** Whether nobody has that name; a network that is down can look alike. */
function isMistyped({ code }: HoldfastError): boolean {
  return errorRow(code).mistypedPerhaps === true;
}

/** Of the failures at several addresses the one that says whether to try again: a host that is known and did not answer. */
export function mostHopeful(failures: readonly HoldfastError[]): HoldfastError | undefined {
  return failures.find((failure) => isPassing(failure) && !isMistyped(failure)) ?? failures[0];
}

/** A line that bears nothing: for who has another way, and would rather take that. */
export function onceOnly(): Line {
  return new Line({ backOff: () => undefined });
}

/** Whether nobody has heard what was asked, so that it may be asked again, or of another. */
export function isUnheard({ code }: HoldfastError): boolean {
  return errorRow(code).heard === 'nobody';
}

/** Whether nobody has refused anything: the line is down, or whoever is at its end. */
export function isOutOfReach(error: unknown): error is HoldfastError {
  if (!isPassing(error)) return false;
  return errorRow(error.code).heard !== undefined || error.code === 'server_unavailable';
}

/** Whether the line broke while something was under way on it, which may be done. */
export function mayBeDone({ code }: HoldfastError): boolean {
  return errorRow(code).heard === 'may be done';
}

/** HTTP statuses (RFC 9110 §15, RFC 6585 §4) by which a server, or what stands before it, says that it cannot answer now. */
export function isPassingStatus(status: number): boolean {
  return [408, 429, 502, 503, 504].includes(status);
}

/** How something that failed has failed so far. */
export interface Failing {
  /** How often in a row; 1 at first. */
  readonly count: number;
  /** Since the first of these. */
  readonly downMs: number;
  /** How long it is to be borne in all. */
  readonly patienceMs: number;
}

/** How long to wait before the next attempt, in milliseconds, or undefined to give up. */
export type BackOff = (failing: Failing) => number | undefined;

/** How long failures are borne, in milliseconds. */
export const patience = {
  /** Of a server that has answered in this run, unless something else is said: long enough for it to be started anew, or for a line to be mended. */
  reachedMs: 15 * minuteMs,
  /** Of one that was known before and has not answered yet: a restart, a line that comes up after a machine has slept. */
  knownMs: 30 * secondMs,
  /** Of an address that somebody has just typed, which may be wrong. */
  typedMs: 5 * secondMs,
} as const;

const firstMs = secondMs / 2;
const longestMs = 30 * secondMs;
/** A wait is this part of the patience at most, so that a line which is back is used soon. */
const parts = 6;

/**
 * Half a second, doubling up to thirty. Up to half of each wait is left to chance, so that the clients of a server do not
 * come back all at once; the last attempt is made when the patience ends.
 */
export const patientBackOff: BackOff = ({ count, downMs, patienceMs }) => {
  const leftMs = patienceMs - downMs;
  if (leftMs <= 0) return undefined;
  const waitMs = Math.min(longestMs, patienceMs / parts, firstMs * 2 ** (count - 1));
  return Math.min(leftMs, waitMs * (0.5 + Math.random() / 2));
};
