import { HoldfastError, type Log } from '../../base/index.ts';
import { type JobOrder, maxOpenJobs } from '../../enrol/index.ts';
import { dueRun, parseSchedule } from '../../policy/index.ts';
import { kinds } from '../log/index.ts';
import type { Records, ScheduleRow } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';
import { type JobsContext, recordJob } from './jobs.ts';
import { checkLiveClient } from './live-client.ts';

/** What is done again and again, and by whom. */
export interface ScheduleEntry {
  readonly name: string;
  readonly order: JobOrder;
  /** Names of clients; undefined for all of them. */
  readonly nodes: readonly string[] | undefined;
  readonly every: string;
  readonly zone: string;
  /** How long each job waits for its machine. */
  readonly lifetimeMs: number;
  readonly by: string;
  readonly addedAt: Date;
  readonly lastAt: Date | undefined;
  /** When its jobs are started next, which may have passed. */
  readonly nextAt: Date;
}

type ScheduleOrder = Omit<ScheduleEntry, 'addedAt' | 'lastAt' | 'nextAt'>;

const maxSchedules = 64;

/** Jobs that are started again and again: each time once, by whichever server, and once for all the times that no server was there. */
export class Schedules {
  readonly #context: JobsContext;

  constructor(context: JobsContext) {
    this.#context = context;
  }

  /**
   * @throws HoldfastError `schedule_invalid`, `schedule_never`, `object_not_found` for a name that no client has, `schedule_exists`,
   *   `input_invalid` for more of them than there may be
   */
  async add({ name, order, nodes, every, zone, lifetimeMs, by }: ScheduleOrder): Promise<ScheduleEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    parseSchedule(every, zone);
    return await records.transaction(async (tx) => {
      for (const node of nodes ?? []) await checkLiveClient(tx, node);
      const { length } = await tx.schedules.all();
      if (length >= maxSchedules)
        throw new HoldfastError('input_invalid', `there are ${length} schedules already`, {
          hint: 'holdfast schedule list, holdfast schedule remove NAME',
        });
      if ((await tx.schedules.find(name)) !== undefined)
        throw new HoldfastError('schedule_exists', `there is a schedule ${name} already`);
      const more = { order, every, zone, lifetime: lifetimeMs };
      const details = { schedule: name, ...more, ...(nodes && { nodes: [...nodes] }) };
      await log.decide(tx, kinds.scheduleAdded, { by, details });
      return this.#read(await rowOf(tx, name));
    });
  }

  /** Starts nothing by it any more; jobs that it has started stay. @throws HoldfastError `object_not_found` */
  async remove(name: string, by: string): Promise<ScheduleEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const row = await rowOf(tx, name);
      await log.decide(tx, kinds.scheduleRemoved, { by, details: { schedule: name } });
      return this.#read(row);
    });
  }

  /** Every one, by name. */
  async list(): Promise<ScheduleEntry[]> {
    return (await this.#context.records.committed.schedules.all()).map((row) => this.#read(row));
  }

  /** Starts what is due; to be called every few seconds. */
  async startDue(log: Log): Promise<void> {
    const { records } = this.#context;
    for (const row of await records.committed.schedules.all())
      if (this.#isDue(row)) await records.transaction((tx) => this.#start(tx, row.name, log));
  }

  /** What is due by what is on record within the transaction: another server may have started it. */
  async #start(tx: Records, name: string, log: Log): Promise<void> {
    const row = await tx.schedules.find(name);
    if (row === undefined || !this.#isDue(row)) return;
    const by = `schedule/${name}`;
    const order = JSON.parse(row.job_order) as JobOrder;
    const nowMs = this.#context.clock.now();
    const expiresAt = new Date(nowMs + row.lifetime);
    let jobs = 0;
    for (const node of await targetsOf(tx, row, nowMs)) {
      const open = await tx.jobs.openOf(node, nowMs);
      const isOpen = open.some(({ created_by }) => created_by === by);
      if (isOpen || open.length >= maxOpenJobs) {
        log.warn('a schedule starts no job', {
          schedule: name,
          node,
          reason: isOpen ? 'its last one is not over' : 'too many are not over',
        });
        continue;
      }
      await recordJob(tx, this.#context, { node, order, expiresAt, by });
      jobs += 1;
    }
    await this.#context.log.decide(tx, kinds.scheduleRun, {
      by: 'authority',
      details: { schedule: name, jobs },
    });
    log.info('a schedule has started jobs', { schedule: name, jobs });
  }

  #isDue(row: ScheduleRow): boolean {
    return this.#nextMs(row) <= this.#context.clock.now();
  }

  #nextMs({ every, zone, added_at: addedMs, last_at }: ScheduleRow): number {
    const timing = { addedMs, lastMs: last_at ?? undefined, offsetMs: 0 };
    return dueRun(parseSchedule(every, zone), timing, this.#context.clock.now());
  }

  #read(row: ScheduleRow): ScheduleEntry {
    return {
      name: row.name,
      order: JSON.parse(row.job_order) as JobOrder,
      nodes: nodesOf(row),
      every: row.every,
      zone: row.zone,
      lifetimeMs: row.lifetime,
      by: row.added_by,
      addedAt: new Date(row.added_at),
      lastAt: row.last_at === null ? undefined : new Date(row.last_at),
      nextAt: new Date(this.#nextMs(row)),
    };
  }
}

function nodesOf({ nodes }: ScheduleRow): readonly string[] | undefined {
  return nodes === null ? undefined : (JSON.parse(nodes) as string[]);
}

/** Clients that have a certificate; of those that are named, the ones that are not revoked. */
async function targetsOf(tx: Records, row: ScheduleRow, nowMs: number): Promise<readonly string[]> {
  const named = nodesOf(row);
  const all = await tx.identities.page(
    { role: '', name: '' },
    { role: 'client', limit: Number.MAX_SAFE_INTEGER },
  );
  return all
    .filter(({ name, revoked_at, live_until }) =>
      named === undefined
        ? revoked_at === null && (live_until ?? 0) >= nowMs
        : revoked_at === null && named.includes(name),
    )
    .map(({ name }) => name);
}

async function rowOf(tx: Records, name: string): Promise<ScheduleRow> {
  const row = await tx.schedules.find(name);
  if (row !== undefined) return row;
  throw new HoldfastError('object_not_found', `there is no schedule ${name}`, {
    hint: 'holdfast schedule list shows them all',
  });
}
