import {
  connectNode,
  forgetSet,
  JobRunner,
  keepSentSets,
  OrderLine,
  openNode,
  readNodeState,
  sentSetId,
} from '../../agent/index.ts';
import { isErrorCode, type Log } from '../../base/index.ts';
import type { JobOrder, JobOutcome } from '../../enrol/index.ts';
import { parseClientPolicy } from '../../policy/index.ts';
import { Line } from '../../transport/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { exitCode } from '../program/failure.ts';
import { runSelf, type SelfResult } from '../program/run-self.ts';

/** What the server of this machine wants, done as far as its owner allows. */
export class OrdersOfServer {
  readonly #line: OrderLine;
  readonly #runner: JobRunner;
  #changed = Promise.withResolvers<void>();

  constructor(context: Context, { path, node: directory }: Home, log: Log) {
    const { clock, signal } = context;
    this.#runner = new JobRunner({
      directory,
      home: path,
      clock,
      log,
      allow: async () => parseClientPolicy((await readNodeState(directory))?.client ?? {})['agent.allow'],
      run: (order, ending) => runJob({ ...context, signal: AbortSignal.any([signal, ending]) }, order),
      report: (report) => this.#line.report(report),
    });
    this.#line = new OrderLine({
      connect: async () => connectNode(await openNode(directory), { clock, log, signal, line: new Line() }),
      take: async ({ jobs, sets = [] }) => {
        if (await takeSets(directory, sets)) this.#sayChanged();
        await this.#runner.take(jobs);
      },
      log,
      signal,
    });
  }

  /** Whether nothing is done for the server now. */
  get isIdle(): boolean {
    return this.#runner.isIdle;
  }

  /** Resolves when the server sends other sets than before. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Holds the line until the agent is to end, and what is done has ended. */
  async hold(): Promise<void> {
    await this.#line.hold();
    await this.#runner.idle();
  }

  #sayChanged(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Keeps the sets that the server sends, and gives whether they are others than before; of one that it sends no more its snapshots are left. */
async function takeSets(directory: string, sets: readonly unknown[]): Promise<boolean> {
  const { isChanged, gone } = await keepSentSets(directory, sets);
  for (const { id } of gone) await forgetSet(directory, { id: sentSetId(id) });
  return isChanged;
}

async function runJob(context: Context, order: JobOrder): Promise<JobOutcome> {
  return outcomeOf(await runSelf(context, wordsOf(order)));
}

/** What is said of a job cannot be taken for an option: each value stands beside one, or has a form that no option has. */
function wordsOf(order: JobOrder): string[] {
  if (order.kind === 'backup') return ['set', 'run', order.set];
  if (order.kind === 'check') return ['check', ...(order.readData ? ['--read-data'] : [])];
  if (order.kind === 'grant') return ['grant', 'seal', String(order.grant)];
  const { snapshot, target, include, overwrite } = order;
  return [
    'restore',
    snapshot,
    `--target=${target}`,
    ...include.map((pattern) => `--include=${pattern}`),
    ...(overwrite ? ['--overwrite=always'] : []),
  ];
}

const maxMessageLength = 500;

function outcomeOf({ code: exit, error, value, came }: SelfResult): JobOutcome {
  const { snapshot, files, bytes } = Object(value) as Readonly<Record<string, unknown>>;
  const told = {
    exit,
    ...(typeof snapshot === 'string' && /^[0-9a-f]{64}$/.test(snapshot) && { snapshot }),
    ...(typeof files === 'number' && { files }),
    ...(typeof bytes === 'number' && { bytes }),
  };
  if (exit === exitCode.done) return { result: 'done', ...told };
  if (exit === exitCode.someFilesUnread) return { result: 'partial', ...told };
  const message = (error?.message ?? came).slice(0, maxMessageLength);
  return { result: 'failed', ...told, ...(isErrorCode(error?.code) && { code: error?.code }), message };
}
