import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ScrubDesk, ScrubView } from '../../admin/index.ts';
import {
  type Clock,
  dayMs,
  hourMs,
  isHoldfastError,
  type Log,
  minuteMs,
  secondMs,
} from '../../base/index.ts';
import type { Concern } from '../../notice/index.ts';
import {
  defaultScrubPeriodMs,
  type HealSource,
  healWaiting,
  mendObjects,
  type ReplicateRecords,
  type ScrubbedRepository,
  type ScrubOptions,
  scrubStore,
} from '../../replicate/index.ts';
import {
  LocalDamaged,
  LocalStore,
  type NamedRef,
  type ObjectStore,
  PresentStore,
} from '../../storage/index.ts';
import type { KeptRecords } from '../replicas/kept-records.ts';
import type { StoreFigure } from '../store-meter.ts';
import { storedRepositories } from './stored-repositories.ts';

interface StoreScrubOptions {
  /** Where the store is. */
  readonly directory: string;
  /** Throws while it is not there. */
  readonly check: (forWhat?: 'change') => Promise<void>;
  /** Where it is kept how far it has come. */
  readonly records: KeptRecords;
  /** Where good ones of a repository may be, by the name that it has on record; nowhere unless said. */
  readonly sourcesOf?: (repository: string) => Promise<readonly HealSource[]>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** A store that is not there, or has nothing, is looked at again so often. */
const lookAgainMs = 10 * minuteMs;
/** What waits for a good one is tried again so often. */
const healEveryMs = hourMs;
/** What was healed counts as news for so long. */
const newsMs = 30 * dayMs;

/** Reads the store of this machine through, again and again, and says what came of it. */
export class StoreScrub implements ScrubDesk, AsyncDisposable {
  readonly #options: StoreScrubOptions;
  readonly #ended = new AbortController();
  #going: Promise<void> | undefined;
  /** Ends what is under way, so that it begins anew. */
  #again = new AbortController();
  #isHurried = false;
  #healedMs: number | undefined;

  constructor(options: StoreScrubOptions) {
    this.#options = options;
  }

  /** Reads on from where it was stopped, until this is closed. */
  begin(): void {
    this.#going ??= this.#goOn();
  }

  /** Reads every file now, as fast as the disk does. Where no server runs, this resolves when that is done. */
  async start(): Promise<ScrubView> {
    const { check, clock } = this.#options;
    await check();
    await this.#options.records.with(async (records) => {
      await records.scrub.restart(clock.now());
      this.#isHurried = true;
      this.#again.abort();
      if (this.#going !== undefined) return;
      this.#again = new AbortController();
      await scrubStore({ ...this.#scrubOptions(records), periodMs: () => 0 });
    });
    return await this.status();
  }

  /** How far it has come, and what is damaged. */
  async status(): Promise<ScrubView> {
    const { records, clock } = this.#options;
    return await records.look((opened) => viewOf(opened, clock.now() - newsMs), nothingRead);
  }

  /** Takes care of what somebody else found damaged while he read it. */
  async mend(repository: string, damaged: readonly NamedRef[]): Promise<void> {
    await this.#options.records.with(async (records) => {
      for await (const one of this.#repositories())
        if (one.name === repository) await mendObjects(one, damaged, this.#scrubOptions(records));
    });
  }

  /** Tries again what waits for a good one, when that is due; to be called now and then. */
  async upkeep(): Promise<void> {
    const nowMs = this.#options.clock.now();
    this.#healedMs ??= nowMs;
    if (Math.abs(nowMs - this.#healedMs) < healEveryMs) return;
    this.#healedMs = nowMs;
    await this.heal();
  }

  /** Tries again what waits for a good one. */
  async heal(): Promise<void> {
    try {
      await this.#options.records.with((records) => healWaiting(this.#scrubOptions(records)));
    } catch (error) {
      // That the store is not there is said elsewhere.
      if (!this.#ended.signal.aborted && !isHoldfastError(error, 'store_missing')) throw error;
    }
  }

  /** Figures for whoever watches from elsewhere. */
  async measure(): Promise<StoreFigure[]> {
    const { now, last, waiting } = await this.status();
    const figure = (name: string, help: string, value: number | undefined): StoreFigure[] =>
      value === undefined ? [] : [{ name, help, value }];
    return [
      ...figure(
        'holdfast_store_damaged_files',
        'Stored files that are damaged, taken aside, and wait for a good one.',
        waiting.length,
      ),
      ...figure(
        'holdfast_scrub_read_bytes',
        'Bytes of the store that were read against their names this time.',
        now?.bytes,
      ),
      ...figure(
        'holdfast_scrub_last_end_timestamp_seconds',
        'When every file of the store had last been read against its name.',
        last && last.ended / secondMs,
      ),
    ];
  }

  /** What somebody should know: files that are damaged and that nobody has healed. */
  async concerns(): Promise<readonly Concern[]> {
    const { waiting } = await this.status();
    const repositories = [...new Set(waiting.map(({ repository }) => repository))];
    return repositories.map((repository) => {
      const files = waiting.filter((one) => one.repository === repository);
      return {
        subject: `stored files of ${repository}`,
        state: 'damaged',
        text: `${files.length} stored files of ${repository} are damaged, ${files[0]?.object ?? ''} first: no replica has had a good one, and the next backup of its client sends again what was in them`,
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#again.abort();
    await this.#going;
  }

  async #goOn(): Promise<void> {
    const { log } = this.#options;
    while (!this.#ended.signal.aborted) {
      this.#again = new AbortController();
      try {
        const { objects } = await this.#readThrough();
        this.#isHurried = false;
        if (objects === 0) await this.#rest();
      } catch (error) {
        if (this.#again.signal.aborted) continue;
        log.warn('the store could not be read through, and is tried again', { error });
        await this.#rest();
      }
    }
  }

  async #readThrough(): Promise<{ readonly objects: number }> {
    await this.#options.check();
    return await scrubStore({
      ...this.#scrubOptions(await this.#options.records.hold()),
      periodMs: () => (this.#isHurried ? 0 : defaultScrubPeriodMs),
      signal: this.#again.signal,
    });
  }

  async #rest(): Promise<void> {
    await setTimeout(lookAgainMs, undefined, { signal: this.#again.signal, ref: false }).catch(() => {});
  }

  #scrubOptions(records: ReplicateRecords): Omit<ScrubOptions, 'periodMs'> {
    const { clock, log } = this.#options;
    return {
      records,
      repositories: () => this.#repositories(),
      now: () => clock.now(),
      log,
      signal: this.#again.signal,
    };
  }

  async *#repositories(): AsyncGenerator<ScrubbedRepository> {
    const { directory, check, sourcesOf = async () => [] } = this.#options;
    for (const name of await storedRepositories(directory)) {
      const path = join(directory, name);
      const local: ObjectStore = new PresentStore(new LocalStore(path, { within: directory }), check);
      const damaged = new LocalDamaged(path);
      yield {
        name,
        store: local,
        takeAside: (ref, atMs) => damaged.takeAside(ref, atMs),
        sources: () => sourcesOf(name),
      };
    }
  }
}

const nothingRead: ScrubView = { now: undefined, last: undefined, waiting: [], healed: [] };

/** How far it has come, what waits, and what was healed since then. */
async function viewOf({ scrub, damages }: ReplicateRecords, sinceMs: number): Promise<ScrubView> {
  const row = await scrub.find();
  const isOver = row === undefined || row.ended_at !== null;
  const waiting = await damages.open();
  const recent = await damages.since(sinceMs);
  return {
    now: isOver
      ? undefined
      : { began: row.began_at, objects: row.objects, bytes: row.bytes, damaged: row.damaged },
    last: lastOf(row),
    waiting: waiting.map(damageView),
    healed: recent.flatMap((damage) =>
      damage.healed_at === null
        ? []
        : [{ ...damageView(damage), healed: damage.healed_at, by: damage.healed_by ?? '' }],
    ),
  };
}

type DamageRow = Awaited<ReturnType<ReplicateRecords['damages']['open']>>[number];

function damageView({ repository, type, name, found_at }: DamageRow): ScrubView['waiting'][number] {
  return { repository, object: `${type}/${name}`, found: found_at };
}

type ScrubRow = Awaited<ReturnType<ReplicateRecords['scrub']['find']>>;

/** The last time that everything was read. */
function lastOf(row: ScrubRow): ScrubView['last'] {
  if (row === undefined) return undefined;
  const { began_at, ended_at, objects, bytes } = row;
  if (ended_at !== null) return { began: began_at, ended: ended_at, objects, bytes };
  const { last_began_at, last_ended_at, last_objects, last_bytes } = row;
  if (last_began_at === null || last_ended_at === null) return undefined;
  return {
    began: last_began_at,
    ended: last_ended_at,
    objects: last_objects ?? 0,
    bytes: last_bytes ?? 0,
  };
}
