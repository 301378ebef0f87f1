import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLog, dayMs, hourMs, isHoldfastError, ManualClock, minuteMs } from '../../base/index.ts';
import { holdAgent } from './agent-lock.ts';
import type { BackupSet } from './backup-set.ts';
import type { Surroundings } from './conditions.ts';
import { reportSets } from './report-sets.ts';
import { beginAttempt, keepSetAttempt, readAttempts, resultOf } from './set-attempts.ts';
import { changeSets } from './set-file.ts';
import { type RunEnd, SetRunner } from './set-runner.ts';

const start = Date.parse('2027-03-27T12:00:00Z');

const set = (name: string, more: Partial<BackupSet> = {}): BackupSet => ({
  id: `${name}-abcdef`,
  name,
  added: new Date(start).toISOString(),
  paths: ['/data'],
  every: '6h',
  zone: 'Europe/Berlin',
  spreadMs: 0,
  exclude: [],
  excludeFile: [],
  excludeCaches: true,
  tag: [],
  hookLimitMs: hourMs,
  ...more,
});

let directory: string;
let clock: ManualClock;
let machine: { onMains: boolean; metered: boolean };
/** What the log says, one JSON line each. */
let told: string[];
/** Runs that go on, by the name of their set: calling one ends it. */
let going: Map<string, (result: 'ok' | 'failed') => Promise<void>>;
/** `2027-03-28T00:30 documents`, of each run that began. */
let begun: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-runner-'));
  clock = new ManualClock(start);
  machine = { onMains: true, metered: false };
  [told, begun, going] = [[], [], new Map()];
});
afterEach(() => rmSync(directory, { recursive: true }));

function newRunner(): SetRunner {
  const around = (nowMs: number): Surroundings => ({
    nowMs,
    isOnMains: async () => machine.onMains,
    isMetered: async () => machine.metered,
  });
  const run = async (one: BackupSet): Promise<RunEnd> => {
    const attempt = await beginAttempt(directory, one, clock.now());
    begun.push(`${attempt.begun.slice(0, 16)} ${one.name}`);
    const ended = Promise.withResolvers<RunEnd>();
    going.set(one.name, async (result) => {
      const outcome = { ended: new Date(clock.now()).toISOString(), result };
      await keepSetAttempt(directory, one, { ...attempt, outcome });
      going.delete(one.name);
      ended.resolve({ came: result, isSaved: result === 'ok' });
    });
    return await ended.promise;
  };
  const log = createLog({ destination: { write: (line: string) => void told.push(line) } });
  return new SetRunner({ directory, machine: 'here', clock, log, around, run });
}

const keep = (...sets: BackupSet[]): Promise<void> => changeSets(directory, () => sets);

/** Lets a runner keep the time for so long, asking it at each of so many minutes, and ends each run as soon as it has begun. */
async function pass(runner: SetRunner, ms: number, stepMs = minuteMs): Promise<void> {
  const until = clock.now() + ms;
  while (clock.now() < until) {
    assert.ok((await runner.tick()) <= minuteMs);
    await allBegun(runner);
    clock.advance(stepMs);
  }
}

async function allBegun(runner: SetRunner): Promise<void> {
  const idle = runner.idle();
  while ((await Promise.race([idle.then(() => 'idle'), endAll()])) !== 'idle');
}

/** What has just begun is on record a moment later. */
async function endAll(): Promise<string> {
  await new Promise(setImmediate);
  for (const end of going.values()) await end('ok');
  return 'ended';
}

describe('what runs the sets', () => {
  it('begins each when its time comes, and never twice, over a night on which the clock is set', async () => {
    await keep(set('daily', { every: 'daily 02:30' }), set('often'));
    const runner = newRunner();
    await pass(runner, 2 * dayMs, 30 * minuteMs);
    assert.deepEqual(
      begun.filter((each) => each.endsWith(' daily')),
      ['2027-03-28T01:00 daily', '2027-03-29T00:30 daily'],
    );
    const often = begun.filter((each) => each.endsWith(' often'));
    assert.equal(often.length, 8, often.join());
  });

  it('makes up once for what a machine missed that slept', async () => {
    await keep(set('daily', { every: 'daily 02:30' }));
    const runner = newRunner();
    await pass(runner, dayMs, 30 * minuteMs);
    begun = [];
    clock.advance(10 * dayMs);
    await pass(runner, hourMs);
    assert.equal(begun.length, 1);
    await pass(runner, dayMs, 30 * minuteMs);
    assert.equal(begun.length, 2);
  });

  it('waits as the conditions of a set say, says why once, and begins as soon as they hold', async () => {
    await keep(set('laptop', { onMains: true, unmetered: true, between: '22:00-06:00' }));
    machine = { onMains: false, metered: true };
    const runner = newRunner();
    await pass(runner, hourMs);
    assert.deepEqual(reasons(), ['it is not between 22:00 and 06:00 (Europe/Berlin)']);
    // 22:00 in Berlin.
    clock.advance(Date.parse('2027-03-27T21:00:00Z') - clock.now());
    await pass(runner, 5 * minuteMs);
    machine.onMains = true;
    await pass(runner, 5 * minuteMs);
    assert.deepEqual(reasons().slice(1), [
      'this machine runs on its battery',
      'the line of this machine is metered',
    ]);
    assert.deepEqual(begun, []);
    machine.metered = false;
    await pass(runner, 2 * minuteMs);
    assert.equal(begun.length, 1);
  });

  it('runs two at once, the one first that waits longest, and the next when one has ended', async () => {
    await keep(set('a', { every: '1h' }), set('b', { every: '2h' }), set('c', { every: '3h' }));
    const runner = newRunner();
    await runner.tick();
    while (going.size < 2) await new Promise(setImmediate);
    await runner.tick();
    assert.deepEqual([...going.keys()].sort(), ['a', 'b']);
    const ended = runner.ended();
    await going.get('a')?.('failed');
    await ended;
    await runner.tick();
    while (going.size < 2) await new Promise(setImmediate);
    assert.deepEqual([...going.keys()].sort(), ['b', 'c']);
    await allBegun(runner);
  });

  it('leaves alone what another process runs, and begins soon what was cut off', async () => {
    const one = set('documents');
    await keep(one);
    const attempt = await beginAttempt(directory, one, clock.now());
    const runner = newRunner();
    await pass(runner, 7 * hourMs, 30 * minuteMs);
    assert.deepEqual(begun, []);
    await keepSetAttempt(directory, one, { ...attempt, process: '999999999 1 gone' }).catch(() => {});
    writeFileSync(
      join(directory, 'sets', `${one.id}.json`),
      JSON.stringify({ format: 1, attempts: [{ ...attempt, process: '999999999 1 gone' }] }),
    );
    await pass(runner, minuteMs);
    assert.equal(begun.length, 1);
    assert.deepEqual((await readAttempts(directory, one)).map(resultOf), ['cut off', 'ok']);
  });

  it('does not begin again and again what ends without being on record, and knows what it ended with', async () => {
    await keep(set('broken'));
    let times = 0;
    const log = createLog({ destination: { write: () => {} } });
    const around = (nowMs: number): Surroundings => ({
      nowMs,
      isOnMains: async () => true,
      isMetered: async () => false,
    });
    let error: RunEnd['error'] = { code: 'storage_full', message: 'no space left' };
    const run = async (): Promise<RunEnd> => ({ came: `exit code ${++times}`, isSaved: false, error });
    const runner = new SetRunner({ directory, machine: 'here', clock, log, around, run });
    await pass(runner, hourMs);
    assert.equal(times, 6);
    const report = async (): Promise<unknown[]> => {
      const unrecorded = runner.unrecorded.bind(runner);
      const options = { directory, machine: 'here', around: around(clock.now()), unrecorded };
      return (await reportSets(options)).sets.map(({ state, last }) => [state, last?.result, last?.code]);
    };
    assert.deepEqual(await report(), [['failed', 'failed', 'storage_full']]);
    error = undefined;
    await pass(runner, hourMs);
    assert.deepEqual(await report(), [['never', undefined, undefined]]);
  });

  it('goes on while its file is damaged, and with what is in it when it is whole again', async () => {
    const runner = newRunner();
    writeFileSync(join(directory, 'sets.json'), '{');
    await pass(runner, 10 * minuteMs);
    assert.equal(told.length, 1, told.join());
    rmSync(join(directory, 'sets.json'));
    await keep(set('documents'));
    await pass(runner, minuteMs);
    assert.equal(begun.length, 1);
  });
});

function reasons(): string[] {
  return told
    .map((line) => (JSON.parse(line) as { reason?: string }).reason)
    .filter((each) => each !== undefined);
}

describe('the agent of a home', () => {
  it('is one process, until that ends', async () => {
    {
      await using _first = await holdAgent(directory, start);
      await assert.rejects(holdAgent(directory, start), (error) => {
        assert.ok(isHoldfastError(error, 'agent_running'));
        assert.match(error.message, new RegExp(`^process ${process.pid} is the agent here`));
        return true;
      });
    }
    writeFileSync(
      join(directory, 'agent.json'),
      JSON.stringify({ format: 1, process: '999999999 1 gone', begun: '2027-01-01T00:00:00Z' }),
    );
    await using _second = await holdAgent(directory, start);
  });
});
