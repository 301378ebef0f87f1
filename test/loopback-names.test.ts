import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseJoinCode } from '../src/enrol/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const loopback = /localhost|127\.|::1/;

/** Runs the program in `cwd` and gives what it printed as JSON; fails when it does not end well. */
async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function addressesInCode(home: string, cwd: string): Promise<readonly string[]> {
  const { stdout } = await runHoldfast(['token', 'create', 'desk', '--home', home], { cwd });
  return parseJoinCode(stdout.trim()).addresses;
}

/** Whether other machines have a way to this one: none of the tests dials it. */
function hasAddress(): boolean {
  return Object.values(networkInterfaces()).some((each) =>
    each?.some(({ internal, address }) => !internal && !address.startsWith('fe80:')),
  );
}

test('no loopback name is told to another machine, wherever it stands among the names', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const names = 'localhost,127.0.0.1,backup.invalid,::1,192.0.2.77';
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', names], cwd);
  assert.match(
    readFileSync(join(cwd, 'a/holdfast.toml'), 'utf8'),
    /status_address = "http:\/\/backup\.invalid:8445"/,
  );
  assert.deepEqual(await addressesInCode('a', cwd), ['backup.invalid:8444', '192.0.2.77:8444']);
});

test('an authority that is restored without --names tells clients its addresses, and none that leads to themselves', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost,old.invalid'], cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  const restore = ['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b'];
  const plan = await json([...restore, '--dry-run'], cwd);
  const followers = plan['followers'] as { reachable: string[]; statusLeadsHere: boolean };
  assert.deepEqual([followers.reachable, followers.statusLeadsHere], [[], false]);
  await json([...restore, '--log-is-lost', 'a test'], cwd);
  const told = await addressesInCode('b', cwd);
  assert.equal(
    told.some((address) => loopback.test(address)),
    !hasAddress(),
    told.join(),
  );
});

test('clients are not said to follow by an address that the restored server has no certificate for', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const address = own.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '192.0.2.9';
  const names = ['--names', address, '--status-address', 'http://old.invalid'];
  await json(['init', '--home', 'a', '--network', 'a.test', ...names], cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  const plan = ['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b', '--dry-run'];
  const reachable = async (...words: string[]): Promise<string[]> =>
    ((await json([...plan, ...words], cwd))['followers'] as { reachable: string[] }).reachable;
  assert.deepEqual(await reachable('--names', 'new.invalid'), []);
  assert.deepEqual(await reachable(), hasAddress() ? [`https://${address}:8443`] : []);
});

test('a network that has loopback names alone works on its machine, and says that it does on no other', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  mkdirSync(join(cwd, 'data'));
  writeFileSync(join(cwd, 'data/a'), 'a');
  const port = String(await freePorts());
  const up = ['up', 'data', '--once', '--names', 'localhost,127.0.0.1', '--home', 'a', '--port', port];
  const { files, equal } = (await json(up, cwd))['verified'] as { files: number; equal: boolean };
  assert.deepEqual([files, equal], [1, true]);
  const { stderr, stdout } = await runHoldfast(['token', 'create', 'desk', '--home', 'a'], { cwd });
  assert.match(stderr, /works on its own machine alone/);
  assert.deepEqual(parseJoinCode(stdout.trim()).addresses, [`localhost:${Number(port) + 1}`]);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  const restore = ['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b', '--dry-run'];
  const said = await runHoldfast(restore, { cwd });
  assert.match(said.stderr, /only those on this machine itself follow/);
  assert.doesNotMatch(said.stdout, /find the server at/);
  assert.ok(!existsSync(join(cwd, 'b')));
});
