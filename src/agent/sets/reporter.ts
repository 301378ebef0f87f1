import { type Clock, hourMs, isHoldfastError, type Log, secondMs } from '../../base/index.ts';
import { sendReport } from '../../enrol/index.ts';
import { type Connection, connectNode } from '../connection.ts';
import { openNode } from '../node.ts';
import { readNodeState } from '../node-state.ts';
import { surroundings } from './conditions.ts';
import type { ReportOptions } from './report-sets.ts';
import { reportSets } from './report-sets.ts';

/** Who tells the server how the sets of this machine stand. */
export interface ReporterOptions extends Omit<ReportOptions, 'around'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** For all of one report, from dialling on: there is another one soon. */
const patienceMs = 30 * secondMs;
/** A connection is made anew after so long: what changed meanwhile of servers, certificate and trust counts then. */
const connectionMs = hourMs;

/**
 * Tells the server of this machine how its sets stand, over one connection that is kept. Nothing depends on it: what cannot be told now is
 * told the next time, whole. A machine that is no client of a network tells nobody.
 */
export class Reporter implements Disposable {
  readonly #options: ReporterOptions;
  #connection: { readonly to: Connection; readonly madeMs: number } | undefined;
  #telling: Promise<void> | undefined;
  #isAsked = false;
  /** What kept it from being told last, so that it is not said each minute. */
  #problem: string | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Tells it as it is now; while it is being told, once more after that. Never rejects: what goes wrong is in the log. */
  tell(): Promise<void> {
    this.#isAsked = true;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  [Symbol.dispose](): void {
    this.#disconnect();
  }

  async #tellAll(): Promise<void> {
    const { signal, log } = this.#options;
    while (this.#isAsked && !signal.aborted) {
      this.#isAsked = false;
      try {
        await this.#tellOnce();
        if (this.#problem !== undefined) log.info('the server is told again how the sets stand');
        this.#problem = undefined;
      } catch (error) {
        this.#disconnect();
        if (signal.aborted) return;
        const problem = isHoldfastError(error) ? error.code : String(error);
        if (problem !== this.#problem) log.warn('the server is not told how the sets stand', { error });
        this.#problem = problem;
      }
    }
  }

  async #tellOnce(): Promise<void> {
    const { directory, signal } = this.#options;
    if ((await readNodeState(directory))?.role !== 'client') return;
    const isKept = this.#connection !== undefined;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    try {
      await this.#send(limited);
    } catch (error) {
      // One that was kept may have ended without anybody having known.
      if (!isKept || limited.aborted) throw error;
      this.#disconnect();
      await this.#send(limited);
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { dialer, server } = await this.#connected(signal);
    const { clock } = this.#options;
    const report = await reportSets({ ...this.#options, around: surroundings(clock.now()) });
    await sendReport({ dialer, server, report, signal });
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    const { directory, clock, log } = this.#options;
    const nowMs = clock.now();
    const { to, madeMs = 0 } = this.#connection ?? {};
    const isOld = Math.abs(nowMs - madeMs) >= connectionMs;
    if (to !== undefined && !isOld && !to.node.needsRenewal(clock)) return to;
    this.#disconnect();
    const made = await connectNode(await openNode(directory), { clock, log, signal });
    this.#connection = { to: made, madeMs: nowMs };
    return made;
  }

  #disconnect(): void {
    this.#connection?.to[Symbol.dispose]();
    this.#connection = undefined;
  }
}
