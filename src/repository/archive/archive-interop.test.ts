import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Secret } from '../../base/index.ts';
import { LocalStore } from '../../storage/index.ts';
import { openRepository } from '../open-repository.ts';
import { archive } from './archive.ts';
import type { ArchiveSummary } from './archive-options.ts';

const password = 'geheim';

let top: string;
let source: string;
let store: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-archive-')));
  source = join(top, 'source');
  store = join(top, 'store');
  makeSource();
});
afterEach(() => rmSync(top, { recursive: true }));

for (const version of ['1', '2']) {
  test(`restic finds nothing wrong with what is added to its repository of version ${version}`, async () => {
    restic('init', '--repository-version', version);
    await save();
    assert.match(restic('check', '--read-data'), /no errors were found/);
    restic('restore', 'latest', '--target', join(top, 'restored'));
    sameContent(join(top, 'restored', source), source);
  });
}

test('restic, after us, stores nothing of a folder anew, not even directories', async () => {
  restic('init');
  await save();
  const summary = resticBackup();
  assert.equal(summary['data_blobs'], 0);
  // Those above the folder may have changed in between.
  assert.ok(Number(summary['tree_blobs']) <= source.split('/').length - 1, String(summary['tree_blobs']));
});

test('after restic, we store nothing of a folder anew, not even directories', async () => {
  restic('init');
  resticBackup();
  const { parent, dataBlobs, treeBlobs } = await save();
  assert.notEqual(parent, undefined);
  assert.equal(dataBlobs, 0);
  assert.ok(treeBlobs <= source.split('/').length - 1, String(treeBlobs));
});

test('restic finds nothing wrong after a second, incremental snapshot', async () => {
  restic('init');
  await save();
  appendFileSync(join(source, 'large'), 'one more line');
  writeFileSync(join(source, 'new'), 'new');
  rmSync(join(source, 'folder'), { recursive: true });
  await save();
  assert.match(restic('check', '--read-data'), /no errors were found/);
  restic('restore', 'latest', '--target', join(top, 'restored'));
  sameContent(join(top, 'restored', source), source);
});

test('killed in the middle, it leaves a repository that restic accepts and that the next run completes', async () => {
  restic('init');
  for (let n = 0; n < 40; n++) writeFileSync(join(source, `more-${n}`), randomBytes(2_000_000));
  // A process of its own that kills itself once two packs' worth of files is done.
  const program = `
    import { Secret } from '${url('../../base/index.ts')}';
    import { LocalStore } from '${url('../../storage/index.ts')}';
    import { archive } from '${url('./archive.ts')}';
    import { openRepository } from '${url('../open-repository.ts')}';
    const key = { password: new Secret(${JSON.stringify(password)}) };
    const repository = await openRepository(new LocalStore(${JSON.stringify(store)}), { key });
    const onProgress = ({ bytes }) => { if (bytes > 40e6) process.kill(process.pid, 'SIGKILL'); };
    await archive(repository, { paths: [Buffer.from(${JSON.stringify(source)})], onProgress });`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  assert.equal(child.signal, 'SIGKILL', child.stderr);
  restic('unlock', '--remove-all');
  restic('check', '--read-data');
  await save();
  assert.match(restic('check', '--read-data'), /no errors were found/);
  restic('restore', 'latest', '--target', join(top, 'restored'));
  sameContent(join(top, 'restored', source), source);
});

/** Content of every sort: large and small, empty, many times the same, hard to compress and easy. */
function makeSource(): void {
  mkdirSync(join(source, 'folder/deep'), { recursive: true });
  writeFileSync(join(source, 'large'), randomBytes(9_000_000));
  writeFileSync(join(source, 'zeros'), Buffer.alloc(3_000_000));
  writeFileSync(join(source, 'text'), 'The same words again and again. '.repeat(100_000));
  writeFileSync(join(source, 'empty'), '');
  writeFileSync(join(source, 'a "quoted" <name> & ü'), 'x');
  for (let n = 0; n < 200; n++)
    writeFileSync(join(source, 'folder/deep', `${n}`), `file ${n % 150}`.repeat(n));
}

async function save(): Promise<ArchiveSummary> {
  const key = { password: new Secret(password) };
  const repository = await openRepository(new LocalStore(store), { key });
  return archive(repository, { paths: [Buffer.from(source)] });
}

function resticBackup(): Record<string, unknown> {
  const lines = restic('backup', '--json', source).trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

function restic(...args: readonly string[]): string {
  const env = { ...process.env, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: join(top, 'cache') };
  return execFileSync('restic', ['-r', store, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function url(path: string): string {
  return new URL(path, import.meta.url).href;
}

function sameContent(actual: string, expected: string): void {
  execFileSync('diff', ['-r', '--no-dereference', actual, expected]);
}
