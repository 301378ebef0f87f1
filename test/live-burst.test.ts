import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type RunningProgram, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
let agent: RunningProgram;
const at = (...names: string[]): string => join(place.path, ...names);
const own = (): string[] => ['--home', at('home')];
const repo = (): string[] => ['--repo', at('repo')];
const isRoot = process.getuid?.() === 0;

interface SnapshotLine {
  readonly files: number;
  readonly bytes: number;
}
interface SetShown {
  readonly watched: { readonly directories: number; readonly fileSystems: number };
  readonly attempts: readonly { readonly live: boolean; readonly result: string; readonly begun: string }[];
}

async function json<T>(words: readonly string[]): Promise<T> {
  const { stdout } = await runProgram(launcher, [...words, '--json', ...own()], { expected: 0 });
  return JSON.parse(stdout) as T;
}

async function add(set: string, path: string): Promise<void> {
  const words = ['set', 'add', set, at(path), '--live', '--spread', '0', ...repo(), ...own()];
  await runHere(words, { HOME: place.path });
}

/** Resolves when a run has ended well that began after `sinceMs`. */
async function savedSince(sinceMs: number, set = 'live'): Promise<void> {
  for (;;) {
    const { attempts } = await json<SetShown>(['set', 'show', set]);
    if (attempts.some(({ begun, result }) => result === 'ok' && Date.parse(begun) >= sinceMs)) return;
    await agent.waitFor(new RegExp(`[^]{${agent.stderr.length + 1}}`));
  }
}

const count = 200_000;
const perFolder = 500;

before(async () => {
  place = temporaryDirectory();
  // Memory is fast, and nobody else does anything there.
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', 'none', place.path]);
  mkdirSync(at('data'));
  writeFileSync(at('data/first'), 'there from the start');
  writeFileSync(at('password'), 'of the repository\n');
  const password = ['--password-file', at('password')];
  await runHere(['backup', at('data'), ...repo(), '--init', ...password, ...own()], { HOME: place.path });
  await add('live', 'data');
  agent = startHoldfast(['agent', ...own()]);
  await agent.waitFor(/"a live set is watched"/);
  await savedSince(0);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  if (isRoot) execFileSync('umount', ['-R', place.path]);
  place[Symbol.dispose]();
});

describe('a live set', { timeout: 400_000 }, () => {
  it('loses none of 200,000 files that come while the agent is stopped', async () => {
    process.kill(agent.pid, 'SIGSTOP');
    for (let folder = 0; folder < count / perFolder; folder++) {
      mkdirSync(at('data', `${folder}`));
      for (let file = 0; file < perFolder; file++) writeFileSync(at('data', `${folder}`, `${file}`), '.');
    }
    const writtenMs = Date.now();
    process.kill(agent.pid, 'SIGCONT');
    await savedSince(writtenMs);
    const { files, bytes } = (await json<SnapshotLine[]>(['snapshots', 'latest', ...repo()]))[0] ?? {};
    assert.deepEqual([files, bytes], [count + 1, count + 'there from the start'.length]);
    const { stdout } = await runProgram(launcher, ['ls', 'latest', ...repo(), ...own()], { expected: 0 });
    assert.equal(stdout.split('\n').filter((path) => /\/data\/\d+\/\d+$/.test(path)).length, count);
  });

  it('of more folders than can be watched one by one is watched by its file system', {
    skip: isRoot ? false : 'only root may watch a file system',
  }, async () => {
    for (let n = 0; n <= 128; n++)
      for (let m = 0; m < 1024; m++) mkdirSync(at('wide', `${n}`, `${m}`), { recursive: true });
    await add('wide', 'wide');
    process.kill(agent.pid, 'SIGHUP');
    await agent.waitFor(/"a live set is watched","set":"wide"|"set":"wide".*"a live set is watched"/);
    await savedSince(0, 'wide');
    const { watched } = await json<SetShown>(['set', 'show', 'wide']);
    assert.equal(watched.fileSystems, 1);
    assert.ok(watched.directories < 10);
    const deep = at('wide', '77', '1001', 'file');
    writeFileSync(deep, 'one');
    appendFileSync(deep, ' more');
    await savedSince(Date.now(), 'wide');
    const { stdout } = await runProgram(launcher, ['set', 'show', 'wide', ...own()], { expected: 0 });
    assert.match(stdout, /watch +live, 1 file system watched whole/);
    const found = await runProgram(launcher, ['dump', 'latest', deep, ...repo(), ...own()], { expected: 0 });
    assert.equal(found.stdout, 'one more');
  });
});
