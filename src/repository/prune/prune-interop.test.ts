import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Secret } from '../../base/index.ts';
import { LocalStore } from '../../storage/index.ts';
import { archive } from '../archive/archive.ts';
import { forget } from '../forget/forget.ts';
import { groupBy } from '../forget/group-snapshots.ts';
import { openRepository } from '../open-repository.ts';
import type { Repository } from '../repository.ts';
import { prune } from './prune.ts';

const password = 'geheim';

let top: string;
let source: string;
let opened: Repository | undefined;
beforeEach(() => {
  opened = undefined;
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-prune-')));
  source = join(top, 'source');
  mkdirSync(join(source, 'folder'), { recursive: true });
});
afterEach(() => rmSync(top, { recursive: true }));

function restic(...words: readonly string[]): string {
  return execFileSync('restic', ['-r', join(top, 'repo'), '--no-cache', ...words], {
    env: { ...process.env, RESTIC_PASSWORD: password },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Its password costs half a second, and only the first time. */
async function open(): Promise<Repository> {
  const key = opened === undefined ? { password: new Secret(password) } : { masterKey: opened.masterKey };
  opened = await openRepository(new LocalStore(join(top, 'repo')), { key });
  return opened;
}

/** Some files stay from round to round, some change, and a large one comes and goes. */
function change(round: number): void {
  writeFileSync(join(source, `stays-${round}`), randomBytes(40_000));
  writeFileSync(join(source, 'folder/changes'), `${round}\n`.repeat(50_000));
  rmSync(join(source, 'goes'), { force: true });
  if (round < 2) writeFileSync(join(source, 'goes'), randomBytes(1_500_000));
}

function packCount(): number {
  const files = readdirSync(join(top, 'repo/data'), { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).length;
}

for (const version of ['1', '2'])
  test(`restic finds nothing wrong with its repository of version ${version} that we pruned, and nothing more to prune`, async () => {
    restic('init', '--repository-version', version);
    for (let round = 0; round < 3; round++) {
      change(round);
      if (round === 1) await archive(await open(), { paths: [Buffer.from(source)] });
      else restic('backup', source);
    }
    restic('forget', '--keep-last', '1', '--group-by', '');
    const before = packCount();
    const { packs, freedBytes } = await prune(await open(), { maxUnused: () => 0 });
    assert.ok(freedBytes > 3_000_000 && packs.repacked + packs.removed > 0, String(freedBytes));
    assert.ok(packCount() <= before);
    assert.match(restic('check', '--read-data'), /no errors were found/);
    restic('restore', 'latest', '--target', join(top, 'restored'));
    execFileSync('diff', ['-r', join(top, 'restored', source), source]);
    assert.match(restic('prune', '--dry-run', '--max-unused', '0'), /total prune: +0 blobs/);
    const again = await prune(await open(), { maxUnused: () => 0, dryRun: true });
    assert.deepEqual([again.packs.repacked, again.packs.removed, again.freedBytes], [0, 0, 0]);
  });

test('what restic has pruned there is nothing of for us, and what we forgot goes with it', async () => {
  restic('init');
  for (let round = 0; round < 3; round++) {
    change(round);
    await archive(await open(), { paths: [Buffer.from(source)] });
  }
  await forget(await open(), { policy: { last: 1 }, groupOf: groupBy([]), judgedBy: 'time' });
  restic('prune', '--max-unused', '0');
  const { unused, duplicate, packs } = await prune(await open(), { maxUnused: () => 0 });
  assert.deepEqual([unused.blobs, duplicate.blobs, packs.removed, packs.unlisted], [0, 0, 0, 0]);
  assert.match(restic('check', '--read-data'), /no errors were found/);
});

test('a machine that has backed up before stores again what another one has pruned', async () => {
  restic('init');
  const machine = await open();
  change(0);
  await archive(machine, { paths: [Buffer.from(source)], hostname: 'a' });
  rmSync(join(source, 'goes'));
  await archive(machine, { paths: [Buffer.from(source)], hostname: 'a' });
  // The other one keeps a snapshot of its own alone: the parent, its directories and its contents are gone.
  const other = await open();
  mkdirSync(join(top, 'other'));
  await archive(other, { paths: [Buffer.from(join(top, 'other'))], hostname: 'b' });
  await forget(other, { policy: { last: 1 }, groupOf: groupBy([]), judgedBy: 'time' });
  await prune(other, { maxUnused: () => 0 });
  const summary = await archive(machine, { paths: [Buffer.from(source)], hostname: 'a' });
  assert.ok(summary.dataBlobs > 0 && summary.treeBlobs > 0);
  assert.match(restic('check', '--read-data'), /no errors were found/);
});

test('with the parent there and part of what it has pruned away, only that is stored again', async () => {
  restic('init');
  const machine = await open();
  change(0);
  const first = await archive(machine, { paths: [Buffer.from(source)] });
  await machine.files.remove('snapshots', first.snapshotId);
  change(1);
  await archive(machine, { paths: [Buffer.from(source)] });
  await prune(await open(), { maxUnused: () => 0 });
  writeFileSync(join(source, 'folder/changes'), '0\n'.repeat(50_000));
  const summary = await archive(machine, { paths: [Buffer.from(source)] });
  assert.equal(summary.dataBlobs, 1);
  assert.match(restic('check', '--read-data'), /no errors were found/);
});
