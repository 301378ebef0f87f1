import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { Secret } from '../base/index.ts';
import { LocalStore } from '../storage/index.ts';
import { type DiffStatistics, diffTrees, type TreeChange } from './diff-trees.ts';
import { findById, type IdKind } from './find/id-search.ts';
import { findByName, type WantedNames } from './find/name-search.ts';
import type { BlobId } from './format/blob.ts';
import { openRepository } from './open-repository.ts';
import type { Repository } from './repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  treeBlob,
  writePack,
  writeSnapshot,
} from './sample-repository.fixture.ts';

const reading = {
  signal: new AbortController().signal,
  onProblem: (path: string, error: Error) => assert.fail(`${path}: ${error.message}`),
};

/** What restic says of a repository of its own, beside what we say of it. */
describe('in a repository of restic', () => {
  const directory = mkdtempSync(join(tmpdir(), 'restic-finds-'));
  const source = join(directory, 'source');
  const password = new Secret('geheim');
  let repository: Repository;
  /** The oldest first. */
  let ids: readonly string[] = [];

  function restic(...args: readonly string[]): string {
    const env = { RESTIC_PASSWORD: password.reveal(), RESTIC_CACHE_DIR: join(directory, 'cache') };
    return execFileSync('restic', ['-r', join(directory, 'repo'), ...args], {
      env: { ...process.env, ...env },
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  before(async () => {
    restic('init');
    for (const folder of ['a/deep/er', 'b', 'Ann']) mkdirSync(join(source, folder), { recursive: true });
    for (const name of [
      'a/one.txt',
      'a/deep/two.TXT',
      'a/deep/er/one.txt',
      'b/ü.txt',
      'b/😀',
      'b/\uffff',
      'Ann/x',
    ])
      writeFileSync(join(source, name), name);
    writeFileSync(join(source, 'b/big'), Buffer.alloc(3_000_000, 'some text '));
    symlinkSync('one.txt', join(source, 'a/link'));
    utimesSync(join(source, 'a/one.txt'), 1_000_000_000, 1_000_000_000);
    restic('backup', source);
    writeFileSync(join(source, 'b/ü.txt'), 'otherwise');
    writeFileSync(join(source, 'b/new.txt'), 'Ann/x');
    rmSync(join(source, 'a/deep/er'), { recursive: true });
    utimesSync(join(source, 'Ann/x'), 1_100_000_000, 1_100_000_000);
    restic('backup', source);
    rmSync(join(source, 'b'), { recursive: true });
    writeFileSync(join(source, 'b'), 'a file now');
    mkdirSync(join(source, 'c'));
    writeFileSync(join(source, 'c/big'), Buffer.alloc(3_000_000, 'some text '));
    restic('backup', source);
    repository = await openRepository(new LocalStore(join(directory, 'repo')), { key: { password } });
    ids = (await repository.snapshots()).map(({ id }) => id);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  interface ResticMatch {
    readonly snapshot: string;
    readonly matches: readonly { readonly path: string; readonly type: string; readonly size?: number }[];
  }

  async function assertSameFiles(wanted: WantedNames, ...words: readonly string[]): Promise<number> {
    const snapshots = await repository.snapshots();
    const found: string[] = [];
    for await (const { snapshot, path, node } of findByName(repository, snapshots, { wanted, ...reading }))
      found.push(`${snapshot.id} ${path} ${node.type} ${node.size}`);
    const theirs = JSON.parse(restic('find', '--json', ...words, ...wanted.patterns)) as ResticMatch[];
    const expected = theirs.flatMap(({ snapshot, matches }) =>
      matches.map(({ path, type, size = 0 }) => `${snapshot} ${path} ${type} ${size}`),
    );
    assert.deepEqual(found.toSorted(), expected.toSorted(), wanted.patterns.join(' '));
    return found.length;
  }

  it('the same files are found by names, paths, patterns and what lies below them', async () => {
    let found = 0;
    for (const patterns of [
      ['one.txt'],
      ['*.txt', 'x'],
      ['deep'],
      ['deep/two*'],
      [`${source}/a/*.txt`],
      [`${source}/b`],
      ['/tmp/**/er/*'],
      ['ü*'],
      ['[a-b]*'],
      ['nothing'],
    ])
      found += await assertSameFiles({ patterns });
    assert.ok(found > 50);
  });

  it('the same are found whatever the case, and by when they were changed', async () => {
    assert.ok((await assertSameFiles({ patterns: ['*.txt', 'ANN'], ignoreCase: true }, '-i')) > 6);
    const at = (time: string): bigint => BigInt(Date.parse(`${time}Z`)) * 1_000_000n;
    process.env['TZ'] = 'UTC';
    const patterns = ['*.txt', 'x'];
    const newest = { patterns, newestNs: at('2004-01-01T00:00:00') };
    assert.equal(await assertSameFiles(newest, '--newest', '2004-01-01 00:00:00'), 3);
    const between = { patterns, oldestNs: at('2004-01-01T00:00:00'), newestNs: at('2005-01-01T00:00:00') };
    const words = ['--oldest', '2004-01-01 00:00:00', '--newest', '2005-01-01 00:00:00'];
    assert.equal(await assertSameFiles(between, ...words), 2);
  });

  it('files alone are found where a kind is asked for, also below a folder of that name', async () => {
    const found: string[] = [];
    const wanted = { patterns: ['deep'], type: 'file' } as const;
    for await (const { path } of findByName(repository, await repository.snapshots(), { wanted, ...reading }))
      found.push(path.slice(source.length));
    assert.deepEqual(found, ['/a/deep/er/one.txt', '/a/deep/two.TXT', '/a/deep/two.TXT', '/a/deep/two.TXT']);
  });

  interface ResticObject {
    readonly object_type: string;
    readonly id: string;
    readonly path: string;
    readonly snapshot: string;
  }

  it('blobs, trees and all of a pack are found where they are used', async () => {
    const index = await repository.loadIndex();
    const snapshots = await repository.snapshots();
    const find = async (kind: IdKind, prefixes: readonly string[]): Promise<string[]> => {
      const found: string[] = [];
      for await (const each of findById(repository, snapshots, { kind, prefixes, ...reading }))
        found.push(`${each.kind} ${each.id} ${each.path} ${each.snapshot.id}`);
      return found.toSorted();
    };
    const all = Array.from({ length: index.size }, (_, slot) => index.locationAt(slot));
    const blobs = all.filter(({ type }) => type === 'data').map(({ id }) => id);
    const theirs = JSON.parse(restic('find', '--blob', '--json', ...blobs)) as ResticObject[];
    const expected = theirs.map((each) => `${each.object_type} ${each.id} ${each.path} ${each.snapshot}`);
    assert.deepEqual(
      await find(
        'blob',
        blobs.map((id) => id.slice(0, 20)),
      ),
      [...new Set(expected)].toSorted(),
    );
    const folder = await repository.findSnapshotFolder(`${ids[2] ?? ''}:${source}/Ann`);
    const [tree] = (
      JSON.parse(restic('find', '--tree', '--json', folder.tree, '-s', ids[2] ?? '')) as ResticObject[]
    ).map(({ id, path, snapshot }) => `tree ${id} ${path} ${snapshot}`);
    assert.ok(tree !== undefined && (await find('tree', [folder.tree])).includes(tree));
    const inPacks = await find('pack', [...new Set(all.map(({ pack }) => pack.slice(0, 12)))]);
    for (const { type, id } of all)
      assert.ok(
        inPacks.some((each) => each.startsWith(`${type === 'tree' ? type : 'blob'} ${id} `)),
        id,
      );
    await assert.rejects(find('blob', ['0000']), { code: 'object_not_found' });
  });

  interface ResticStatistics {
    readonly changed_files: number;
    readonly added: Readonly<Record<string, number>>;
    readonly removed: Readonly<Record<string, number>>;
  }

  async function difference(
    before: string,
    after_: string,
    metadata: boolean,
  ): Promise<{ changes: TreeChange[]; statistics: DiffStatistics }> {
    const [one, other] = await Promise.all([before, after_].map((id) => repository.findSnapshotFolder(id)));
    assert.ok(one && other);
    const all = diffTrees(repository, one.tree, other.tree, { metadata, ...reading });
    const changes: TreeChange[] = [];
    for (;;) {
      const next = await all.next();
      if (next.done === true) return { changes, statistics: next.value };
      changes.push(next.value);
    }
  }

  function sideOf({ dataBlobs, treeBlobs, ...rest }: DiffStatistics['added']): Record<string, number> {
    return { ...rest, data_blobs: dataBlobs, tree_blobs: treeBlobs };
  }

  it('the same differences are found between snapshots, with the same sums', async () => {
    for (const metadata of [false, true])
      for (const [before_, after_] of [
        [0, 1],
        [1, 2],
        [2, 0],
        [1, 1],
      ] as const) {
        const names = [ids[before_] ?? '', ids[after_] ?? ''] as const;
        const lines = restic('diff', '--json', ...(metadata ? ['--metadata'] : []), ...names)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Partial<TreeChange & ResticStatistics>);
        const { changes, statistics } = await difference(...names, metadata);
        const theirs = lines.filter(({ path }) => path !== undefined);
        assert.deepEqual(
          changes,
          theirs.map(({ path, modifier }) => ({ path, modifier })),
        );
        const sums = lines.at(-1);
        assert.deepEqual(sideOf(statistics.added), sums?.added);
        assert.deepEqual(sideOf(statistics.removed), sums?.removed);
        assert.equal(statistics.changedFiles, sums?.changed_files);
      }
  });
});

const content = [dataBlob('dear ann'), dataBlob('dear bob')] as const;

test('content that changed while nothing else did is told from a file that was written', async () => {
  const { repository } = await createSample();
  const [old, rotten] = content.map((blob) => treeBlob({ ...fileNode('letter', blob), inode: 7n }));
  const written = treeBlob({ ...fileNode('letter', content[1]), inode: 7n, ctimeNs: 2n });
  assert.ok(old && rotten);
  await repository.saveIndex([await writePack(repository, ...content, old, rotten, written)]);
  const modifiers = async (after_: BlobId): Promise<string[]> => {
    const found: string[] = [];
    for await (const { modifier } of diffTrees(repository, old.id, after_, reading)) found.push(modifier);
    return found;
  };
  assert.deepEqual(await modifiers(rotten.id), ['M?']);
  assert.deepEqual(await modifiers(written.id), ['M']);
});

test('a directory that several snapshots have is read once, and one that cannot be read is named', async () => {
  const { repository } = await createSample();
  const lost = treeBlob(fileNode('letter-of-old'));
  const letters = treeBlob(fileNode('letter', content[0]), folderNode('lost', lost));
  const tree = treeBlob(folderNode('a', letters), folderNode('b', letters), fileNode('letter'));
  const pack = await writePack(repository, ...content, letters, tree);
  await repository.saveIndex([pack]);
  for (const timeNs of [1n, 2n, 3n]) await writeSnapshot(repository, tree, { timeNs });
  const found = async (pattern: string): Promise<[string[], string[], number]> => {
    const paths: string[] = [];
    const problems: string[] = [];
    const reads: BlobId[] = [];
    const watched = Object.create(repository, {
      readBlob: {
        value: (...of: Parameters<Repository['readBlob']>) => (reads.push(of[1]), repository.readBlob(...of)),
      },
    }) as Repository;
    const options = { signal: reading.signal, onProblem: (path: string) => problems.push(path) };
    const wanted = { patterns: [pattern] };
    for await (const { path } of findByName(watched, await repository.snapshots(), { wanted, ...options }))
      paths.push(path);
    return [paths, problems, reads.length];
  };
  const each = ['/a/letter', '/b/letter', '/letter'];
  assert.deepEqual(await found('letter'), [[...each, ...each, ...each], ['/a/lost'], 3]);
  assert.deepEqual(await found('/a/letter'), [['/a/letter', '/a/letter', '/a/letter'], [], 2]);
  assert.deepEqual(await found('nothing'), [[], ['/a/lost'], 3]);
});
