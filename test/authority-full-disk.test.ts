import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillDisk } from './rig/fill-disk.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Runs a command on a disk with so much room left, sees it refused, and runs it again when there is more. */
async function refusedUntilThereIsRoom(
  words: readonly string[],
  { cwd, room }: { readonly cwd: string; readonly room: number },
): Promise<void> {
  const rest = join(cwd, 'rest');
  fillDisk(rest);
  truncateSync(rest, readFileSync(rest).length - room);
  const before = readdirSync(cwd);
  const refused = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(errorIn(refused).code, 'storage_full', `${words.join(' ')} with ${room} bytes`);
  assert.deepEqual(
    readdirSync(cwd).filter((name) => !before.includes(name) && name !== 'b'),
    [],
  );
  assert.ok(!existsSync(join(cwd, 'b/authority')));
  rmSync(rest);
  await json(words, cwd);
}

async function workOnFullDisk(): Promise<void> {
  using directory = temporaryDirectory();
  const cwd = join(directory.path, 'disk');
  using _disk = mountSmallDisk(cwd, '6m');
  await json(['init', '--home', 'a', '--network', 'a.test', '--names', 'localhost'], cwd);
  writeFileSync(join(cwd, 'password'), 'root in the safe\n');
  const page = 4096;
  const password = ['--password-file', 'password'];
  await refusedUntilThereIsRoom(['ca', 'backup', 'x.age', '--home', 'a'], { cwd, room: 16 * page });
  const kit = ['--kit', 'a/recovery-kit.txt'];
  await refusedUntilThereIsRoom(['ca', 'rehearse', '--home', 'a', ...kit], { cwd, room: 16 * page });
  await refusedUntilThereIsRoom(['ca', 'offline', 'root.age', '--home', 'a', ...password], {
    cwd,
    room: 16 * page,
  });
  await refusedUntilThereIsRoom(['ca', 'online', 'root.age', '--home', 'a', ...password], { cwd, room: 0 });
  const restore = ['ca', 'restore', 'x.age', '--home', 'b', ...kit, '--log-is-lost', 'the disk was full'];
  await refusedUntilThereIsRoom(restore, { cwd, room: 32 * page });
  for (const home of ['a', 'b']) await json(['audit', 'verify', '--home', home], cwd);
}

test(
  'on a full disk nothing is begun of a backup, a rehearsal, a restore or a move of the root, and each works when there is room',
  { skip: cannotMount },
  workOnFullDisk,
);
