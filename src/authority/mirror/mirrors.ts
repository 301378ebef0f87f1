import { setTimeout as sleep } from 'node:timers/promises';
import { isHoldfastError, type Log } from '../../base/index.ts';
import type { Mirroring } from './check-mirrors.ts';
import type { LogMirror } from './log-mirror.ts';
import { MirrorWriter } from './mirror-writer.ts';
import { KnownIssuers } from './mirrored-lines.ts';

/** How a mirror is. */
export interface MirrorState {
  readonly name: string;
  /** The last record that it has; 0 when that is not known. */
  readonly sequence: number;
  /** Whether it can be read and has everything that was recorded when this was asked. */
  readonly current: boolean;
  /** Why it could not be written or read the last time. */
  readonly problem?: string;
}

/** Written this soon after a commit, and looked at this often for a newer copy of the authority when there is none. */
const pollEveryMs = 500;
const lookEveryMs = 3000;

interface Tracked {
  readonly mirror: LogMirror;
  sequence: number;
  problem: string | undefined;
  /** What of that was said in a log. */
  said: string | undefined;
  lookedAt: number;
  busy: Promise<void> | undefined;
}

/** The copies of the log outside this home, and what they say about other copies of this authority. */
export class Mirrors {
  readonly #context: Mirroring;
  readonly #tracked: readonly Tracked[];
  readonly #writers = new Map<Tracked, Promise<MirrorWriter>>();

  private constructor(context: Mirroring, written: ReadonlyMap<string, number>) {
    this.#context = context;
    this.#tracked = context.upkeep.mirrors.map((mirror) => ({
      mirror,
      sequence: written.get(mirror.name) ?? 0,
      problem: undefined,
      said: undefined,
      lookedAt: Number.NEGATIVE_INFINITY,
      busy: undefined,
    }));
  }

  /** How far each was written the last time is on record, by this process or one before. */
  static async of(context: Mirroring): Promise<Mirrors> {
    const written = await Promise.all(
      context.upkeep.mirrors.map(async ({ name }) => {
        const row = await context.records.mirrors.find(name);
        return [name, row?.sequence ?? 0] as const;
      }),
    );
    return new Mirrors(context, new Map(written));
  }

  /** Whether there are any. */
  get configured(): boolean {
    return this.#tracked.length > 0;
  }

  /** How each one was the last time. */
  states(): MirrorState[] {
    const head = this.#head();
    return this.#tracked.map(({ mirror, sequence, problem }) => ({
      name: mirror.name,
      sequence,
      current: problem === undefined && sequence >= head,
      problem,
    }));
  }

  /**
   * Writes what the mirrors do not have, and waits for at most `deadlineMs`. A mirror that cannot be written does not
   * fail this, it says so. Looks at every mirror at least once, for a newer copy of this authority.
   */
  async flush(deadlineMs: number): Promise<MirrorState[]> {
    const until = performance.now() + deadlineMs;
    const head = this.#head();
    const all = Promise.all(this.#tracked.map((each) => this.#bring(each, head, until)));
    const timeout = new AbortController();
    await Promise.race([
      all,
      sleep(deadlineMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    return this.states().map((state, index) => this.#withLate(state, index));
  }

  /** Ends what is under way: a mirror that does not answer must not keep a process from ending. */
  close(): void {
    for (const { mirror } of this.#tracked) mirror.close?.();
  }

  #withLate(state: MirrorState, index: number): MirrorState {
    const isLate = this.#tracked[index]?.busy !== undefined && !state.current && state.problem === undefined;
    return isLate ? { ...state, problem: 'it has not answered yet' } : state;
  }

  /**
   * Keeps the mirrors up to date until the returned function is called: within a second after each commit, whoever
   * made it. What cannot be written is said in `log` when it begins and when it is over.
   */
  keepUp(log: Log): () => void {
    const timer = setInterval(() => {
      const head = this.#head();
      for (const each of this.#tracked) this.#keepUpOne(each, head, log);
    }, pollEveryMs).unref();
    return () => clearInterval(timer);
  }

  #keepUpOne(each: Tracked, head: number, log: Log): void {
    const isDue = each.sequence < head || performance.now() - each.lookedAt >= lookEveryMs;
    if (!isDue || each.busy !== undefined) return;
    if (each.problem !== undefined && performance.now() - each.lookedAt < lookEveryMs) return;
    void this.#write(each).then(() => {
      if (each.problem === each.said) return;
      each.said = each.problem;
      const fields = { mirror: each.mirror.name };
      if (each.problem === undefined) log.info('the log mirror can be written again', fields);
      else log.warn('the log mirror cannot be written', { ...fields, problem: each.problem });
    });
  }

  async #bring(each: Tracked, head: number, until: number): Promise<void> {
    if (each.busy !== undefined) await each.busy;
    let before: number;
    do {
      before = each.sequence;
      await this.#write(each);
      // One that may not work any more writes nothing, however often it is asked.
    } while (
      each.sequence < head &&
      each.sequence !== before &&
      each.problem === undefined &&
      performance.now() < until
    );
  }

  /** One write at a time for each mirror; who comes meanwhile waits for that one. */
  #write(each: Tracked): Promise<void> {
    each.busy ??= this.#writeOnce(each).finally(() => {
      each.busy = undefined;
    });
    return each.busy;
  }

  async #writeOnce(each: Tracked): Promise<void> {
    // The last record of one that was moved away belongs on the mirrors too.
    if (!['ready', 'retired'].includes(this.#context.present.state.standing)) return;
    try {
      const writer = await this.#writerOf(each);
      each.sequence = (await writer.write()) ?? each.sequence;
      each.problem = undefined;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      each.problem = problemOf(error);
    } finally {
      each.lookedAt = performance.now();
    }
  }

  #writerOf(each: Tracked): Promise<MirrorWriter> {
    const known = this.#writers.get(each);
    if (known !== undefined) return known;
    const made = KnownIssuers.of(this.#context.records).then(
      (issuers) => new MirrorWriter(this.#context, each.mirror, issuers),
    );
    this.#writers.set(each, made);
    return made;
  }

  #head(): number {
    return this.#context.present.head.sequence;
  }
}

/** What went wrong and, where that is known, what is to be done. */
function problemOf(error: Error): string {
  const hint = isHoldfastError(error) ? error.hint : undefined;
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}
