import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import {
  launcher,
  type ProgramResult,
  type RunningProgram,
  runProgram,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
let agent: RunningProgram;
const at = (...names: string[]): string => join(place.path, ...names);
const own = (): string[] => ['--home', at('home')];
const repo = (): string[] => ['--repo', at('repo')];
const run = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
  runProgram(launcher, [...words, ...own()], { expected });
const json = async <T>(words: readonly string[]): Promise<T> =>
  JSON.parse((await run([...words, '--json'])).stdout) as T;
const here = (words: readonly string[]) => runHere([...words, ...own()], { HOME: place.path });

interface Line {
  readonly time: string;
  readonly msg: string;
  readonly came?: string;
  readonly why?: string;
}
const told = (): Line[] =>
  agent.stderr
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);

/** When the first run ended that saved what had changed by `sinceMs`: it is in the repository then. */
async function savedSince(sinceMs: number): Promise<number> {
  for (;;) {
    const begun = told().findIndex(({ msg, time }) => msg === 'a set begins' && Date.parse(time) >= sinceMs);
    const ended =
      begun < 0
        ? undefined
        : told()
            .slice(begun)
            .find(({ came }) => came !== undefined);
    if (ended !== undefined) {
      assert.equal(ended.came, 'exit code 0');
      return Date.parse(ended.time);
    }
    // More than it has said by now.
    await agent.waitFor(new RegExp(`[^]{${agent.stderr.length + 1}}`));
  }
}

/** That what was written by then was in the repository within five seconds; a machine whose cores are all taken has longer. */
async function assertSoon(writtenMs: number): Promise<void> {
  const [load = 0] = loadavg();
  const allowedMs = 5000 * Math.max(1, load / availableParallelism());
  const tookMs = (await savedSince(writtenMs)) - writtenMs;
  assert.ok(tookMs < allowedMs, `it took ${tookMs} ms`);
}

async function startAgent(): Promise<void> {
  agent = startHoldfast(['agent', ...own()]);
  await agent.waitFor(/"a live set is watched"/);
}

/** That the newest snapshot is what is there. */
async function assertSaved(): Promise<void> {
  rmSync(at('restored'), { recursive: true, force: true });
  await run(['restore', 'latest', '--target', at('restored'), ...repo()]);
  assertSameTree(join(at('restored'), at('data')), at('data'));
}

before(async () => {
  place = temporaryDirectory();
  for (const path of ['data/one/deep', 'data/two', 'outside/dir/below'])
    mkdirSync(at(path), { recursive: true });
  for (const path of ['data/one/deep/a', 'data/two/b', 'outside/dir/below/c']) writeFileSync(at(path), path);
  writeFileSync(at('password'), 'of the repository\n');
  await run(['backup', at('outside'), ...repo(), '--init', '--password-file', at('password')]);
  await here(['set', 'add', 'live', at('data'), '--live', '--spread', '0', ...repo()]);
  await startAgent();
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('a live set', () => {
  it('is saved seconds after it changes, what is moved within it and into it too', {
    timeout: 120_000,
  }, async () => {
    await savedSince(0);
    writeFileSync(at('data/new'), 'new');
    renameSync(at('data/one/deep'), at('data/two/deeper'));
    renameSync(at('outside/dir'), at('data/one/came'));
    appendFileSync(at('data/two/b'), 'more');
    const writtenMs = Date.now();
    await assertSoon(writtenMs);
    await assertSaved();
    appendFileSync(at('data/one/came/below/c'), 'into what came');
    await savedSince(Date.now());
    const { stdout } = await run(['set', 'show', 'live']);
    assert.match(stdout, /watch +live, \d+ folders watched\n/);
    assert.match(stdout, /ok, live/);
  });

  it('is saved though one of its files is written on and on', { timeout: 120_000 }, async () => {
    const writing = setInterval(() => appendFileSync(at('data/log'), 'on and on\n'), 50);
    try {
      const begunMs = Date.now();
      writeFileSync(at('data/two/rests'), 'now');
      await assertSoon(begunMs);
    } finally {
      clearInterval(writing);
    }
    await savedSince(Date.now());
  });

  it('loses nothing of what happens faster than the kernel can tell', { timeout: 300_000 }, async () => {
    process.kill(agent.pid, 'SIGSTOP');
    // The kernel keeps 16384 events by default; the same twice in a row is one.
    for (let n = 0; n < 5000; n++)
      for (const file of ['b', 'rests']) appendFileSync(at('data/two', file), '.');
    mkdirSync(at('data/many/3'), { recursive: true });
    mkdirSync(at('data/many/7'), { recursive: true });
    writeFileSync(at('data/many/7/last'), 'the last');
    const writtenMs = Date.now();
    process.kill(agent.pid, 'SIGCONT');
    await savedSince(writtenMs);
    assert.ok(told().some(({ why }) => why === 'overflow'));
    appendFileSync(at('data/many/7/last'), 'and after');
    await savedSince(Date.now());
    await assertSaved();
    const { watched } = await json<{ watched: { rescans: { why: string; path: string }[] } }>([
      'set',
      'show',
      'live',
    ]);
    assert.deepEqual(
      watched.rescans.map(({ path, why }) => [path, why]),
      [['/', 'overflow']],
    );
  });

  const isRoot = process.getuid?.() === 0;
  it('sees what is mounted in it, and what is there when it is unmounted', {
    timeout: 120_000,
    skip: isRoot ? false : 'only root may mount',
  }, async () => {
    execFileSync('mount', ['-t', 'tmpfs', 'none', at('data/many/3')]);
    try {
      await savedSince(Date.now() - 1000);
      writeFileSync(at('data/many/3/mounted'), 'on another disk');
      await savedSince(Date.now());
      await assertSaved();
    } finally {
      execFileSync('umount', [at('data/many/3')]);
    }
    await savedSince(Date.now());
    assert.ok(told().some(({ why }) => why === 'mount'));
  });

  it('is saved as it is when an agent begins after it changed', { timeout: 120_000 }, async () => {
    assert.equal((await agent.stop()).code, 0);
    const { stdout } = await run(['set', 'show', 'live']);
    assert.match(stdout, /watch +live, and not watched now/);
    writeFileSync(at('data/two/meanwhile'), 'nobody watched');
    rmSync(at('data/two/b'));
    await startAgent();
    await savedSince(0);
    await assertSaved();
  });
});

describe('a set that is not live', () => {
  it('has no changes that a run could save, nor has a live one those of a file that says nothing', async () => {
    await here(['set', 'add', 'plain', at('outside'), '--every', '6h', ...repo()]);
    writeFileSync(at('changes'), '{"format":1}');
    assert.equal(
      (await here(['set', 'run', 'plain', '--changes', at('changes')])).error?.code,
      'set_not_live',
    );
    const live = ['set', 'add', 'plain', at('outside'), '--live', '--replace', ...repo()];
    for (const words of [['set', 'run', 'plain'], live]) assert.equal((await here(words)).error, undefined);
    assert.equal(
      (await here(['set', 'run', 'live', '--changes', at('changes')])).error?.code,
      'input_invalid',
    );
    assert.equal(
      (await here(['set', 'run', 'live', '--changes', at('nowhere')])).error?.code,
      'path_not_found',
    );
    assert.equal((await here(['set', 'add', 'x', at('data'), ...repo()])).error?.code, 'usage');
  });
});
