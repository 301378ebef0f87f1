import { type Clock, type ErrorCode, type Log, minuteMs, processMark } from '../../base/index.ts';
import type { LiveSets } from '../live/live-sets.ts';
import { readSets } from './all-sets.ts';
import type { BackupSet } from './backup-set.ts';
import { type Surroundings, whatKeeps } from './conditions.ts';
import { readAttempts, type SetAttempt } from './set-attempts.ts';
import { type SetState, stateOf } from './set-state.ts';

/** What runs sets when their time comes. */
export interface SetRunnerOptions {
  /** Of the node. */
  readonly directory: string;
  /** What the spread of this machine goes by. */
  readonly machine: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What conditions are held against. */
  readonly around: (nowMs: number) => Surroundings;
  /** Runs a set in a process of its own, of what changed alone where a file says what has; what it came to is on record by then. */
  readonly run: (set: BackupSet, changes?: string) => Promise<RunEnd>;
  /** What watches the live ones. */
  readonly live?: LiveSets;
}

/** What a run came to. */
export interface RunEnd {
  /** In a few words. */
  readonly came: string;
  /** Whether there is a snapshot of it. */
  readonly isSaved: boolean;
  /** What it failed by, where it said so. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** So many sets run at once, and so many live ones beside them, of what has changed. */
const maxAtOnce = 2;
/** Sets are looked at so often at least: what has changed counts, whatever the clock or the machine did meanwhile. */
const longestWaitMs = minuteMs;
/** One that ended without being on record is not begun again for so long. */
const pauseMs = 10 * minuteMs;

/** A set, and how it stands. */
interface KnownSet {
  readonly set: BackupSet;
  readonly state: SetState;
  /** When its newest attempt that is on record began, ISO 8601. */
  readonly newest: string | undefined;
  /** When what has changed in it is to be saved. */
  readonly liveMs: number;
}

/**
 * Decides when each set of this machine runs, and nothing else: whoever asks it again and again keeps the time. A run is a process of
 * its own, whose memory and whose crash are its own too.
 */
export class SetRunner {
  readonly #options: SetRunnerOptions;
  readonly #running = new Map<string, Promise<void>>();
  /** Those of them that save what has changed. */
  readonly #saving = new Set<string>();
  /** When each was begun last. */
  readonly #begunMs = new Map<string, number>();
  /** The newest run of each that is not on record yet, or could not be put there. */
  readonly #unrecorded = new Map<string, SetAttempt>();
  /** What was said of each last, so that it is not said every minute. */
  readonly #said = new Map<string, string>();

  constructor(options: SetRunnerOptions) {
    this.#options = options;
  }

  /** Begins what is due, and gives the milliseconds until it is to be asked again; earlier when {@link ended} says so. */
  async tick(): Promise<number> {
    const nowMs = this.#options.clock.now();
    const states = await this.#states(nowMs);
    const due = states.filter((known) => known.state.dueMs <= nowMs && this.#isFree(known, nowMs));
    for (const { set, state } of due.toSorted((a, b) => a.state.dueMs - b.state.dueMs)) {
      if (this.#running.size - this.#saving.size >= maxAtOnce) break;
      if (await this.#mayBegin(set, nowMs)) this.#begin(set, nowMs - state.dueMs, false);
    }
    const changed = states.filter((known) => known.liveMs <= nowMs && this.#isFree(known, nowMs));
    for (const { set, liveMs } of changed.toSorted((a, b) => a.liveMs - b.liveMs)) {
      if (this.#saving.size >= maxAtOnce) break;
      if (await this.#mayBegin(set, nowMs)) this.#begin(set, nowMs - liveMs, true);
    }
    const next = states
      .flatMap(({ state, liveMs }) => [state.dueMs - nowMs, liveMs - nowMs])
      .filter((ms) => ms > 0);
    return Math.min(longestWaitMs, ...next);
  }

  /** Resolves when a run ends that goes on now; never when none does. */
  async ended(): Promise<void> {
    if (this.#running.size === 0) return await new Promise(() => {});
    await Promise.race(this.#running.values());
  }

  /** Whether none goes on. */
  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** Resolves when none goes on. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** The newest run of a set that is not on record: it has just begun, or could not be put there, as on a disk that is full. */
  unrecorded({ id }: Pick<BackupSet, 'id'>): SetAttempt | undefined {
    return this.#unrecorded.get(id);
  }

  async #states(nowMs: number): Promise<readonly KnownSet[]> {
    const sets = await this.#orSay('sets', readSets(this.#options.directory));
    if (sets !== undefined) await this.#options.live?.follow(sets);
    const known = (sets ?? []).map((set) => this.#orSay(set.id, this.#known(set, nowMs)));
    return (await Promise.all(known)).filter((each) => each !== undefined);
  }

  async #known(set: BackupSet, nowMs: number): Promise<KnownSet> {
    const { directory, machine } = this.#options;
    const attempts = await readAttempts(directory, set);
    const state = stateOf(set, attempts, { nowMs, machine });
    const liveMs = this.#options.live?.dueMs(set) ?? Number.POSITIVE_INFINITY;
    return { set, state, newest: attempts.at(-1)?.begun, liveMs };
  }

  /** Whoever mends what cannot be read, of one set or of all, mends the agent. */
  async #orSay<T>(about: string, reading: Promise<T>): Promise<T | undefined> {
    try {
      const read = await reading;
      this.#sayOnce(`${about} read`, undefined);
      return read;
    } catch (error) {
      this.#sayOnce(`${about} read`, String(error), (log) =>
        log.error('a set cannot be read', { about, error }),
      );
      return undefined;
    }
  }

  #isFree({ set, state, newest }: KnownSet, nowMs: number): boolean {
    const { id } = set;
    const begunMs = this.#begunMs.get(id);
    const isOnRecord = begunMs === undefined || (newest !== undefined && Date.parse(newest) >= begunMs);
    const isPaused = !isOnRecord && nowMs >= begunMs && nowMs - begunMs < pauseMs;
    const isBeginning = this.#options.live?.isBeginning(set) === true;
    return !state.isRunning && !this.#running.has(id) && !isPaused && !isBeginning;
  }

  async #mayBegin(set: BackupSet, nowMs: number): Promise<boolean> {
    const { around } = this.#options;
    const reason = await whatKeeps(set, around(nowMs));
    this.#sayOnce(set.id, reason, (log) => log.info('a set waits', { set: set.name, reason }));
    return reason === undefined;
  }

  #begin(set: BackupSet, lateMs: number, isLive: boolean): void {
    const { log, clock } = this.#options;
    log.info('a set begins', { set: set.name, lateMs, ...(isLive && { live: true }) });
    const begunMs = clock.now();
    this.#begunMs.set(set.id, begunMs);
    this.#unrecorded.set(set.id, {
      begun: new Date(begunMs).toISOString(),
      process: processMark(),
      ...(isLive && { live: true }),
    });
    if (isLive) this.#saving.add(set.id);
    const running = this.#run(set, isLive)
      .catch((error: unknown) => {
        this.#unrecorded.delete(set.id);
        log.error('a set could not be run', { set: set.name, error });
      })
      .finally(() => {
        this.#running.delete(set.id);
        this.#saving.delete(set.id);
      });
    this.#running.set(set.id, running);
  }

  async #run(set: BackupSet, isLive: boolean): Promise<void> {
    const { run, log, live } = this.#options;
    // A run of all of it saves what has changed too.
    const taken = await live?.begin(set);
    let isSaved = false;
    try {
      const end = await run(set, isLive ? taken?.changes : undefined);
      isSaved = end.isSaved;
      await this.#noteUnrecorded(set, end);
      log.info('a set has ended', { set: set.name, came: end.came });
    } finally {
      taken?.end(isSaved);
    }
  }

  /** Keeps in mind what a run came to that could not be put on record. */
  async #noteUnrecorded(set: BackupSet, { error }: RunEnd): Promise<void> {
    const { directory, clock } = this.#options;
    const begun = this.#unrecorded.get(set.id);
    const newest = (await readAttempts(directory, set)).at(-1);
    const isOnRecord = newest !== undefined && begun !== undefined && newest.begun >= begun.begun;
    const isOthers = error?.code === ('set_running' satisfies ErrorCode);
    if (begun === undefined || error === undefined || isOnRecord || isOthers) this.#unrecorded.delete(set.id);
    else {
      const ended = new Date(clock.now()).toISOString();
      this.#unrecorded.set(set.id, { ...begun, outcome: { ended, result: 'failed', ...error } });
    }
  }

  #sayOnce(about: string, what: string | undefined, say: (log: Log) => void = () => {}): void {
    if (this.#said.get(about) === what) return;
    if (what === undefined) this.#said.delete(about);
    else {
      this.#said.set(about, what);
      say(this.#options.log);
    }
  }
}
