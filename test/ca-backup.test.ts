import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, startHoldfast } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const init = ['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'];
const kit = ['--kit', 'a/recovery-kit.txt'];

test('a backup is one private file, lists the keys it holds and those it does not, and passes its rehearsal', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(init, cwd);
  const first = await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
  assert.deepEqual(first['keys'], [
    { label: 'issuing-1', held: true },
    { label: 'root-1', held: true },
  ]);
  assert.equal(statSync(join(cwd, 'x.age')).mode & 0o777, 0o600);
  const bytes = readFileSync(join(cwd, 'x.age'));
  assert.equal(bytes.indexOf('a.test'), -1);
  const twice = await runHoldfast(['ca', 'backup', 'x.age', '--home', 'a'], { cwd });
  assert.match(twice.stderr, /\[object_exists\]/);
  assert.deepEqual(readFileSync(join(cwd, 'x.age')), bytes);

  writeFileSync(join(cwd, 'password'), 'root in the safe\n');
  await json(['ca', 'offline', 'root.age', '--password-file', 'password', '--home', 'a'], cwd);
  const second = await json(['ca', 'backup', 'x.age', '--force', '--home', 'a'], cwd);
  assert.deepEqual(
    (second['keys'] as { label: string; held: boolean }[]).filter(({ held }) => !held),
    [{ label: 'root-1', held: false }],
  );
  const opened = await json(['ca', 'rehearse', '--home', 'a', ...kit], cwd);
  assert.deepEqual([opened['depth'], opened['good']], ['opened', true]);
  const outside = await json(['ca', 'rehearse', '--home', 'a'], cwd);
  assert.deepEqual([outside['depth'], outside['good']], ['looked at', true]);
  const damaged = readFileSync(join(cwd, 'x.age'));
  damaged[damaged.length - 1000] = (damaged[damaged.length - 1000] ?? 0) ^ 1;
  writeFileSync(join(cwd, 'x.age'), damaged);
  for (const words of [kit, []]) {
    const bad = await runHoldfast(['ca', 'rehearse', '--home', 'a', ...words], { cwd });
    assert.match(bad.stderr, /\[backup_damaged\]/);
  }
  assert.deepEqual(
    readdirSync(join(cwd, 'a/authority')).filter((name) => /snapshot|rehearsal/.test(name)),
    [],
  );
});

test('a backup taken while certificates are issued is of one moment', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'network'));
  const file = join(directory.path, 'busy.age');
  const codes = await Promise.all(Array.from({ length: 6 }, (_, n) => network.joinCode(`c${n}`)));
  const clients = codes.map((_, n) => network.client(`c${n}`, join(directory.path, `c${n}`)));
  const joins = Promise.all(clients.map((client, n) => client.run(['join', codes[n] ?? ''])));
  await network.run(['ca', 'backup', file]);
  await joins;
  const rehearsal = await network.run([
    'ca',
    'rehearse',
    file,
    '--kit',
    join(network.home, 'recovery-kit.txt'),
    '--json',
  ]);
  assert.equal((JSON.parse(rehearsal.stdout) as { good: boolean }).good, true);
});

test('killed at any moment, neither a backup nor a restore leaves half of anything', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(init, cwd);
  const began = performance.now();
  await json(['ca', 'backup', 'whole.age', '--home', 'a'], cwd);
  const tookMs = performance.now() - began;
  for (let round = 1; round <= 4; round++) {
    const killed = startHoldfast(['ca', 'backup', 'x.age', '--force', '--home', 'a'], { cwd });
    await setTimeout((tookMs * round) / 5);
    await killed.stop('SIGKILL');
    if (existsSync(join(cwd, 'x.age')))
      await json(['ca', 'restore', 'x.age', '--dry-run', '--home', 'z', ...kit], cwd);
  }
  await json(['ca', 'backup', 'x.age', '--force', '--home', 'a'], cwd);
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name.endsWith('.tmp')),
    [],
  );
  assert.deepEqual(
    readdirSync(join(cwd, 'a/authority')).filter((name) => name.endsWith('.tmp')),
    [],
  );
  for (let round = 1; round <= 4; round++) {
    const words = ['ca', 'restore', 'x.age', '--log-is-lost', 'test', '--home', 'b', ...kit];
    const killed = startHoldfast(words, { cwd });
    await setTimeout((tookMs * round) / 5);
    await killed.stop('SIGKILL');
    if (existsSync(join(cwd, 'b/authority'))) break;
  }
  if (!existsSync(join(cwd, 'b/authority')))
    await json(['ca', 'restore', 'x.age', '--log-is-lost', 'test', '--home', 'b', ...kit], cwd);
  await json(['token', 'create', 'alpha', '--home', 'b'], cwd);
  assert.deepEqual(
    readdirSync(join(cwd, 'b')).filter((name) => name.startsWith('authority.new')),
    [],
  );
});

test('backups are made by themselves, the oldest go, and status says where they lie', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json([...init, '--port', String(await freePorts())], cwd);
  mkdirSync(join(cwd, 'backups'));
  const settings = join(cwd, 'a/holdfast.toml');
  const section = `\n[authority]\nbackup_to = ${JSON.stringify(join(cwd, 'backups'))}\nbackup_every = "1s"\nbackup_keep = 2\n`;
  writeFileSync(settings, `${readFileSync(settings, 'utf8')}${section}`);
  await using server = startHoldfast(['serve', '--home', 'a'], { cwd });
  const kept = (): string[] =>
    readdirSync(join(cwd, 'backups'))
      .filter((name) => name.endsWith('.age'))
      .sort();
  while (kept().length < 2) await setTimeout(100);
  const [oldest = ''] = kept();
  while (kept().includes(oldest)) await setTimeout(100);
  assert.ok(kept().length <= 2);
  const { stderr, stdout } = await runHoldfast(['status', '--home', 'a'], { cwd });
  assert.match(stderr, /same file system/);
  assert.match(stdout, /^ {2}ca backup {3}just now {3}in \S+backups {3}next by itself is due$/m);

  // The place without its disk.
  renameSync(join(cwd, 'backups'), join(cwd, 'away'));
  mkdirSync(join(cwd, 'backups'));
  await server.waitFor(/had \d backups of the authority, and has none now/);
  assert.deepEqual(kept(), []);
  await json(['ca', 'backup', '--to', join(cwd, 'backups'), '--home', 'a'], cwd);
  assert.equal(kept().length, 1);
});

test('status says how old the newest backup is, where it lies and when the next is due, and that all is well', async () => {
  using directory = temporaryDirectory();
  using elsewhere = temporaryDirectory('/dev/shm');
  const cwd = directory.path;
  await json(init, cwd);
  rmSync(join(cwd, 'a/recovery-kit.txt'));
  const status = async (): Promise<string> => {
    const { stdout, stderr } = await runHoldfast(['status', '--home', 'a'], { cwd });
    return stdout + stderr;
  };
  assert.match(await status(), /^ {2}ca backup {3}none yet {3}next by hand in 7 days$/m);
  await json(['ca', 'backup', join(elsewhere.path, 'a.age'), '--home', 'a'], cwd);
  assert.match(await status(), /^ {2}ca backup {3}just now {3}in \/dev\/shm\S+ {3}next by hand in 7 days$/m);
  assert.match(await status(), /^ {2}attention {3}nothing needs any\n$/m);
});

test('a directory is no backup and is not replaced by one, and a password file is no endless one', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(init, cwd);
  mkdirSync(join(cwd, 'folder'));
  const refused = (words: readonly string[], code: 'path_not_found' | 'input_invalid', message: RegExp) =>
    assertRefused(words, { code, exit: code === 'input_invalid' ? 2 : 1, message, untouched: cwd, cwd });
  const isDirectory = /folder is a directory/;
  await refused(['ca', 'backup', 'folder', '--home', 'a'], 'path_not_found', isDirectory);
  await refused(['ca', 'backup', 'folder', '--force', '--home', 'a'], 'path_not_found', isDirectory);
  await refused(['ca', 'rehearse', 'folder', '--home', 'a'], 'path_not_found', isDirectory);
  await refused(['ca', 'restore', 'folder', '--home', 'b'], 'path_not_found', isDirectory);
  for (const [file, code, message] of [
    ['folder', 'path_not_found', /password file .*folder: it is a directory \(EISDIR\)/],
    ['/dev/zero', 'input_invalid', /password file \/dev\/zero is too long/],
  ] as const)
    await refused(['ca', 'backup', 'x.age', '--password-file', file, '--home', 'a'], code, message);
});

test('words of ca backup that would be passed over are refused', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(init, cwd);
  mkdirSync(join(cwd, 'backups'));
  for (const words of [
    ['x.age', '--to', 'backups'],
    ['x.age', '--every', '24h'],
    ['x.age', '--keep', '3'],
    ['--to', 'backups', '--format', 'p12'],
  ]) {
    const { code, stderr } = await runHoldfast(['ca', 'backup', ...words, '--home', 'a'], { cwd });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--\w+ .*\[usage\]\n {2}next: holdfast ca backup --help/);
  }
  assert.deepEqual([existsSync(join(cwd, 'x.age')), readdirSync(join(cwd, 'backups'))], [false, []]);
});

test('a backup onto a full disk leaves no file and no copy', { skip: cannotMount }, async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await json(init, cwd);
  using _disk = mountSmallDisk(join(cwd, 'small'), '64k');
  const { code, stderr } = await runHoldfast(['ca', 'backup', 'small/x.age', '--home', 'a'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /\[storage_full\]/);
  assert.deepEqual(readdirSync(join(cwd, 'small')), []);
});
