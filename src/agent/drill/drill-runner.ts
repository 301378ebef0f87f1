import { type Clock, hourMs, type Log, parseSize } from '../../base/index.ts';
import { defaultClientPolicy } from '../../policy/index.ts';
import { readNodeState } from '../node-state.ts';
import { readSets } from '../sets/all-sets.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { type Surroundings, whatKeeps } from '../sets/conditions.ts';
import { readAttempts, type SetAttempt } from '../sets/set-attempts.ts';
import { type DrillRecord, readDrills } from './drill-record.ts';
import { drillDueMs, unprovenSinceMs } from './drill-standing.ts';

/** What holds drills when their time comes. */
interface DrillRunnerOptions {
  /** Of the node. */
  readonly directory: string;
  /** What the spread of this machine goes by. */
  readonly machine: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What conditions are held against. */
  readonly around: (nowMs: number) => Surroundings;
  /** Drills a set in a process of its own, and gives what it came to in a few words; it is on record by then. */
  readonly run: (set: BackupSet) => Promise<string>;
}

/** One that ended without being on record is not begun again for so long. */
const pauseMs = hourMs;

/** Decides when each set of this machine is drilled: one at a time, while its conditions hold, and the one first that has waited longest. */
export class DrillRunner {
  readonly #options: DrillRunnerOptions;
  readonly #begunMs = new Map<string, number>();
  #running: Promise<void> | undefined;

  constructor(options: DrillRunnerOptions) {
    this.#options = options;
  }

  /** Begins what is due, where nothing is being drilled. Never rejects: whoever mends what cannot be read is asked again soon. */
  async tick(): Promise<void> {
    if (!this.isIdle) return;
    const { directory, clock, around, log } = this.#options;
    const nowMs = clock.now();
    try {
      if ((await drillBytes(directory)) === undefined) return;
      const due = await this.#due(nowMs);
      for (const { set } of due.toSorted((one, other) => one.dueMs - other.dueMs))
        if ((await whatKeeps(set, around(nowMs))) === undefined) return this.#begin(set, nowMs);
    } catch (error) {
      log.debug('no drill is held while the sets cannot be read', { error });
    }
  }

  /** Resolves when the drill ends that goes on now; never when none does. */
  async ended(): Promise<void> {
    await (this.#running ?? new Promise(() => {}));
  }

  /** Whether none goes on. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Resolves when none goes on. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #due(nowMs: number): Promise<{ readonly set: BackupSet; readonly dueMs: number }[]> {
    const { directory, machine } = this.#options;
    const due: { set: BackupSet; dueMs: number }[] = [];
    for (const set of await readSets(directory)) {
      const record = await readDrills(directory, set);
      const attempts = await readAttempts(directory, set);
      const dueMs = drillDueMs(set, attempts, record, { nowMs, machine });
      const pausedMs = nowMs - (this.#begunMs.get(set.id) ?? Number.NEGATIVE_INFINITY);
      if (dueMs !== undefined && dueMs <= nowMs && Math.abs(pausedMs) >= pauseMs) due.push({ set, dueMs });
    }
    return due;
  }

  #begin(set: BackupSet, nowMs: number): void {
    const { log, run } = this.#options;
    log.info('a drill begins', { set: set.name });
    this.#begunMs.set(set.id, nowMs);
    this.#running = run(set)
      .then((came) => log.info('a drill has ended', { set: set.name, came }))
      .catch((error: unknown) => log.error('a set could not be drilled', { set: set.name, error }))
      .finally(() => (this.#running = undefined));
  }
}

/** How many bytes of a set a drill restores at most, as this machine was told; undefined where none is held by itself. */
export async function drillBytes(directory: string): Promise<number | undefined> {
  const said =
    (await readNodeState(directory))?.client?.['agent.drill'] ?? defaultClientPolicy['agent.drill'];
  return said === 'off' ? undefined : (parseSize(said) ?? Number.MAX_SAFE_INTEGER);
}

/** As {@link unprovenSinceMs}; undefined too where this machine was told to hold no drills. */
export async function unprovenSince(
  directory: string,
  set: Pick<BackupSet, 'added'>,
  {
    attempts,
    record,
    nowMs,
  }: {
    readonly attempts: readonly SetAttempt[];
    readonly record: DrillRecord | undefined;
    readonly nowMs: number;
  },
): Promise<number | undefined> {
  if ((await drillBytes(directory)) === undefined) return undefined;
  return unprovenSinceMs(set, attempts, record, nowMs);
}
