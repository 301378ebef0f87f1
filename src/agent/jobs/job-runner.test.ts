import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { HoldfastError, silentLog, systemClock } from '../../base/index.ts';
import { type JobOutcome, type JobReport, maxOpenJobs, type OpenJob } from '../../enrol/index.ts';
import { JobRunner } from './job-runner.ts';

type Told = Omit<JobReport, 'version'>;

/** A machine whose agent can be begun again, and whose server keeps what it is told. */
class Machine implements AsyncDisposable {
  readonly directory: string;
  readonly told: Told[] = [];
  readonly ran: number[] = [];
  /** What the server answers; a job that was stopped is over. */
  answer: (report: Told) => Promise<boolean> = async () => true;
  run: (signal: AbortSignal) => Promise<JobOutcome> = async () => ({ result: 'done', exit: 0 });

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Machine> {
    return new Machine(await mkdtemp(join(tmpdir(), 'holdfast-jobs-')));
  }

  agent(): JobRunner {
    return new JobRunner({
      directory: this.directory,
      home: this.directory,
      clock: systemClock,
      log: silentLog,
      allow: async () => ['backup'],
      run: async (order, signal) => {
        this.ran.push(order.kind === 'backup' ? Number(order.set) : 0);
        return await this.run(signal);
      },
      report: async (report) => {
        const isWanted = await this.answer(report);
        this.told.push(report);
        return isWanted;
      },
    });
  }

  results(): (string | undefined)[] {
    return this.told.map(({ outcome }) => outcome?.result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}

const created = '2026-11-30T08:00:00.000Z';
const job = (id: number, more: Partial<OpenJob> = {}): OpenJob => ({
  id,
  created,
  by: 'admin/ann',
  order: { kind: 'backup', set: String(id) },
  begun: false,
  stop: false,
  ...more,
});

async function take(agent: JobRunner, ...jobs: OpenJob[]): Promise<void> {
  await agent.take(jobs);
  await agent.idle();
}

test('a job is done once, whatever a server says again, also to an agent that was begun anew', async () => {
  await using machine = await Machine.open();
  const agent = machine.agent();
  await take(agent, job(1), job(2));
  assert.deepEqual(
    [machine.ran, machine.results()],
    [
      [1, 2],
      [undefined, 'done', undefined, 'done'],
    ],
  );
  machine.told.length = 0;
  await take(agent, job(1), job(2, { begun: true }));
  await take(machine.agent(), job(1));
  assert.deepEqual(machine.ran, [1, 2]);
  assert.deepEqual(machine.results(), ['done', 'done', 'done']);
  // A server that was restored gives numbers again: another moment is another job.
  await take(agent, job(1, { created: '2026-12-01T08:00:00.000Z' }));
  assert.deepEqual(machine.ran, [1, 2, 1]);
});

test('what was cut off is told as that, and not begun again', async () => {
  await using machine = await Machine.open();
  const hangs = Promise.withResolvers<JobOutcome>();
  const running = Promise.withResolvers<void>();
  machine.run = async () => {
    running.resolve();
    return await hangs.promise;
  };
  const killed = machine.agent();
  await killed.take([job(1)]);
  await running.promise;
  machine.told.length = 0;
  await take(machine.agent(), job(1, { begun: true }), job(2, { begun: true }));
  assert.deepEqual(machine.ran, [1]);
  const told = machine.told.map(({ id, outcome }) => `${id} ${outcome?.result} ${outcome?.code}`);
  assert.deepEqual(told.toSorted(), ['1 failed interrupted', '2 failed interrupted']);
  hangs.resolve({ result: 'done' });
  await killed.idle();
});

test('what was cut off and is over at the server is told too, and what is over there ends', async () => {
  await using machine = await Machine.open();
  const hangs = Promise.withResolvers<JobOutcome>();
  machine.run = async (signal) => {
    await Promise.race([hangs.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    return { result: 'failed', exit: 130 };
  };
  const killed = machine.agent();
  await killed.take([job(1)]);
  while (machine.ran.length === 0) await setImmediate();
  machine.told.length = 0;
  await take(machine.agent());
  assert.deepEqual([machine.ran, machine.told.map(({ outcome }) => outcome?.code)], [[1], ['interrupted']]);
  await take(killed);
  assert.equal(machine.told.at(-1)?.outcome?.result, 'stopped');
});

test('what cannot be told is told later; what cannot be begun is begun later', async () => {
  await using machine = await Machine.open();
  const agent = machine.agent();
  const down = new HoldfastError('connection_lost', 'no line');
  machine.answer = async () => {
    throw down;
  };
  await take(agent, job(1));
  assert.deepEqual(machine.ran, []);
  machine.answer = async ({ outcome }) => {
    if (outcome === undefined) return true;
    throw down;
  };
  await take(agent, job(1));
  assert.deepEqual([machine.ran, machine.results()], [[1], [undefined]]);
  machine.answer = async () => true;
  await take(agent);
  assert.deepEqual([machine.ran, machine.results()], [[1], [undefined, 'done']]);
});

test('a job that is over when it is to begin is not begun, and one that is stopped ends', async () => {
  await using machine = await Machine.open();
  const agent = machine.agent();
  machine.answer = async () => false;
  await take(agent, job(1));
  assert.deepEqual([machine.ran, machine.results()], [[], [undefined]]);
  machine.answer = async () => true;
  machine.run = async (signal) => {
    await agent.take([job(2, { begun: true, stop: true })]);
    return { result: signal.aborted ? 'failed' : 'done', exit: 130 };
  };
  await take(agent, job(2));
  assert.equal(machine.told.at(-1)?.outcome?.result, 'stopped');
});

test('more jobs than a server may have open are not taken, and a damaged record is no empty one', async () => {
  await using machine = await Machine.open();
  const agent = machine.agent();
  const many = Array.from({ length: 3 * maxOpenJobs }, (_, at) => job(at + 1));
  await take(agent, ...many);
  assert.equal(machine.ran.length, maxOpenJobs);
  const path = join(machine.directory, 'jobs.json');
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -9));
  await assert.rejects(agent.take([job(1)]), { code: 'settings_invalid' });
  assert.equal(machine.ran.length, maxOpenJobs);
});
