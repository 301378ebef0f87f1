import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** An authority in `a` of `cwd` whose log goes to one mirror. */
async function authorityWith(mirror: string, cwd: string): Promise<void> {
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  appendFileSync(join(cwd, 'a/holdfast.toml'), `\n[authority]\nlog_mirrors = ["${mirror}"]\n`);
}

/** Whether the mirror has the whole log, and what `status` says of it otherwise. */
async function mirrorState(cwd: string): Promise<{ current: boolean; problem: string }> {
  const status = await json(['status', '--home', 'a'], cwd);
  const { mirrors, warnings } = status['authority'] as {
    mirrors: [{ current: boolean }];
    warnings: string[];
  };
  return { current: mirrors[0].current, problem: warnings.find((text) => text.includes('log mirror')) ?? '' };
}

function segmentIn(directory: string): string {
  return join(directory, readdirSync(directory).find((name) => name.startsWith('log-')) ?? '');
}

test('a mirror whose disk is not mounted any more is not begun anew in the empty directory', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'm');
  mkdirSync(mirror);
  await authorityWith(mirror, cwd);
  assert.deepEqual(await mirrorState(cwd), { current: true, problem: '' });
  renameSync(mirror, join(cwd, 'away'));
  mkdirSync(mirror);
  await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
  const { current, problem } = await mirrorState(cwd);
  assert.equal(current, false);
  assert.match(problem, /had the log up to record 1, and is empty now: mount its disk/);
  assert.deepEqual(readdirSync(mirror), []);

  rmSync(mirror, { recursive: true });
  renameSync(join(cwd, 'away'), mirror);
  assert.equal((await mirrorState(cwd)).current, true);
  const whole = readFileSync(segmentIn(mirror), 'utf8');
  rmSync(mirror, { recursive: true });
  mkdirSync(mirror);
  writeFileSync(join(mirror, 'checkpoint.json'), '');
  assert.equal((await mirrorState(cwd)).current, true);
  const records = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('{"record"'));
  assert.deepEqual(records(readFileSync(segmentIn(mirror), 'utf8')), records(whole));
});

test('what is damaged on a mirror is found by audit verify and by a rehearsal, before it is needed', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'm');
  mkdirSync(mirror);
  await authorityWith(mirror, cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  for (const name of ['alpha', 'beta']) await json(['token', 'create', name, '--home', 'a'], cwd);
  const unread = async (): Promise<unknown> =>
    (await json(['audit', 'verify', '--home', 'a'], cwd))['unread'];
  const rehearse = ['ca', 'rehearse', '--home', 'a', '--json'];
  assert.deepEqual(await unread(), []);
  assert.equal((await runHoldfast(rehearse, { cwd })).code, 0);
  cpSync(mirror, join(cwd, 'whole'), { recursive: true });
  const segment = segmentIn(mirror);
  const alter = (before: string, after: string) => () =>
    writeFileSync(segment, readFileSync(segment, 'utf8').replace(before, after));
  const damages: [() => void, RegExp][] = [
    [() => truncateSync(segment, readFileSync(segment).length - 1500), /used up to record \d of \d/],
    [
      alter('client/alpha', 'client/omega'),
      /up to record \d of \d: record \d: the record before it is not the one it was written after/,
    ],
    [() => rmSync(segment), /log-000001-000000000001.jsonl does not have it/],
  ];
  for (const [damage, found] of damages) {
    damage();
    assert.match(JSON.stringify(await unread()), found);
    const rehearsal = await runHoldfast(rehearse, { cwd });
    assert.match(rehearsal.stdout, found);
    const { code, hint } = errorIn(rehearsal);
    assert.equal(code, 'backup_damaged');
    assert.match(hint, /empty file checkpoint.json/);
    assert.match((await mirrorState(cwd)).problem, /would not do, as a rehearsal found/);
    writeFileSync(join(mirror, 'checkpoint.json'), '');
    assert.deepEqual(await unread().then(mirrorState.bind(undefined, cwd)), { current: true, problem: '' });
    assert.deepEqual(await unread(), []);
  }
});

test('a mirror damaged further on is no log of another copy, and one that lags behind it is not taken for the whole', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'm');
  mkdirSync(mirror);
  await authorityWith(mirror, cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
  cpSync(mirror, join(cwd, 'lagging'), { recursive: true });
  for (const name of ['beta', 'gamma', 'delta']) await json(['token', 'create', name, '--home', 'a'], cwd);
  // Written anew, it is signed for at its end alone.
  writeFileSync(join(mirror, 'checkpoint.json'), '');
  assert.equal((await mirrorState(cwd)).current, true);
  const segment = segmentIn(mirror);
  writeFileSync(segment, readFileSync(segment, 'utf8').replace('client/beta', 'client/zeta'));
  const words = ['x.age', '--home', 'b', '--kit', 'a/recovery-kit.txt', '--mirror', 'm', 'lagging'];
  const waits = await json(['ca', 'restore', ...words], cwd);
  assert.equal(waits['standing'], 'restored');
  assert.match(
    String(waits['waitsFor']),
    /is used up to record \d+ of \d+: record \d+: the record before it/,
  );
});

test('of two restored from one backup the second to reach the mirror decides nothing, and its log is not called damaged', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'm');
  mkdirSync(mirror);
  await authorityWith(mirror, cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  for (const home of ['b', 'c'])
    await json(['ca', 'restore', 'x.age', '--home', home, '--kit', 'a/recovery-kit.txt'], cwd);
  await json(['token', 'create', 'alpha', '--home', 'b'], cwd);
  for (const home of ['a', 'c']) {
    const late = await runHoldfast(['token', 'create', 'beta', '--home', home, '--json'], { cwd });
    assert.equal(errorIn(late).code, 'authority_superseded', home);
    const verified = await json(['audit', 'verify', '--home', home], cwd);
    assert.match(JSON.stringify(verified['unread']), /belongs to the newer copy/);
  }
  await json(['token', 'create', 'gamma', '--home', 'b'], cwd);
});

test('a web server that answers 200 to everything is not taken for a mirror', async () => {
  using directory = temporaryDirectory();
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('<h1>welcome</h1>'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await authorityWith(`http://127.0.0.1:${port}/log`, directory.path);
    const { current, problem } = await mirrorState(directory.path);
    assert.equal(current, false);
    assert.match(problem, /does not give back what was written to it/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a mirror that takes connections and does not answer is said, and keeps nobody from working', async () => {
  using directory = temporaryDirectory();
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await authorityWith(`http://127.0.0.1:${port}/log`, directory.path);
    const { current, problem } = await mirrorState(directory.path);
    assert.equal(current, false);
    assert.match(problem, /has not answered yet/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

async function useFullAndReadOnlyDisk(): Promise<void> {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'm');
  using _disk = mountSmallDisk(mirror, '64k');
  await authorityWith(mirror, cwd);
  assert.equal((await mirrorState(cwd)).current, true);
  writeFileSync(join(mirror, 'fill'), Buffer.alloc(32_768));
  assert.throws(() => appendFileSync(join(mirror, 'fill'), Buffer.alloc(65_536)), /ENOSPC/);
  const before = readFileSync(join(mirror, 'checkpoint.json'));
  await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
  const full = await mirrorState(cwd);
  assert.match(full.problem, /known to have 1 records.*has no space left: make room there/);
  assert.deepEqual(readFileSync(join(mirror, 'checkpoint.json')), before);
  rmSync(join(mirror, 'fill'));
  assert.equal((await mirrorState(cwd)).current, true);

  execFileSync('mount', ['-o', 'remount,ro', mirror]);
  await json(['token', 'create', 'beta', '--home', 'a'], cwd);
  assert.match((await mirrorState(cwd)).problem, /on a disk that is read-only/);
  execFileSync('mount', ['-o', 'remount,rw', mirror]);
  assert.equal((await mirrorState(cwd)).current, true);
}

test(
  'a mirror on a full or read-only disk is said, keeps what it had, and goes on when it can be written again',
  { skip: cannotMount },
  useFullAndReadOnlyDisk,
);
