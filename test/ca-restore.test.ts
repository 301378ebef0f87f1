import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './rig/free-ports.ts';
import {
  type ProgramResult,
  type RunningProgram,
  runHoldfast,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/** Runs the program in `directory` and gives what it printed as JSON; fails when it does not end well. */
async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Fails with the code `expected`, and says it. */
async function refused(expected: string, words: readonly string[], cwd: string): Promise<ProgramResult> {
  const result = await runHoldfast(words, { cwd });
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, new RegExp(`\\[${expected}\\]`));
  return result;
}

function kitOf(network: Network): string {
  return join(network.home, 'recovery-kit.txt');
}

function mirrorTo(network: Network, mirror: string): void {
  mkdirSync(mirror);
  appendFileSync(
    join(network.home, 'holdfast.toml'),
    `\n[authority]\nlog_mirrors = [${JSON.stringify(mirror)}]\n`,
  );
}

/** A server of the home `home` that listens. */
async function serving(home: string, words: readonly string[] = []): Promise<RunningProgram> {
  const server = startHoldfast(['serve', '--home', home, ...words], { env: { HOME: home } });
  await server.waitFor(/listening/);
  return server;
}

test('a restored authority knows what was revoked after its backup, clients follow it, and the old one stops', async () => {
  using directory = temporaryDirectory();
  const mirror = join(directory.path, 'mirror');
  await using network = await Network.start(join(directory.path, 'old'));
  await network.server.stop();
  mirrorTo(network, mirror);
  await network.restart();
  const [alpha, beta] = await Promise.all(
    ['alpha', 'beta'].map((name) => network.join(name, join(directory.path, name))),
  );
  assert.ok(alpha && beta);
  await network.join('gamma', join(directory.path, 'gamma'));
  const data = join(directory.path, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'a'), 'before');
  await alpha.run(['backup', data]);
  const file = join(directory.path, 'authority.age');
  await network.run(['ca', 'backup', file]);

  // After the backup: one more client, a second certificate, two revocations.
  const late = await network.join('late', join(directory.path, 'late'));
  for (const name of ['beta', 'gamma']) {
    await network.run(['cert', 'revoke', `client/${name}`, '--reason', 'keyCompromise', '--yes']);
  }
  await mirrored(mirror, network);
  await network.server.stop('SIGKILL');

  const home = join(directory.path, 'new');
  const port = await freePorts();
  const restore = ['ca', 'restore', file, '--kit', kitOf(network), '--home', home, '--names', 'localhost'];
  const plan = await json([...restore, '--port', String(port), '--dry-run'], directory.path);
  assert.ok(!existsSync(home));
  assert.deepEqual(
    (plan['changes'] as { key: string }[]).map(({ key }) => key),
    ['names', 'port', 'listeners'],
  );
  const held = (plan['keys'] as { label: string; held: boolean }[]).filter((key) => key.held);
  for (const kind of [/^root-/, /^issuing-/, /^ocsp-/]) assert.ok(held.some(({ label }) => kind.test(label)));
  const restored = await json([...restore, '--port', String(port)], directory.path);
  assert.equal(restored['standing'], 'ready');
  assert.equal(restored['epoch'], 2);
  assert.equal((restored['counts'] as { revoked: number }).revoked, 2);
  assert.equal((restored['counts'] as { certificates: number }).certificates, 1);

  await using server = await serving(home);
  writeFileSync(join(data, 'a'), 'after');
  assert.match((await alpha.run(['backup', data], 1)).stderr, /store_missing/);
  cpSync(join(network.home, 'store'), join(home, 'store'), { recursive: true });
  await alpha.run(['backup', data]);
  await late.run(['backup', data]);
  await alpha.run(['cert', 'renew', '--early']);
  const answer = await beta.run(['backup', data], 21);
  assert.match(answer.stderr, /revoked/);

  // The old machine comes back: it learns from the mirror that it is not the one any more.
  const old = startHoldfast(['serve', '--home', network.home, '--port', String(await freePorts())]);
  const ended = await old.ended;
  assert.match(ended.stderr, /\[authority_superseded\]/);
  await refused('authority_superseded', ['token', 'create', 'x', '--home', network.home], directory.path);
  assert.equal(server.stderr.includes('superseded'), false);
  await json(['audit', 'verify', '--home', home], directory.path);
});

/** Waits until the mirror has everything that was recorded. */
async function mirrored(mirror: string, network: Network): Promise<void> {
  const { stdout } = await network.run(['status', '--json']);
  const { authority } = JSON.parse(stdout) as { authority: { log: { sequence: number } } };
  for (;;) {
    const { signed } = JSON.parse(readFileSync(join(mirror, 'checkpoint.json'), 'utf8')) as {
      signed: { checkpoint: string };
    };
    const { sequence } = JSON.parse(signed.checkpoint) as { sequence: number };
    if (sequence >= authority.log.sequence) return;
    await setTimeout(50);
  }
}

test('nothing is changed by what cannot be restored', async () => {
  using directory = temporaryDirectory();
  const at = (name: string): string => join(directory.path, name);
  const run = (words: readonly string[]): Promise<ProgramResult> =>
    runHoldfast(words, { cwd: directory.path });
  assert.equal((await run(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'])).code, 0);
  writeFileSync(at('password'), 'correct horse\n');
  writeFileSync(at('wrong'), 'wrong horse\n');
  assert.equal((await run(['ca', 'backup', 'kit.age', '--home', 'a'])).code, 0);
  assert.equal(
    (await run(['ca', 'backup', 'word.age', '--password-file', 'password', '--home', 'a'])).code,
    0,
  );
  const bytes = readFileSync(at('word.age'));
  writeFileSync(at('cut.age'), bytes.subarray(0, bytes.length - 100_000));
  writeFileSync(at('short.age'), bytes.subarray(0, bytes.length - 1));
  const flipped = Buffer.from(bytes);
  flipped[flipped.length - 70_000] = (flipped[flipped.length - 70_000] ?? 0) ^ 1;
  writeFileSync(at('flipped.age'), flipped);
  writeFileSync(at('foreign.age'), 'these are no keys at all, but a letter\n'.repeat(100));
  const restore = (file: string, ...words: string[]): string[] => [
    'ca',
    'restore',
    file,
    '--home',
    'b',
    ...words,
  ];
  const cases: [string, string[]][] = [
    ['password_wrong', restore('word.age', '--password-file', 'wrong')],
    ['password_wrong', restore('kit.age', '--password-file', 'password')],
    ['password_wrong', restore('word.age', '--kit', 'a/recovery-kit.txt')],
    ['backup_damaged', restore('cut.age', '--password-file', 'password')],
    ['backup_damaged', restore('short.age', '--password-file', 'password')],
    ['backup_damaged', restore('flipped.age', '--password-file', 'password')],
    ['backup_foreign', restore('foreign.age', '--password-file', 'password')],
    ['path_not_found', restore('none.age', '--password-file', 'password')],
    ['usage', restore('kit.age')],
  ];
  for (const [code, words] of cases) {
    await refused(code, words, directory.path);
    assert.ok(!existsSync(at('b')), words.join(' '));
  }
  const before = readFileSync(at('a/authority/keystore'));
  await refused(
    'home_exists',
    ['ca', 'restore', 'word.age', '--home', 'a', '--password-file', 'password'],
    directory.path,
  );
  assert.deepEqual(readFileSync(at('a/authority/keystore')), before);
});

test('an authority without its log waits, until somebody says in words that it is lost', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  const restore = ['ca', 'restore', 'x.age', '--home', 'b', '--kit', 'a/recovery-kit.txt'];
  // What was named by hand may hold what nobody else knows.
  const silent = ['--mirror', 'http://127.0.0.1:1/', '--log-is-lost', 'it is not'];
  for (const words of [silent.slice(0, 2), silent])
    await refused('connection_refused', [...restore, ...words], cwd);
  assert.ok(!existsSync(join(cwd, 'b')));
  const restored = await json(restore, cwd);
  assert.equal(restored['standing'], 'restored');
  await refused('authority_restored', ['serve', '--home', 'b'], cwd);
  const { stderr } = await runHoldfast(['status', '--home', 'b'], { cwd });
  assert.match(stderr, /warning: .* does not know what was revoked since: .*holdfast ca restore/);
  await refused('authority_restored', ['token', 'create', 'alpha', '--home', 'b'], cwd);
  await refused('authority_restored', ['ca', 'restore', '--home', 'b'], cwd);
  mkdirSync(join(cwd, 'empty'));
  await refused('authority_restored', ['ca', 'restore', '--home', 'b', '--mirror', 'empty'], cwd);
  const said = await json(['ca', 'restore', '--home', 'b', '--log-is-lost', 'the cellar burnt'], cwd);
  assert.ok(Math.abs(Number(said['epoch']) - Date.now()) < 60_000);
  await json(['token', 'create', 'alpha', '--home', 'b'], cwd);
  const { stdout } = await runHoldfast(['audit', 'list', '--json', '--home', 'b'], { cwd });
  assert.match(stdout, /the cellar burnt/);
  await refused('usage', ['ca', 'restore', '--home', 'b', '--log-is-lost', 'again'], cwd);
});

test('an older backup brings the key of the root back, which is said; newer backups are known of', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const at = (name: string): string => join(cwd, name);
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  mkdirSync(at('m'));
  appendFileSync(at('a/holdfast.toml'), `\n[authority]\nlog_mirrors = [${JSON.stringify(at('m'))}]\n`);
  writeFileSync(at('password'), 'correct horse\n');
  await json(['ca', 'backup', 'old.age', '--home', 'a'], cwd);
  await json(['ca', 'backup', 'newer.age', '--home', 'a'], cwd);
  await json(['ca', 'offline', 'root.age', '--password-file', 'password', '--home', 'a'], cwd);
  const passphrase = ['--keystore-password-file', 'password'];
  const words = ['ca', 'restore', 'old.age', '--kit', 'a/recovery-kit.txt', '--home', 'b', ...passphrase];
  const restored = await json(words, cwd);
  assert.match(JSON.stringify(restored['notes']), /the key root-1 is here, though .*root\.age/);
  assert.ok(!existsSync(at('b/authority/stash')));
  const home = ['--home', 'b', ...passphrase];
  assert.match((await runHoldfast(['status', ...home], { cwd })).stderr, /root-1 is here, though/);
  const again = ['ca', 'offline', 'again.age', '--password-file', 'password', ...home];
  const { backups } = (await json(again, cwd)) as { backups: { name: string }[] };
  assert.deepEqual(backups.map(({ name }) => name).sort(), ['newer.age', 'old.age']);
  assert.doesNotMatch((await runHoldfast(['status', ...home], { cwd })).stderr, /root-1 is here/);
});

test('who cannot follow to another machine is listed before anything is done', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'old.invalid'], cwd);
  const env = { HOLDFAST_HOME: join(cwd, 'a') };
  for (const name of ['desk', 'lap']) {
    const words = ['sm_ssl_cert', 'client', '--name', name, '--path', join(cwd, name)];
    assert.equal((await runHoldfast(words, { cwd, env })).code, 0);
  }
  await json(['cert', 'revoke', 'client/lap', '--yes', '--home', 'a'], cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  const words = ['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b', '--dry-run'];
  assert.deepEqual((await json([...words, '--names', 'new.invalid'], cwd))['cannotFollow'], ['client/desk']);
  const { stdout } = await runHoldfast([...words, '--names', 'new.invalid'], { cwd });
  assert.match(stdout, /cut off {5}client\/desk$/m);
  assert.ok(!existsSync(join(cwd, 'b')));
});

test('keys alone are not restored over the recovery kit of before', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  writeFileSync(join(cwd, 'password'), 'correct horse\n');
  const password = ['--password-file', 'password', '--home', 'a'];
  await json(['ca', 'backup', 'x.p12', '--format', 'p12', ...password], cwd);
  rmSync(join(cwd, 'a/authority'), { recursive: true });
  const kit = join(cwd, 'a/recovery-kit.txt');
  const before = readFileSync(kit);
  await refused('object_exists', ['ca', 'restore', 'x.p12', '--re-enrol', ...password], cwd);
  assert.deepEqual(readFileSync(kit), before);
  assert.ok(!existsSync(join(cwd, 'a/authority')));
  renameSync(kit, join(cwd, 'kit-of-before.txt'));
  await json(['ca', 'restore', 'x.p12', '--re-enrol', ...password], cwd);
  assert.notDeepEqual(readFileSync(kit), before);
});

test('keys alone that wait are told later what holds for the certificates of before', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  writeFileSync(join(cwd, 'password'), 'correct horse\n');
  const password = ['--password-file', 'password'];
  await json(['sm_ssl_cert', 'client', '--path', 'made', '--home', 'a'], cwd);
  await json(['ca', 'backup', 'x.p12', '--format', 'p12', '--home', 'a', ...password], cwd);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  for (const [home, choice, code] of [
    ['b', '--re-enrol', 21],
    ['c', '--trust-issued', 0],
  ] as const) {
    await json(['ca', 'restore', 'x.p12', '--home', home, ...password], cwd);
    await refused('authority_restored', ['ca', 'restore', '--home', home], cwd);
    await refused('usage', ['ca', 'restore', '--home', home, choice, '--log-is-lost', 'why'], cwd);
    assert.equal((await json(['ca', 'restore', '--home', home, choice], cwd))['standing'], 'ready');
    const { stdout } = await runHoldfast(['audit', 'list', '--json', '--home', home], { cwd });
    assert.match(stdout, new RegExp(`${choice.slice(2)}: `));
    const verified = await runHoldfast(['cert', 'verify', 'made/client.pem', '--home', home], { cwd });
    assert.equal(verified.code, code, verified.stderr);
    await json(['audit', 'verify', '--home', home], cwd);
  }
  await refused('usage', ['ca', 'restore', 'x.age', '--home', 'd', '--re-enrol'], cwd);
  assert.ok(!existsSync(join(cwd, 'd')));
});

test('a moved authority goes on where its file is restored, with nothing lost, and not where it was', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'old'));
  const alpha = await network.join('alpha', join(directory.path, 'alpha'));
  const file = join(directory.path, 'moved.age');
  await network.run(['ca', 'move', file]);
  const { stderr } = await network.server.ended;
  assert.match(stderr, /\[authority_retired\]/);
  await refused('authority_retired', ['token', 'create', 'x', '--home', network.home], directory.path);
  const home = join(directory.path, 'new');
  const words = ['ca', 'restore', file, '--kit', kitOf(network), '--home', home, '--names', '127.0.0.1'];
  assert.equal((await json(words, directory.path))['standing'], 'ready');
  await using _server = await serving(home);
  const data = join(directory.path, 'data');
  mkdirSync(data);
  await alpha.run(['backup', data]);
});

test('a move that is taken back leaves the authority at work where it was', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  await json(['ca', 'move', 'x.age', '--home', 'a'], cwd);
  await refused('authority_retired', ['token', 'create', 'alpha', '--home', 'a'], cwd);
  await json(['ca', 'move', '--undo', 'the train was late', '--home', 'a'], cwd);
  await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
});

test('a move that was cut off before its file was written goes on when it is said again', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  await json(['ca', 'move', 'x.age', '--home', 'a'], cwd);
  await refused('authority_retired', ['ca', 'move', 'y.age', '--home', 'a'], cwd);
  rmSync(join(cwd, 'x.age'));
  writeFileSync(join(cwd, 'a/authority/moving'), join(cwd, 'x.age'));
  await json(['ca', 'move', 'x.age', '--home', 'a'], cwd);
  await refused('authority_retired', ['ca', 'move', 'x.age', '--home', 'a'], cwd);
  await json(['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b'], cwd);
  await json(['token', 'create', 'alpha', '--home', 'b'], cwd);
});

test('a mirror that cannot be reached is named when an authority moves, comes back or serves', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirror = join(cwd, 'not mounted');
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  appendFileSync(join(cwd, 'a/holdfast.toml'), `\n[authority]\nlog_mirrors = [${JSON.stringify(mirror)}]\n`);
  const moved = await runHoldfast(['ca', 'move', 'x.age', '--home', 'a'], { cwd });
  assert.match(moved.stderr, /the log mirror .*not mounted was not told that the authority has moved/);
  const undone = await runHoldfast(['ca', 'move', '--undo', 'no train', '--home', 'a'], { cwd });
  assert.match(undone.stderr, /not mounted could not be asked whether a newer copy is at work/);
  await using server = startHoldfast(['serve', '--home', 'a', '--port', String(await freePorts())], { cwd });
  await server.waitFor(/the log mirror cannot be written/);
});

test('a move is not taken back where a mirror knows that the authority went on elsewhere', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  mkdirSync(join(cwd, 'm'));
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  const mirrors = `\n[authority]\nlog_mirrors = [${JSON.stringify(join(cwd, 'm'))}]\n`;
  appendFileSync(join(cwd, 'a/holdfast.toml'), mirrors);
  await json(['ca', 'move', 'x.age', '--home', 'a'], cwd);
  await json(['ca', 'restore', 'x.age', '--kit', 'a/recovery-kit.txt', '--home', 'b'], cwd);
  await json(['token', 'create', 'alpha', '--home', 'b'], cwd);
  await refused('authority_superseded', ['ca', 'move', '--undo', 'the train was late', '--home', 'a'], cwd);
  await refused('authority_superseded', ['token', 'create', 'beta', '--home', 'a'], cwd);
  await json(['token', 'create', 'beta', '--home', 'b'], cwd);
});
