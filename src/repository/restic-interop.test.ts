import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { asBuffer, type Bytes, Secret } from '../base/index.ts';
import { LocalStore } from '../storage/index.ts';
import { check } from './check/check.ts';
import { idOf } from './format/blob.ts';
import { readPackHeader } from './format/pack-header.ts';
import { compareNames, encodeTree } from './format/tree.ts';
import { encodeNode } from './format/tree-node.ts';
import { initRepository } from './init-repository.ts';
import { listSnapshot } from './list-snapshot.ts';
import { openRepository } from './open-repository.ts';
import type { Repository } from './repository.ts';
import {
  cheapCost,
  dataBlob,
  fileNode,
  folderNode,
  treeBlob,
  writePack,
} from './sample-repository.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'restic-interop-'));
const password = new Secret('geheim');

after(() => rmSync(directory, { recursive: true, force: true }));

function restic(repository: string, ...args: readonly string[]): string {
  const env = {
    ...process.env,
    RESTIC_PASSWORD: password.reveal(),
    RESTIC_CACHE_DIR: join(directory, 'cache'),
  };
  return execFileSync('restic', ['-r', join(directory, repository), ...args], {
    env,
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function open(repository: string): Promise<Repository> {
  return openRepository(new LocalStore(join(directory, repository)), { key: { password } });
}

/** Names with every byte that a name can have, alone and in between, and some that are hard to write in JSON or Go. */
function nastyNames(): Buffer[] {
  const bytes = Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) => byte !== 0x2f && byte !== 0x2e);
  const hard = [
    'a"b\\c<>&',
    '\u2028\u2029',
    '\u00a0\u00ad',
    'ﬁ😀',
    '\u{e0001}',
    '\ufeff',
    '...',
    'é',
    '\ufffd',
  ];
  return [
    ...bytes.map((byte) => Buffer.from([byte])),
    ...bytes.map((byte) => Buffer.from([0x61, byte, 0x7a])),
    ...hard.map((name) => Buffer.from(name)),
    ...[
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf0, 0x9f, 0x98],
      [0xe2, 0x82],
    ].map((name) => Buffer.from(name)),
  ];
}

function makeSource(name: string): Buffer {
  const source = join(directory, name);
  mkdirSync(join(source, 'names'), { recursive: true });
  for (const file of nastyNames()) writeFileSync(Buffer.concat([Buffer.from(`${source}/names/`), file]), '');
  mkdirSync(join(source, 'empty'));
  writeFileSync(
    join(source, 'large'),
    Buffer.concat([randomBytes(1_500_000), Buffer.alloc(1_500_000, 'text ')]),
    { mode: 0o640 },
  );
  writeFileSync(join(source, 'setuid'), 'x', { mode: 0o4755 });
  symlinkSync('../somewhere <else> "ä"', join(source, 'link'));
  for (const [file, seconds] of [
    ['old', -1],
    ['future', 5_000_000_000],
    ['exact', 1_700_000_000],
  ] as const) {
    writeFileSync(join(source, file), file);
    utimesSync(join(source, file), seconds, seconds);
  }
  execFileSync('mkfifo', [join(source, 'pipe')]);
  return readFileSync(join(source, 'large'));
}

for (const version of ['1', '2']) {
  const name = `by-restic-${version}`;

  test(`every blob, tree and pack header that restic wrote in version ${version} is read`, async () => {
    const large = makeSource(`source-${version}`);
    restic(name, 'init', '--repository-version', version);
    restic(name, 'backup', `source-${version}`);
    const repository = await open(name);
    assert.equal(String(repository.version), version);
    const index = await repository.loadIndex();
    for (let slot = 0; slot < index.size; slot++) {
      const { type, id } = index.locationAt(slot);
      assert.equal(idOf(await repository.readBlob(type, id)), id);
    }
    const packs = await repository.store.list('data');
    const listed = await Promise.all(
      packs.map(async (pack) => readPackHeader(repository.store, repository.cipher, pack)),
    );
    assert.equal(listed.flat().length, index.size);
    const snapshot = await repository.findSnapshot('latest');
    const content: Bytes[] = [];
    for await (const { path, node } of listSnapshot(repository, snapshot)) {
      if (!asBuffer(path).toString().endsWith('/large')) continue;
      for (const id of node.content ?? []) content.push(await repository.readBlob('data', id));
    }
    assert.ok(Buffer.concat(content).equals(large));
  });

  test(`trees that restic wrote in version ${version} are, read and encoded again, the same bytes`, async () => {
    const repository = await open(name);
    const index = await repository.loadIndex();
    let nodes = 0;
    for (let slot = 0; slot < index.size; slot++) {
      if (!index.isTree(slot)) continue;
      const { id } = index.locationAt(slot);
      const tree = await repository.readTree(id);
      assert.deepEqual(tree.problems, []);
      assert.equal(idOf(encodeTree(tree.nodes.map(encodeNode))), id);
      nodes += tree.nodes.length;
    }
    assert.ok(nodes > nastyNames().length);
  });

  test(`a check finds nothing wrong with what restic wrote in version ${version}`, async () => {
    const problems: string[] = [];
    const summary = await check(await open(name), {
      readData: true,
      onProblem: ({ message }) => problems.push(message),
    });
    assert.deepEqual(problems, []);
    assert.equal(summary.snapshots, 1);
  });
}

test('restic accepts a repository, a key, packs, an index and a snapshot of ours, and reads the files back', async () => {
  const store = new LocalStore(join(directory, 'ours'));
  const repository = await initRepository(store, { password, cost: cheapCost });
  assert.equal(restic('ours', 'snapshots', '--json').trim(), '[]');
  const [hello, world] = [dataBlob('hello '.repeat(1000)), dataBlob('world')];
  const inner = treeBlob(
    ...nastyNames()
      .sort(compareNames)
      .map((name) => ({ ...fileNode('x'), name })),
  );
  const root = treeBlob(fileNode('a', hello, world), folderNode('dir', inner));
  await repository.saveIndex([
    await writePack(repository, hello, world),
    await writePack(repository, inner, root),
  ]);
  const id = await repository.saveSnapshot({
    timeNs: 1_700_000_000_123_456_789n,
    tree: root.id,
    paths: ['/'],
    hostname: 'h',
  });
  assert.match(restic('ours', 'check', '--read-data'), /no errors were found/);
  assert.equal(restic('ours', 'dump', id, '/a'), 'hello '.repeat(1000) + 'world');
  const listed = restic('ours', 'ls', '--json', id).trim().split('\n');
  assert.equal(listed.length, 1 + 2 + nastyNames().length);
  assert.match(restic('ours', 'find', '--json', 'a'), /"matches"/);
});

test('an exclusive lock of ours keeps restic out until it is released', async () => {
  const repository = await open('ours');
  {
    await using lock = await repository.lock({ exclusive: true });
    assert.throws(() => restic('ours', 'check'), /already locked exclusively by PID/);
    assert.equal(lock.lost.aborted, false);
  }
  assert.match(restic('ours', 'check'), /no errors were found/);
});
