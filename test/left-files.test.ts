import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { launcher, type ProgramResult, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { Prng } from './rig/prng.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);
const own = (): string[] => ['--repo', at('repo'), '--password-file', at('password'), '--home', at('home')];
const run = (...words: string[]): Promise<ProgramResult> => runProgram(launcher, [...words, ...own()]);

beforeEach(() => {
  place = temporaryDirectory();
  mkdirSync(at('data'));
  writeFileSync(at('password'), 'right\n');
});
afterEach(() => place[Symbol.dispose]());

/** What `directory` holds of files that are not whole yet. */
function unfinished(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^\.holdfast-|\.upload$/.test(name));
  } catch {
    return [];
  }
}

/** Runs the program and kills it (SIGKILL) once an unfinished file is in `directory`; whether it left one. */
async function killAtWork(words: readonly string[], directory: string): Promise<boolean> {
  await using running = startHoldfast([...words, ...own()]);
  const state = { hasEnded: false };
  void running.ended.then(() => (state.hasEnded = true));
  while (!state.hasEnded && unfinished(directory).length === 0) await setTimeout(1);
  await running.stop('SIGKILL');
  return unfinished(directory).length > 0;
}

test('what a restore that was killed left is gone after the next one, and nothing else', async () => {
  const large = new Prng('large').bytes(80_000_000);
  writeFileSync(at('data/large'), large);
  await run('backup', at('data'), '--init');
  const words = ['restore', 'latest', '--overwrite', '--target', at('target')];
  const folder = join(at('target'), at('data'));
  while (!(await killAtWork(words, folder)));
  writeFileSync(join(folder, '.holdfast-mine'), 'mine');
  await run(...words);
  assert.deepEqual(readdirSync(folder).sort(), ['.holdfast-mine', 'large']);
  assert.ok(readFileSync(join(folder, 'large')).equals(large));
});

test('what a backup that was killed left of its uploads is gone after the next one', async () => {
  await run('backup', at('data'), '--init');
  const uploads = at('repo/.uploads');
  for (let round = 0; ; round++) {
    writeFileSync(at('data/large'), new Prng(round).bytes(40_000_000));
    if (await killAtWork(['backup', at('data')], uploads)) break;
  }
  await run('backup', at('data'));
  assert.deepEqual(readdirSync(uploads), []);
});
