import { type Bytes, type Clock, type Log, minuteMs, processMark } from '../../base/index.ts';
import {
  FileWatch,
  type GapPlace,
  type IgnoreOptions,
  pathText,
  type WatchReport,
} from '../../files/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { countWaiting } from '../spool/spool-state.ts';
import { writeChanges } from './changes-file.ts';
import { LiveChanges, pauseAfter } from './live-changes.ts';
import { keepStanding, type LiveStanding, maxRescans } from './live-standing.ts';

/** What a run of a set would look at. */
export interface WatchedSet extends IgnoreOptions {
  /** Absolute, raw. */
  readonly paths: readonly Bytes[];
}

/** What live sets are watched with. */
export interface LiveSetsOptions {
  /** Of the node. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What of the set is to be watched; rejects while that cannot be said. */
  readonly find: (set: BackupSet) => Promise<WatchedSet>;
}

/** A run of a live set that begins. */
export interface LiveRun {
  /** What it is to look at. */
  readonly changes: string;
  /** What it came to: what was not saved has changed still. */
  readonly end: (isSaved: boolean) => void;
}

/** Where nothing tells what changes, it is looked so often. */
const lookEveryMs = 5 * minuteMs;
/** While versions wait here, it is tried so often whether the server answers. */
const tryEveryMs = minuteMs;
/** Of one run that has ended to the beginning of the next. */
const betweenMs = 1000;

/** A set that is watched. */
interface Session {
  set: BackupSet;
  /** What is watched, as text: other words begin another watch. */
  watched: string;
  readonly changes: LiveChanges;
  /** Whether it is watched by now, with all that is in it. */
  isTold: boolean;
  standing: LiveStanding;
  /** Raw, as latin1. */
  blind: readonly GapPlace[];
  lookedMs: number;
  failures: number;
  notBeforeMs: number;
  /** How many versions wait here until the server answers, and when it was tried last. */
  waiting: number;
  triedMs: number;
}

/**
 * Watches the live sets of a machine, and knows when what has changed in one is to be saved. Whoever runs sets asks it, and tells it what came of
 * each run. A set that is new here is saved once whole: what has changed in it while nobody watched is in its first snapshot.
 */
export class LiveSets implements AsyncDisposable {
  readonly #options: LiveSetsOptions;
  readonly #sessions = new Map<string, Session>();
  #watch: FileWatch | undefined;
  #woken = Promise.withResolvers<void>();
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: LiveSetsOptions) {
    this.#options = options;
  }

  /** Whether none is watched. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** Watches the live ones among `sets`, and others no more. */
  async follow(sets: readonly BackupSet[]): Promise<void> {
    const live = sets.filter((set) => set.live === true);
    for (const id of this.#sessions.keys()) if (!live.some((set) => set.id === id)) this.#stop(id);
    for (const set of live) {
      await this.#start(set);
      await this.#count(set);
    }
  }

  /** Whether a set is not watched yet and will be in a moment: a run that begins before has to look at everything again after. */
  isBeginning({ id }: BackupSet): boolean {
    return this.#sessions.get(id)?.isTold === false;
  }

  /** When the changes of a set are to be saved, milliseconds since 1970; undefined when there are none. */
  dueMs(set: BackupSet): number | undefined {
    const nowMs = this.#options.clock.now();
    const session = this.#sessions.get(set.id);
    if (session === undefined) return undefined;
    if (session.blind.length > 0 && Math.abs(nowMs - session.lookedMs) >= lookEveryMs)
      this.#look(session, nowMs);
    const changedMs = session.changes.dueMs(nowMs) ?? Number.POSITIVE_INFINITY;
    const triedMs = Math.min(session.triedMs, nowMs);
    const waitedMs = session.waiting > 0 ? triedMs + tryEveryMs : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(changedMs, waitedMs);
    return Number.isFinite(dueMs) ? Math.max(dueMs, session.notBeforeMs) : undefined;
  }

  /** Resolves when something has changed where nothing had. */
  async changed(): Promise<void> {
    await this.#woken.promise;
  }

  /** Hands over what has changed in a set to a run of it; undefined when it is not watched. */
  async begin(set: BackupSet): Promise<LiveRun | undefined> {
    const session = this.#sessions.get(set.id);
    if (session === undefined) return undefined;
    const taken = session.changes.take();
    const changes = await writeChanges(this.#options.directory, set, taken).catch((error: unknown) => {
      session.changes.giveBack(taken, this.#options.clock.now());
      throw error;
    });
    const end = (isSaved: boolean): void => {
      const nowMs = this.#options.clock.now();
      session.triedMs = nowMs;
      session.failures = isSaved ? 0 : session.failures + 1;
      session.notBeforeMs = nowMs + (isSaved ? betweenMs : pauseAfter(session.failures));
      if (!isSaved) session.changes.giveBack(taken, nowMs);
    };
    return { changes, end };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#keeping;
  }

  async #start(set: BackupSet): Promise<void> {
    const { clock, log, find } = this.#options;
    const known = this.#sessions.get(set.id);
    const what = await find(set).catch((error: unknown) => {
      if (known === undefined) log.error('a set cannot be watched', { set: set.name, error });
      return undefined;
    });
    if (what === undefined) return;
    const watched = textOf(what);
    if (known?.watched === watched) {
      known.set = set;
      return;
    }
    const now = new Date(clock.now()).toISOString();
    this.#sessions.set(set.id, {
      set,
      watched,
      changes: new LiveChanges(),
      isTold: false,
      standing: {
        process: processMark(),
        since: now,
        directories: 0,
        fileSystems: 0,
        unwatched: [],
        rescans: [],
      },
      blind: [],
      lookedMs: clock.now(),
      failures: 0,
      notBeforeMs: 0,
      waiting: 0,
      triedMs: 0,
    });
    this.#watch ??= new FileWatch({
      onReport: (report) => this.#take(report),
      onFailure: (error) => this.#fail(error),
    });
    this.#watch.watch(set.id, what);
  }

  /** Looks how many versions wait here, and says when the first does, and when none does any more. */
  async #count({ id, name }: BackupSet): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const { directory, log } = this.#options;
    const before = session.waiting;
    session.waiting = await countWaiting(directory, { id });
    if (before === 0 && session.waiting > 0)
      log.warn('no server can be reached: versions of a live set are kept here', { set: name });
    if (before > 0 && session.waiting === 0) log.info('what was kept here is with the server', { set: name });
  }

  #stop(id: string): void {
    this.#sessions.delete(id);
    this.#watch?.unwatch(id);
  }

  #take(report: WatchReport): void {
    const session = this.#sessions.get(report.id);
    if (session === undefined) return;
    const nowMs = this.#options.clock.now();
    session.isTold = true;
    const wasEmpty = session.changes.isEmpty;
    session.changes.note(report, nowMs);
    this.#tell(session, report, nowMs);
    if (!wasEmpty || session.changes.isEmpty) return;
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
  }

  /** Says what got lost, and keeps it for who asks. */
  #tell(session: Session, report: WatchReport, nowMs: number): void {
    const { gaps, blind, directories, fileSystems } = report;
    const { log } = this.#options;
    const { name } = session.set;
    for (const { path, why } of gaps)
      log.warn('a part of a live set is looked through anew', { set: name, path: shown(path), why });
    const isBlindAsBefore = JSON.stringify(blind) === JSON.stringify(session.blind);
    if (!isBlindAsBefore)
      for (const { path, why } of blind)
        log.warn('nothing tells what changes there; it is looked through every 5 minutes', {
          set: name,
          path: shown(path),
          why,
        });
    const isFirst =
      session.standing.directories === 0 || fileSystems > 0 !== session.standing.fileSystems > 0;
    session.blind = blind;
    const time = new Date(nowMs).toISOString();
    const rescans = [
      ...session.standing.rescans,
      ...gaps.map(({ path, why }) => ({ time, path: shown(path), why })),
    ];
    session.standing = {
      ...session.standing,
      directories,
      fileSystems,
      unwatched: blind.map(({ path, why }) => ({ path: shown(path), why })),
      rescans: rescans.slice(-maxRescans),
    };
    if (isFirst) log.info('a live set is watched', { set: name, directories, fileSystems });
    if (isFirst || gaps.length > 0 || !isBlindAsBefore) this.#keep(session);
  }

  /** In turns, so that the newest is what is kept. */
  #keep({ set, standing }: Session): void {
    const { directory, log } = this.#options;
    this.#keeping = this.#keeping
      .then(() => keepStanding(directory, set, standing))
      .catch((error: unknown) => log.error('how a set is watched cannot be kept', { set: set.name, error }));
  }

  #look(session: Session, nowMs: number): void {
    session.lookedMs = nowMs;
    const isWhole = session.blind.some(({ path }) => path === '/');
    session.changes.note({ changed: [], trees: session.blind.map(({ path }) => path), isWhole }, nowMs);
  }

  /** What was watched is watched anew, from the next time that the sets are followed. */
  #fail(error: unknown): void {
    this.#options.log.error('nothing is watched any more; it is begun anew', { error });
    this.#sessions.clear();
    this.#watch = undefined;
  }
}

function textOf(what: WatchedSet): string {
  const text = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1');
  const { paths, forbidden = [], ...rules } = what;
  return JSON.stringify({ ...rules, paths: paths.map(text), forbidden: forbidden.map(text) });
}

function shown(path: string): string {
  return pathText(Buffer.from(path, 'latin1'));
}
