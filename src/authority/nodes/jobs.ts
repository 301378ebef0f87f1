import { type Clock, dayMs, HoldfastError, minuteMs } from '../../base/index.ts';
import { type JobOrder, type JobOutcome, maxOpenJobs } from '../../enrol/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import type { JobRow, Records } from '../records/index.ts';
import { checkStanding, type Present } from '../standing/index.ts';
import { checkLiveClient } from './live-client.ts';

/** A job of a client, as it stands. */
export interface Job {
  readonly id: number;
  /** Of the client. */
  readonly node: string;
  readonly order: JobOrder;
  readonly by: string;
  readonly createdAt: Date;
  /** From then on it is not begun. */
  readonly expiresAt: Date;
  readonly begunAt: Date | undefined;
  /** Who has told it to end, and when. */
  readonly stoppedBy: string | undefined;
  readonly stoppedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly outcome: JobEnd | undefined;
  readonly state: 'waiting' | 'running' | 'stopping' | 'expired' | JobEnd['result'];
}

/** What a job came to: as its client says, or `lost` where that is not waited for any more. */
export type JobEnd = JobOutcome | { readonly result: 'lost'; readonly message: string };

/** What is to be done, by whom, and until when it may begin. */
export interface JobStart {
  readonly node: string;
  readonly order: JobOrder;
  readonly expiresAt: Date;
  readonly by: string;
}

/** What jobs are kept by. */
export interface JobsContext extends Recording {
  readonly present: Present;
  readonly clock: Clock;
}

/** Which job a client speaks of. */
interface JobClaim {
  /** The client that says it. */
  readonly node: string;
  readonly id: number;
  /** As it was told. */
  readonly created: string;
}

/** So long after a client was heard of last, what it had begun is lost. */
const lostAfterMs = 3 * dayMs;
/** Whether something is, is looked for so often. */
const lookForLostMs = minuteMs;

/** What clients are told to do, each once: on record from the word of an administrator to the word of the client. */
export class Jobs {
  readonly #context: JobsContext;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(context: JobsContext) {
    this.#context = context;
  }

  /** @throws HoldfastError `object_not_found` for a name that no client has, `job_queue_full` */
  async start({ node, ...start }: JobStart): Promise<Job> {
    checkStanding(this.#context);
    return await this.#context.records.transaction(async (tx) => {
      await checkLiveClient(tx, node);
      const id = await recordJob(tx, this.#context, { node, ...start });
      return this.#read(await rowOf(tx, id));
    });
  }

  /**
   * Tells a job to end: one that has not begun is over by that, any other when its client says so.
   * @throws HoldfastError `object_not_found`, `job_over`
   */
  async stop(id: number, by: string): Promise<Job> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const row = await rowOf(tx, id);
      this.#checkOpen(row);
      const about = { job: id, identity: `client/${row.name}` };
      if (row.stopped_at === null) await log.decide(tx, kinds.jobStopped, { by, details: about });
      if (row.begun_at === null)
        await log.decide(tx, kinds.jobEnded, { by, details: { ...about, outcome: { result: 'stopped' } } });
      return this.#read(await rowOf(tx, id));
    });
  }

  /**
   * Ends a job without the word of its client, which does it no more once it hears of that.
   * @throws HoldfastError `object_not_found`, `job_over`
   */
  async giveUp(id: number, by: string): Promise<Job> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const row = await rowOf(tx, id);
      this.#checkOpen(row);
      const outcome: JobEnd =
        row.begun_at === null ? { result: 'stopped' } : { result: 'lost', message: `${by} has given it up` };
      await log.decide(tx, kinds.jobEnded, {
        by,
        details: { job: id, identity: `client/${row.name}`, outcome },
      });
      return this.#read(await rowOf(tx, id));
    });
  }

  /** Ends as lost what clients had begun that were not heard of since long ago; to be called every few seconds. */
  async endLost(): Promise<void> {
    const { records, clock, log } = this.#context;
    const nowMs = clock.now();
    if (Math.abs(nowMs - this.#lookedMs) < lookForLostMs) return;
    this.#lookedMs = nowMs;
    const silentSinceMs = nowMs - lostAfterMs;
    if ((await records.committed.jobs.silentSince(silentSinceMs)).length === 0) return;
    await records.transaction(async (tx) => {
      for (const { id, name } of await tx.jobs.silentSince(silentSinceMs)) {
        const identity = `client/${name}`;
        const message = `${identity} was not heard of for 3 days`;
        const details = { job: id, identity, outcome: { result: 'lost', message } as const };
        await log.decide(tx, kinds.jobEnded, { by: 'authority', details });
      }
    });
  }

  /**
   * Keeps that a client begins a job of its own; again is as once.
   * @throws HoldfastError `object_not_found` also for a job of another client, `job_over`
   */
  async begin(claim: JobClaim): Promise<void> {
    const { records, clock } = this.#context;
    checkStanding(this.#context);
    await records.transaction(async (tx) => {
      const row = await claimedRow(tx, claim);
      this.#checkOpen(row);
      await tx.jobs.begin(row.id, clock.now());
    });
  }

  /** Keeps what a client says of a job of its own; its first word stands, also where the job was lost. Errors: as {@link begin} */
  async end({ outcome, ...claim }: JobClaim & { readonly outcome: JobOutcome }): Promise<void> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    await records.transaction(async (tx) => {
      const row = await claimedRow(tx, claim);
      if (row.ended_at !== null && endOf(row)?.result !== 'lost') throw jobOver(row.id);
      const identity = `client/${row.name}`;
      await log.decide(tx, kinds.jobEnded, { by: identity, details: { job: row.id, identity, outcome } });
    });
  }

  /** What a client is to do as it is committed, the oldest first. */
  async openOf(node: string): Promise<Job[]> {
    const { records, clock } = this.#context;
    const rows = await records.committed.jobs.openOf(node, clock.now());
    return rows.map((row) => this.#read(row));
  }

  /** @throws HoldfastError `object_not_found` */
  async find(id: number): Promise<Job> {
    return this.#read(await rowOf(this.#context.records.committed, id));
  }

  /** The newest, those before one with a number when `before` names it; of one client where it is named. */
  async list({
    before = Number.MAX_SAFE_INTEGER,
    limit,
    node,
  }: {
    readonly before?: number;
    readonly limit: number;
    readonly node?: string;
  }): Promise<Job[]> {
    const rows = await this.#context.records.committed.jobs.before(before, limit, node);
    return rows.map((row) => this.#read(row));
  }

  #checkOpen(row: JobRow): void {
    const isExpired = row.begun_at === null && row.expires_at <= this.#context.clock.now();
    if (row.ended_at !== null || isExpired) throw jobOver(row.id);
  }

  #read(row: JobRow): Job {
    const outcome = endOf(row);
    return {
      id: row.id,
      node: row.name,
      order: JSON.parse(row.job_order) as JobOrder,
      by: row.created_by,
      createdAt: new Date(row.created_at),
      expiresAt: new Date(row.expires_at),
      begunAt: dateOf(row.begun_at),
      stoppedBy: row.stopped_by ?? undefined,
      stoppedAt: dateOf(row.stopped_at),
      endedAt: dateOf(row.ended_at),
      outcome,
      state: outcome?.result ?? this.#openState(row),
    };
  }

  #openState({ begun_at, expires_at, stopped_at }: JobRow): Job['state'] {
    if (begun_at === null) return expires_at <= this.#context.clock.now() ? 'expired' : 'waiting';
    return stopped_at === null ? 'running' : 'stopping';
  }
}

/** Records a job of a client that is known to be there, and gives its number. @throws HoldfastError `job_queue_full` */
export async function recordJob(
  tx: Records,
  { log, clock }: Pick<JobsContext, 'log' | 'clock'>,
  { node, order, expiresAt, by }: JobStart,
): Promise<number> {
  const open = await tx.jobs.openOf(node, clock.now());
  if (open.length >= maxOpenJobs) throw queueFull(node);
  const job = await tx.jobs.nextId();
  const details = { job, identity: `client/${node}`, order, expires: expiresAt.toISOString() };
  await log.decide(tx, kinds.jobStarted, { by, details });
  return job;
}

function endOf({ outcome }: JobRow): JobEnd | undefined {
  return outcome === null ? undefined : (JSON.parse(outcome) as JobEnd);
}

function dateOf(atMs: number | null): Date | undefined {
  return atMs === null ? undefined : new Date(atMs);
}

async function rowOf(tx: Records, id: number): Promise<JobRow> {
  const row = await tx.jobs.find(id);
  if (row !== undefined) return row;
  throw new HoldfastError('object_not_found', `there is no job ${id}`, {
    hint: 'holdfast job list shows them all',
  });
}

/** Nobody learns of the jobs of others. */
async function claimedRow(tx: Records, { node, id, created }: JobClaim): Promise<JobRow> {
  const row = await tx.jobs.find(id);
  if (row?.name === node && new Date(row.created_at).toISOString() === created) return row;
  throw new HoldfastError('object_not_found', `client/${node} has no job ${id} of ${created}`);
}

function queueFull(node: string): HoldfastError {
  return new HoldfastError('job_queue_full', `client/${node} has ${maxOpenJobs} jobs that are not over`);
}

function jobOver(id: number): HoldfastError {
  return new HoldfastError('job_over', `job ${id} is over`);
}
