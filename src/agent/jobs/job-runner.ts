import { type Clock, isHoldfastError, type Log } from '../../base/index.ts';
import {
  type JobOrder,
  type JobOutcome,
  type JobReport,
  maxOpenJobs,
  type OpenJob,
} from '../../enrol/index.ts';
import { allowedJob } from './allowed-job.ts';
import { forgetJob, isSameJob, type KeptJob, keepJob, readJobs } from './job-file.ts';

/** What does the jobs of a server. */
export interface JobRunnerOptions {
  /** Of the node. */
  readonly directory: string;
  readonly home: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What the owner of this machine allows now. */
  readonly allow: () => Promise<readonly string[]>;
  /** Does what is allowed, in a process of its own, until it is done or the signal ends it. */
  readonly run: (order: JobOrder, signal: AbortSignal) => Promise<JobOutcome>;
  /** Says something to the server; gives whether it still wants that. */
  readonly report: (report: Omit<JobReport, 'version'>) => Promise<boolean>;
}

const maxMessageLength = 500;

/** What came of one whose agent was killed. */
const lost: JobOutcome = {
  result: 'failed',
  code: 'interrupted',
  message: 'the agent of this machine ended while it was under way',
};

/**
 * Does what the server of this machine wants and its owner allows: each job once, whatever is said again, and one at a time, so that
 * none changes the ground under the next. What each came to is kept until the server knows it.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  /** In the order in which they came; the first one is done now. */
  readonly #queue: OpenJob[] = [];
  #working: Promise<void> | undefined;
  #ending: AbortController | undefined;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** Takes all that a server says is not over: what is new is queued, what is to end or is over is ended, what was done is told again. */
  async take(jobs: readonly OpenJob[]): Promise<void> {
    const kept = await readJobs(this.#options.directory);
    const [current] = this.#queue;
    if (current !== undefined && !jobs.some((each) => isSameJob(each, current))) this.#ending?.abort();
    for (const job of jobs) {
      if (this.#queue.some((each) => isSameJob(each, job))) {
        if (job.stop && current !== undefined && isSameJob(current, job)) this.#ending?.abort();
        continue;
      }
      const known = kept.find((each) => isSameJob(each, job));
      if (known !== undefined || job.begun) await this.#settle(job, known);
      else if (this.#queue.length < maxOpenJobs) this.#queue.push(job);
    }
    this.#working ??= this.#workOff();
  }

  /** Whether nothing is done now. */
  get isIdle(): boolean {
    return this.#working === undefined;
  }

  /** Resolves when nothing is done. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** One that was begun before: what it came to, or that nobody knows. */
  async #settle(job: OpenJob, known: KeptJob | undefined): Promise<void> {
    const { outcome = lost } = known ?? {};
    await this.#keep(job, { outcome, begun: known?.begun });
  }

  async #workOff(): Promise<void> {
    try {
      await this.#tellAll();
      for (let [job] = this.#queue; job !== undefined; [job] = this.#queue) {
        try {
          await this.#do(job);
        } finally {
          this.#queue.shift();
        }
      }
    } catch (error) {
      // What is left comes again with what the server says next.
      this.#queue.length = 0;
      this.#options.log.warn('jobs of the server wait until it is heard of again', { error });
    } finally {
      this.#working = undefined;
    }
  }

  async #do(job: OpenJob): Promise<void> {
    const { log, directory, report } = this.#options;
    const about = { job: job.id, by: job.by, order: job.order };
    const allowed = await this.#allowed(job);
    if ('result' in allowed) {
      await this.#tell(await this.#keep(job, { outcome: allowed }));
      return log.warn('a job of the server was refused', { ...about, message: allowed.message });
    }
    await this.#keep(job, {});
    const isWanted = await this.#orForget(job, () => report({ id: job.id, created: job.created }));
    if (!isWanted) return await forgetJob(directory, job);
    log.info('a job of the server begins', about);
    const outcome = await this.#run(allowed);
    await this.#tell(await this.#keep(job, { outcome }));
    log.info('a job of the server has ended', { ...about, ...outcome });
  }

  async #allowed(job: OpenJob): Promise<JobOrder | JobOutcome> {
    const { allow, home } = this.#options;
    try {
      return await allowedJob(job.order, { allow: await allow(), home });
    } catch (error) {
      if (!isHoldfastError(error, 'job_not_allowed')) throw error;
      return { result: 'refused', code: error.code, message: error.message.slice(0, maxMessageLength) };
    }
  }

  /** What was not begun is begun another time. */
  async #orForget(job: OpenJob, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      await forgetJob(this.#options.directory, job);
      throw error;
    }
  }

  async #run(order: JobOrder): Promise<JobOutcome> {
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    try {
      const outcome = await this.#options.run(order, signal);
      return signal.aborted && outcome.result === 'failed' ? { ...outcome, result: 'stopped' } : outcome;
    } finally {
      this.#ending = undefined;
    }
  }

  async #keep(
    { id, created, by, order }: Pick<OpenJob, 'id' | 'created' | 'by' | 'order'>,
    { outcome, begun }: { readonly outcome?: JobOutcome; readonly begun?: string | undefined },
  ): Promise<KeptJob> {
    const { directory, clock } = this.#options;
    const at = begun ?? new Date(clock.now()).toISOString();
    const kept = { id, created, by, order, begun: at, told: false, ...(outcome && { outcome }) };
    await keepJob(directory, kept);
    return kept;
  }

  /** Tells the server what it does not know yet; while none is done, one without an end was cut off. */
  async #tellAll(): Promise<void> {
    for (const job of await readJobs(this.#options.directory)) {
      if (job.told) continue;
      await this.#tell(
        job.outcome === undefined ? await this.#keep(job, { outcome: lost, begun: job.begun }) : job,
      );
    }
  }

  /** What cannot be told now is told later. */
  async #tell(job: KeptJob): Promise<void> {
    const { directory, report, log } = this.#options;
    const { id, created, outcome } = job;
    try {
      await report({ id, created, ...(outcome && { outcome }) });
      await keepJob(directory, { ...job, told: true });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      log.warn('the server does not know yet what a job came to', { job: id, error });
    }
  }
}
