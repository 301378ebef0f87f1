import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { withFileLock } from '../src/base/index.ts';
import type { WordEntry } from '../src/cli/word.ts';
import { words } from '../src/cli/words.ts';
import {
  type DiskStep,
  diskSteps,
  endOf,
  killAtStep,
  oneOfEachKind,
  someOf,
  withoutDrawn,
} from './rig/disk-steps.ts';
import { startHoldfast } from './rig/holdfast-process.ts';
import { KillScene, quick } from './rig/kill-scene.ts';
import { Prng } from './rig/prng.ts';
import { runHere } from './rig/run-here.ts';
import {
  otherCommands,
  type Prepared,
  type WritingCommand,
  writingCommands,
} from './rig/writing-commands.ts';

/**
 * A campaign over every step: of `all` commands, or of those named, with commas; `join,recover:5` takes five steps of
 * each, `:kinds` one of each kind.
 */
const [campaign, stepsOfCampaign] = (process.env['HOLDFAST_TEST_KILLS'] ?? '').split(':');
const isCampaign = campaign !== undefined && campaign !== '';
const seed = process.env['HOLDFAST_TEST_SEED'] ?? String(randomInt(2 ** 31));
const sampledCommands = 2;
const most = isCampaign ? Number(stepsOfCampaign ?? Number.POSITIVE_INFINITY) : 2;

/** Says the command again and then what has to work after it; gives what lies in the folder in the end. */
async function finish(here: string, prepared: Prepared, step: string): Promise<string[]> {
  const { words, again = words, done = [], closed = [], after = [] } = prepared;
  const home = words[words.indexOf('--home') + 1] ?? '';
  await assertOpens(home, step, ['node_not_joined', 'home_missing', ...closed]);
  // In a process of its own: what one has listed of a folder it does not list again.
  await using program = startHoldfast(again, { env: { HOME: here } });
  const { code, stderr } = await endOf(program, prepared, () => void program.stop());
  const isDone = code === 0 || done.some((each) => stderr.includes(`[${each}]`));
  assert.ok(isDone, `${step}: again, ${again.join(' ')} says ${stderr}`);
  for (const each of after) await quick(each);
  await assertOpens(home, step);
  return await filesIn(here);
}

/** A home of which nothing is half. */
async function assertOpens(home: string, step: string, mayBe: readonly string[] = []): Promise<void> {
  const checks = existsSync(join(home, 'authority')) ? [['audit', 'verify'], ['status']] : [['status']];
  for (const words of checks) {
    const { code, error } = await runHere([...words, '--home', home], process.env);
    const opens = code === 0 || mayBe.includes(error?.code ?? '');
    assert.ok(opens, `${step}: ${words.join(' ')} of ${home} says ${error?.code}: ${error?.message}`);
  }
}

/**
 * Names with what is drawn by lot taken out, once something was written beside the keys and the records of each home: the
 * next process that does so takes away what was left there, whatever it writes. A lock is taken by who needs it next.
 */
async function filesIn(here: string): Promise<string[]> {
  // This process has looked at most of them before, and at none that is called so.
  for (const folder of globSync('**/{node,authority}', { cwd: here }))
    await withFileLock(join(here, folder) + '/./next.lock', async () => {});
  const names = globSync(['**/*', '**/.*'], { cwd: here }).filter(
    (name) => !/\/store\/|^(?:repo|copy)\/|\.lock$|\/lock\.db\.pid$/.test(name),
  );
  return [...new Set(names.map(withoutDrawn))].sort();
}

describe(`a command that writes a key or a record, seed ${seed}`, () => {
  let scene: KillScene;
  before(async () => {
    scene = await KillScene.start();
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const prng = new Prng(seed);
  for (const command of chosen(prng)) {
    it(`can be killed at any step: ${command.name}`, async (t) => {
      const here = scene.copy();
      const prepared = await command.prepare(here, scene);
      const steps = await diskSteps({ ...prepared, cwd: here });
      const expected = await finish(here, prepared, 'not killed');
      const faults: string[] = [];
      let kills = 0;
      for (const step of toKill(steps, prng)) {
        const fault = await killOnce(scene, command, step, expected);
        if (fault !== undefined) kills++;
        if (fault) faults.push(fault);
      }
      t.diagnostic(`${command.name}: ${kills} kills of ${steps.length} steps, ${faults.length} faults`);
      assert.deepEqual(faults, []);
    });
  }
});

/** What is wrong after a kill: nothing when it is empty; undefined when the command ended before that step. */
async function killOnce(
  scene: KillScene,
  command: WritingCommand,
  step: DiskStep,
  expected: readonly string[],
): Promise<string | undefined> {
  const here = scene.copy();
  const prepared = await command.prepare(here, scene);
  const wasKilled = await killAtStep(step, { ...prepared, cwd: here });
  const said = `${command.name} killed at ${step.isMain ? 'main ' : ''}${step.kind}, number ${step.nth}`;
  try {
    const files = await finish(here, prepared, said);
    const left = files.filter((file) => !expected.includes(file));
    // What a cache has not, it fetches when it is needed.
    const missing = expected.filter((file) => !files.includes(file) && !file.includes('/cache/'));
    assert.ok(left.length + missing.length === 0, `${said}: ${JSON.stringify({ left, missing })}`);
    rmSync(here, { recursive: true });
    return wasKilled ? '' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every command, as it is called. */
function commandNames(entries: readonly WordEntry[] = words, before: readonly string[] = []): string[] {
  return entries.flatMap((entry) => {
    const called = [...before, entry.name];
    return entry.words === undefined ? [called.join(' ')] : commandNames(entry.words, called);
  });
}

it('every command is killed here, or is one that writes no key and no record', () => {
  const names = [...writingCommands.map(({ name }) => name), ...Object.keys(otherCommands)];
  assert.deepEqual([...new Set(names)].sort(), commandNames().sort());
});

function chosen(prng: Prng): WritingCommand[] {
  if (!isCampaign) return someOf(writingCommands, sampledCommands, prng);
  return writingCommands.filter(({ name }) => campaign === 'all' || campaign.split(',').includes(name));
}

function toKill(steps: readonly DiskStep[], prng: Prng): DiskStep[] {
  return stepsOfCampaign === 'kinds' ? oneOfEachKind(steps, prng) : someOf(steps, most, prng);
}
