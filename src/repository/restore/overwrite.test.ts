import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { cannotMount, mountSmallDisk } from '../../../test/rig/small-disk.ts';
import type { MemoryStore } from '../../storage/index.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  type SampleBlob,
  treeBlob,
  writePack,
} from '../sample-repository.fixture.ts';
import { type OverwriteMode, overwriteModes } from './overwrite.ts';
import { planRestore } from './plan-restore.ts';
import { type RestoreOptions, type RestoreSummary, restore } from './restore.ts';

let top: string;
let target: string;
let repository: Repository;
let store: MemoryStore;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-overwrite-'));
  target = join(top, 'target');
  mkdirSync(target);
  ({ repository, store } = await createSample());
});
afterEach(() => rmSync(top, { recursive: true }));

const savedNs = 1_700_000_000_000_000_000n;
const saved = dataBlob('saved');
const node = (name: string): TreeNode => ({ ...fileNode(name, saved), mtimeNs: savedNs });

async function save(...trees: readonly SampleBlob[]): Promise<void> {
  await repository.saveIndex([await writePack(repository, saved), await writePack(repository, ...trees)]);
}

interface Outcome {
  readonly summary: RestoreSummary;
  readonly problems: readonly string[];
  readonly kept: readonly string[];
}

async function restoreTree(tree: SampleBlob, options: Partial<RestoreOptions>): Promise<Outcome> {
  const [problems, kept]: [string[], string[]] = [[], []];
  const summary = await restore(repository, { tree: tree.id, paths: [] }, asked(options, problems, kept));
  return { summary, problems, kept };
}

function asked(
  options: Partial<RestoreOptions>,
  problems: string[] = [],
  kept: string[] = [],
): RestoreOptions {
  return {
    target,
    overwrite: 'always',
    onProblem: ({ path, message }) => problems.push(`${path}: ${message}`),
    onKept: (path, why) => kept.push(`${path}: ${why}`),
    ...options,
  };
}

function put(path: string, content = 'here', atMs = 0): void {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), content);
  if (atMs !== 0) lutimesSync(join(target, path), atMs / 1000, atMs / 1000);
}

const read = (path: string): string => readFileSync(join(target, path), 'utf8');
const all = (): string[] => readdirSync(target, { recursive: true, encoding: 'utf8' }).sort();

describe('what is there already', () => {
  const names = ['missing', 'newer', 'older', 'same'];
  const tree = treeBlob(...names.map(node));
  const savedMs = Number(savedNs / 1_000_000n);

  const outcomes: Readonly<Record<OverwriteMode, Record<string, string>>> = {
    always: { missing: 'saved', newer: 'saved', older: 'saved', same: 'saved' },
    // Content of the size and time of the snapshot's counts as the same.
    'if-changed': { missing: 'saved', newer: 'saved', older: 'saved', same: 'SAVED' },
    'if-newer': { missing: 'saved', newer: 'here', older: 'saved', same: 'SAVED' },
    never: { missing: 'saved', newer: 'here', older: 'here', same: 'SAVED' },
  };

  for (const overwrite of overwriteModes) {
    test(`becomes what --overwrite ${overwrite} says, and --dry-run says it before`, async () => {
      await save(tree);
      put('newer', 'here', savedMs + 1);
      put('older', 'here', savedMs - 1);
      put('same', 'SAVED', savedMs);
      chmodSync(join(target, 'same'), 0o600);
      const before = all();
      const plan = await planOf(tree, { overwrite });
      assert.deepEqual(all(), before);
      const { summary, problems } = await restoreTree(tree, { overwrite });
      assert.deepEqual(problems, []);
      const found = Object.fromEntries(names.map((name) => [name, read(name)]));
      assert.deepEqual(found, outcomes[overwrite]);
      const written = names.filter((name) => read(name) === 'saved').map((name) => `/${name}`);
      assert.deepEqual(
        plan.deeds.map(({ path }) => path),
        written,
      );
      assert.deepEqual({ ...plan.summary, unlistedPacks: 0 }, summary);
      assert.deepEqual([summary.files, summary.skipped], [written.length, names.length - written.length]);
      // What is only refreshed gets its mode, what is skipped does not.
      const mode = execFileSync('stat', ['-c', '%a', join(target, 'same')], { encoding: 'utf8' }).trim();
      assert.equal(mode, overwrite === 'always' || overwrite === 'if-changed' ? '644' : '600');
    });
  }

  test('is not linked to when it stays and is not the snapshot’s', async () => {
    const hard = (name: string): TreeNode => ({ ...node(name), links: 2, inode: 7n });
    const linked = treeBlob(hard('a'), hard('b'), hard('c'));
    await save(linked);
    put('a', 'mine');
    const { summary } = await restoreTree(linked, { overwrite: 'never' });
    assert.deepEqual([read('a'), read('b'), read('c')], ['mine', 'saved', 'saved']);
    assert.deepEqual([summary.files, summary.others, summary.skipped], [1, 1, 1]);
  });
});

async function planOf(tree: SampleBlob, options: Partial<RestoreOptions>) {
  const deeds: { deed: string; path: string }[] = [];
  const plan = planRestore(repository, { tree: tree.id, paths: [] }, asked(options));
  let next = await plan.next();
  for (; next.done !== true; next = await plan.next())
    deeds.push({ deed: next.value.deed, path: next.value.path });
  return { deeds, summary: next.value };
}

describe('with --delete', () => {
  const inner = treeBlob(node('kept'));
  const tree = treeBlob(node('a'), folderNode('dir', inner));

  test('what the snapshot does not have goes, whatever it is, and --dry-run says it before', async () => {
    await save(inner, tree);
    put('extra');
    put('dir/more/deep/file');
    mkdirSync(join(target, 'a/in/the/way'), { recursive: true });
    mkdirSync(join(top, 'outside'));
    writeFileSync(join(top, 'outside/file'), 'safe');
    symlinkSync('../outside', join(target, 'link'));
    const before = all();
    const plan = await planOf(tree, { removeUnexpected: true });
    assert.deepEqual(all(), before);
    const { summary, problems } = await restoreTree(tree, { removeUnexpected: true });
    assert.deepEqual(problems, []);
    assert.deepEqual(all(), ['a', 'dir', 'dir/kept']);
    assert.equal(readFileSync(join(top, 'outside/file'), 'utf8'), 'safe');
    const removed = [
      '/a',
      '/a/in',
      '/a/in/the',
      '/a/in/the/way',
      '/dir/more',
      '/dir/more/deep',
      '/dir/more/deep/file',
      '/extra',
      '/link',
    ];
    assert.deepEqual(
      plan.deeds
        .filter(({ deed }) => deed === 'removed')
        .map(({ path }) => path)
        .sort(),
      removed,
    );
    assert.deepEqual({ ...plan.summary, unlistedPacks: 0 }, summary);
  });

  test('only that goes which the patterns cover', async () => {
    const wide = treeBlob(node('a.txt'), folderNode('dir', inner), folderNode('other', treeBlob()));
    await save(inner, wide, treeBlob());
    const lay = (): void => {
      for (const path of [
        'b.txt',
        'b.log',
        'dir/c.txt',
        'dir/c.log',
        'other/d.txt',
        'new/e.txt',
        'new/e.log',
      ])
        put(path);
    };
    lay();
    await restoreTree(wide, { removeUnexpected: true, include: ['*.txt'] });
    // Nothing of other/ is meant, so that nothing in it was compared.
    const left = ['b.log', 'dir/c.log', 'dir/c.txt', 'new/e.log', 'new/e.txt', 'other/d.txt'];
    assert.deepEqual(filesOf(), ['a.txt', ...left]);
    lay();
    await restoreTree(wide, { removeUnexpected: true, exclude: ['*.log'] });
    assert.deepEqual(filesOf(), ['a.txt', 'b.log', 'dir/c.log', 'dir/kept', 'new/e.log']);
    lay();
    await restoreTree(wide, { removeUnexpected: true, include: ['/dir'] });
    assert.deepEqual(filesOf(), [
      'a.txt',
      'b.log',
      'b.txt',
      'dir/kept',
      'new/e.log',
      'new/e.txt',
      'other/d.txt',
    ]);
  });

  const filesOf = (): string[] => all().filter((path) => /\.|kept/.test(path));

  test('nothing goes while something of the snapshot is not there', async () => {
    const lost = treeBlob(node('gone'));
    const broken = treeBlob(node('a'), folderNode('dir', inner), folderNode('lost', lost));
    await save(inner, broken);
    put('extra');
    put('lost/precious');
    const { problems, kept, summary } = await restoreTree(broken, { removeUnexpected: true });
    assert.match(problems.join(), /^\/lost: tree blob .* is in no index/);
    assert.deepEqual(kept, [': not all of the snapshot is there, so that nothing is removed']);
    assert.deepEqual([read('lost/precious'), read('extra'), summary.removed], ['here', 'here', 0]);
    assert.deepEqual((await planOf(broken, { removeUnexpected: true })).summary.removed, 0);
  });

  test('nothing goes when a file could not be restored', async () => {
    await save(inner, tree);
    for (const { name } of await store.list('data')) {
      const bytes = Buffer.from(await store.read({ type: 'data', name }));
      if (bytes.length > 200) continue;
      await store.remove({ type: 'data', name });
    }
    put('extra');
    const { problems, summary } = await restoreTree(tree, { removeUnexpected: true });
    assert.equal(problems.length, 2);
    assert.deepEqual([read('extra'), summary.removed], ['here', 0]);
  });

  test('a directory that is to be kept stays, and what leads to it', async () => {
    await save(inner, tree);
    put('some/home/key');
    put('some/rest');
    const { kept, problems } = await restoreTree(tree, {
      removeUnexpected: true,
      kept: [join(target, 'some/home')],
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(kept, ['/some/home: Holdfast itself lives there']);
    assert.ok(existsSync(join(target, 'some/home/key')) && !existsSync(join(target, 'some/rest')));
  });

  test('all of a machine never goes, whatever the root is called', async () => {
    await save(inner, tree);
    symlinkSync('/', join(top, 'root'));
    for (const root of ['/', join(top, 'root')]) {
      const options = asked({ target: root, removeUnexpected: true, exclude: ['/usr'] });
      await assert.rejects(restore(repository, { tree: tree.id }, options), { code: 'usage' });
    }
  });

  test('another file system stays that the snapshot does not have', { skip: cannotMount }, async () => {
    const mounted = treeBlob(node('a'), folderNode('saved-empty', treeBlob()));
    await save(mounted, treeBlob());
    put('extra/rest');
    using _beside = mountSmallDisk(join(target, 'extra/disk'), '1m');
    using _inside = mountSmallDisk(join(target, 'saved-empty'), '1m');
    put('extra/disk/file');
    put('saved-empty/file');
    const { kept, problems } = await restoreTree(mounted, { removeUnexpected: true });
    const why = 'another file system is mounted there, which the snapshot does not have';
    assert.deepEqual([kept.toSorted(), problems], [[`/extra/disk: ${why}`, `/saved-empty: ${why}`], []]);
    const files = all().filter((path) => /rest|file/.test(path));
    assert.deepEqual(files, ['extra/disk/file', 'saved-empty/file']);
  });

  test('in place nothing goes beside what was saved', async () => {
    let up = treeBlob(folderNode('target', tree));
    const trees = [inner, tree, up];
    for (const name of top.slice(1).split('/').reverse()) {
      up = treeBlob(folderNode(name, up));
      trees.push(up);
    }
    await save(...trees);
    writeFileSync(join(top, 'beside'), 'here');
    put('extra');
    const options = asked({ target: '/', removeUnexpected: true, include: ['*'] });
    await restore(repository, { tree: up.id, paths: [target] }, options);
    assert.deepEqual(
      [readdirSync(top).sort(), all()],
      [
        ['beside', 'target'],
        ['a', 'dir', 'dir/kept'],
      ],
    );
  });
});
