import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { lstat, readXattrs } from '../../files/index.ts';
import { MemoryStore, type ObjectRef, type ReadOptions } from '../../storage/index.ts';
import { idOf, type PackContents } from '../format/blob.ts';
import { type TreeNode, toGoMode } from '../format/tree-node.ts';
import { openRepository } from '../open-repository.ts';
import type { Repository } from '../repository.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  folderNode,
  type SampleBlob,
  samplePassword,
  treeBlob,
  writePack,
} from '../sample-repository.fixture.ts';
import type { OverwriteMode } from './overwrite.ts';
import { type RestoreOptions, type RestoreProblem, restore } from './restore.ts';
import { verify } from './verify.ts';
import { systemProblem } from './write-file.ts';

let top: string;
let target: string;
let repository: Repository;
let store: MemoryStore;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
  target = join(top, 'target');
  ({ repository, store } = await createSample());
});
afterEach(() => rmSync(top, { recursive: true }));

/** Restores a tree; the problems, as `path: message`. */
async function restoreTree(tree: SampleBlob, options: Partial<RestoreOptions> = {}): Promise<string[]> {
  const problems: string[] = [];
  const summary = await restore(
    repository,
    { tree: tree.id },
    { target, onProblem: ({ path, message }) => problems.push(`${path}: ${message}`), ...options },
  );
  assert.equal(summary.problems, problems.length);
  return problems;
}

async function save(...packs: readonly (readonly SampleBlob[])[]): Promise<PackContents[]> {
  const written: PackContents[] = [];
  for (const blobs of packs) written.push(await writePack(repository, ...blobs));
  await repository.saveIndex(written);
  return written;
}

/** A tree blob with the nodes of others just as they are, whatever names and order that gives. */
function rawTree(...json: readonly string[]): SampleBlob {
  const plaintext = Buffer.from(`{"nodes":[${json.join(',')}]}\n`);
  return { type: 'tree', plaintext, id: idOf(plaintext) };
}

const rawFile = (name: string, blob: SampleBlob): string =>
  JSON.stringify({ name, type: 'file', mode: 0o644, content: [blob.id], size: blob.plaintext.length });
const rawLink = (name: string, linktarget: string): string =>
  JSON.stringify({ name, type: 'symlink', mode: 0o777, linktarget, content: null });
const rawFolder = (name: string, tree: SampleBlob): string =>
  JSON.stringify({ name, type: 'dir', mode: 0o755, content: null, subtree: tree.id });

const names = (directory = target): string[] => readdirSync(directory).sort();
const read = (path: string): string => readFileSync(join(target, path), 'utf8');

const one = dataBlob('one'.repeat(100));
const two = dataBlob('two'.repeat(100));

describe('a hostile snapshot', () => {
  test('cannot name anything outside its directory', async () => {
    const inner = rawTree(rawFile('../../escaped', one), rawFile('ok', two));
    const hostile = rawTree(
      ...['..', '.', '', 'a/b', '/etc/x', 'nul\0', '\\x2e\\x2e', '..\\x2fout'].map((name) =>
        rawFile(name, one),
      ),
      rawFolder('..', inner),
      rawFolder('sub', inner),
    );
    await save([one, two], [inner, hostile]);
    const problems = await restoreTree(hostile);
    assert.deepEqual(names(top), ['target']);
    assert.deepEqual([names(), names(join(target, 'sub'))], [['sub'], ['ok']]);
    assert.equal(problems.length, 10);
  });

  test('cannot write through a symlink it made itself', async () => {
    const outside = join(top, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'victim'), 'safe');
    const inner = rawTree(rawFile('planted', one));
    const hostile = rawTree(
      rawLink('a', outside),
      rawFolder('a', inner),
      rawLink('b', join(outside, 'victim')),
      rawFile('b', one),
    );
    await save([one], [inner, hostile]);
    for (const overwrite of [undefined, 'always'] as const) {
      const problems = await restoreTree(hostile, { overwrite });
      assert.equal(problems.length, 2);
      assert.deepEqual(names(outside), ['victim']);
      assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'safe');
    }
  });

  test('whose index says another length than a blob has does not get that length', async () => {
    const pack = await writePack(repository, one, two);
    const blobs = pack.blobs.map((blob) => (blob.id === one.id ? { ...blob, plainLength: 2 ** 31 } : blob));
    const tree = treeBlob(fileNode('a', one), fileNode('b', two));
    await repository.saveIndex([{ ...pack, blobs }, await writePack(repository, tree)]);
    const problems = await restoreTree(tree);
    assert.match(
      problems.join('\n'),
      /^\/a: data blob [0-9a-f]{64} would have 2147483648 bytes, where a part of its file has 16777216 at most$/,
    );
    assert.deepEqual(names(), ['b']);
  });
});

test('whatever the members of nodes hold, the files beside them come', async () => {
  const seed = randomInt(2 ** 32);
  const values = [
    '',
    'x\0y',
    '\ud800',
    '../..',
    '\\xff',
    '{}',
    -1,
    1.5,
    2 ** 32,
    2 ** 53,
    1e300,
    null,
    true,
    [],
    [null],
  ];
  const texts = [
    ...values.map((value) => JSON.stringify(value)),
    '1e999',
    '9'.repeat(40),
    `-${'9'.repeat(20)}`,
  ];
  const deep = `${'[{"a":'.repeat(3000)}1${'}]'.repeat(3000)}`;
  const times = [
    '"9999-12-31T23:59:59.999999999-23:59"',
    '"0000-01-01T00:00:00+23:59"',
    '"2024-02-30T00:00:00Z"',
  ];
  const types = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'x'];
  const inner = treeBlob(fileNode('file', two));
  const pick = picker(seed);
  const nodes = Array.from({ length: 400 }, (_, number) => {
    const members: Record<string, string> = {
      name: JSON.stringify(`m${number}`),
      type: JSON.stringify(pick(types)),
      content: JSON.stringify([one.id]),
      subtree: JSON.stringify(inner.id),
      size: String(one.plaintext.length),
      linktarget: '"x"',
    };
    const keys = [
      'mode',
      'uid',
      'gid',
      'mtime',
      'atime',
      'ctime',
      'device',
      'links',
      'inode',
      'user',
      'extended_attributes',
    ];
    for (let changes = 1 + pick([0, 1, 2, 4]); changes > 0; changes--)
      members[pick([...keys, ...Object.keys(members)])] = pick([...texts, ...times, deep]);
    return `{${Object.entries(members)
      .map(([key, text]) => `"${key}":${text}`)
      .join()}}`;
  });
  const tree = rawTree(...nodes.flatMap((node, number) => [node, rawFile(`good${number}`, one)]));
  await save([one, two], [inner, tree]);
  await restoreTree(tree).catch((cause: unknown) => assert.fail(new Error(`seed ${seed}`, { cause })));
  for (let number = 0; number < nodes.length; number++)
    assert.equal(read(`good${number}`), one.plaintext.toString(), `seed ${seed}`);
});

/** Picks by a seed. */
function picker(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed;
  return (choices) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return choices[Math.floor((state / 2 ** 32) * choices.length)] as (typeof choices)[number];
  };
}

describe('what is in the way', () => {
  const inner = treeBlob(fileNode('file', one));
  const tree = treeBlob(fileNode('a', one), folderNode('dir', inner), fileNode('z', two));

  test('is replaced when it may be, a symlink never followed', async () => {
    await save([one, two], [inner, tree]);
    mkdirSync(join(top, 'elsewhere'));
    mkdirSync(target);
    writeFileSync(join(top, 'elsewhere/file'), 'safe');
    symlinkSync('../elsewhere', join(target, 'dir'));
    symlinkSync('../elsewhere/file', join(target, 'a'));
    writeFileSync(join(target, 'kept'), 'kept');
    assert.deepEqual(await restoreTree(tree, { overwrite: 'always' }), []);
    assert.equal(readFileSync(join(top, 'elsewhere/file'), 'utf8'), 'safe');
    assert.deepEqual([names(), names(join(target, 'dir'))], [['a', 'dir', 'kept', 'z'], ['file']]);
    assert.ok(lstatSync(join(target, 'a')).isFile());
  });

  test('and is a directory stays, is named, and the rest is restored', async () => {
    await save([one, two], [inner, tree]);
    mkdirSync(join(target, 'a/full'), { recursive: true });
    const problems = await restoreTree(tree, { overwrite: 'always' });
    assert.match(problems.join('\n'), /^\/a: (EISDIR|EPERM)/);
    assert.deepEqual([names(), names(join(target, 'a'))], [['a', 'dir', 'z'], ['full']]);
  });
});

describe('restoring in place', () => {
  const user = 65_534;
  const inner = treeBlob(fileNode('file', one));
  const saved = (): string => join(top, 'saved');

  /** A tree in which `saved` lies where it is on disk; the directories that lead there are of nobody we are. */
  async function savedTree(): Promise<SampleBlob> {
    let tree = treeBlob({ ...folderNode('saved', inner), uid: process.geteuid?.() ?? 0 });
    const trees = [inner, tree];
    for (const name of top.slice(1).split('/').reverse()) {
      tree = treeBlob({ ...folderNode(name, tree), uid: 12_345, gid: 12_345, mode: toGoMode('dir', 0o500) });
      trees.push(tree);
    }
    await save([one], trees);
    return tree;
  }

  /** Restores to `/` what was saved at `saved`. */
  async function restoreInPlace(overwrite?: OverwriteMode): Promise<string[]> {
    const tree = await savedTree();
    const problems: string[] = [];
    const onProblem = ({ path, message }: RestoreProblem): void => void problems.push(`${path}: ${message}`);
    const snapshot = { tree: tree.id, paths: [saved()] };
    await restore(repository, snapshot, { target: '/', overwrite, onProblem });
    return problems;
  }

  /** Root becomes somebody else for as long as it takes; everybody else is an ordinary user already. */
  async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
    if (process.getuid?.() !== 0) return work();
    chownSync(top, user, user);
    process.seteuid?.(user);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  }

  test('gives an ordinary user everything back, and leaves what leads there as it is', async () => {
    const look = (): unknown[] =>
      ['/', '/tmp', top].map((path) => {
        const { mode, uid, mtimeNs } = lstat(Buffer.from(path));
        return path === top ? [mode, uid] : [mode, uid, path === '/' ? mtimeNs : 0n];
      });
    await asOrdinaryUser(async () => {
      const before = look();
      assert.deepEqual(await restoreInPlace('always'), []);
      assert.deepEqual(look(), before);
      assert.equal(readFileSync(join(saved(), 'file'), 'utf8'), one.plaintext.toString());
      writeFileSync(join(saved(), 'file'), 'changed');
      assert.deepEqual(await restoreInPlace('always'), []);
      assert.equal(readFileSync(join(saved(), 'file'), 'utf8'), one.plaintext.toString());
    });
  });

  test('without overwriting brings what is gone, and names and keeps what is there', async () => {
    mkdirSync(saved(), { mode: 0o700 });
    assert.deepEqual(await restoreInPlace(), []);
    assert.equal(lstat(Buffer.from(saved())).mode, 0o700);
    writeFileSync(join(saved(), 'file'), 'newer');
    assert.deepEqual(await restoreInPlace(), [
      `${saved()}/file: is there already, and is left as it is without --overwrite`,
    ]);
    assert.equal(readFileSync(join(saved(), 'file'), 'utf8'), 'newer');
  });

  test('and to where no directory can be ends with an error', async () => {
    await assert.rejects(restoreTree(inner, { target: '/proc/x/y' }), { code: 'storage_failed' });
  });
});

describe('damage', () => {
  const big = dataBlob('big'.repeat(2_000_000));
  const far = dataBlob('far'.repeat(2_000_000));
  const tree = treeBlob(
    fileNode('a', one),
    fileNode('both', one, two),
    fileNode('large', big, two, far),
    fileNode('z', big),
  );

  /** The same repository read through a store that gives something else for one object. */
  async function readingThrough(
    change: (ref: ObjectRef, bytes: Bytes, start: number) => Bytes,
  ): Promise<void> {
    class ChangedStore extends MemoryStore {
      override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
        return change(ref, await store.read(ref, options), options.range?.offset ?? 0);
      }
      override list = store.list.bind(store);
    }
    repository = await openRepository(new ChangedStore(), { key: { password: samplePassword } });
  }

  const flip =
    (pack: PackContents | undefined, place: number) =>
    (ref: ObjectRef, bytes: Bytes, start: number): Bytes => {
      if (ref.type === 'data' && ref.name === pack?.id && place >= start && place < start + bytes.length) {
        bytes[place - start] = (bytes[place - start] ?? 0) ^ 0x10;
      }
      return bytes;
    };

  test('of one blob is named with every file that has it, and the others are restored', async () => {
    const [pack] = await save([one, two, big, far], [tree]);
    await readingThrough(flip(pack, (pack?.blobs[1]?.offset ?? 0) + 40));
    const problems = (await restoreTree(tree)).sort();
    assert.deepEqual(
      problems.map((problem) =>
        problem.replaceAll(/[0-9a-f]{64}/g, (id) => (id === two.id ? 'TWO' : 'PACK')),
      ),
      ['/both', '/large'].map(
        (path) =>
          `${path}: pack PACK: data blob TWO does not authenticate: its bytes are not those that were written`,
      ),
    );
    assert.deepEqual(names(), ['a', 'z']);
    assert.equal(read('a'), one.plaintext.toString());
    assert.equal(read('z'), big.plaintext.toString());
    const found = await verify(repository, { tree: tree.id }, { restoredTo: target });
    assert.deepEqual(found.different, ['/both', '/large']);
  });

  test('of one blob does not matter when another pack has it too', async () => {
    const [pack] = await save([one, two, big, far], [two, one], [tree]);
    await readingThrough(flip(pack, (pack?.blobs[1]?.offset ?? 0) + 40));
    assert.deepEqual(await restoreTree(tree), []);
    assert.equal(read('large'), Buffer.concat([big, two, far].map(({ plaintext }) => plaintext)).toString());
    assert.equal(read('both'), one.plaintext.toString() + two.plaintext.toString());
  });

  test('of a whole pack that is gone leaves what other packs hold', async () => {
    const [pack] = await save([two, far], [one, big], [tree]);
    await store.remove({ type: 'data', name: pack?.id ?? idOf(Buffer.alloc(0)) });
    const problems = (await restoreTree(tree)).sort();
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]),
      ['/both', '/large'],
    );
    assert.ok(problems.every((problem) => problem.includes(pack?.id ?? '-')));
    assert.deepEqual(names(), ['a', 'z']);
  });

  test('of a directory leaves the other directories', async () => {
    const inner = treeBlob(fileNode('file', two));
    const outer = treeBlob(fileNode('a', one), folderNode('lost', inner));
    await save([one, two], [outer]);
    const problems = await restoreTree(outer);
    assert.match(problems.join('\n'), new RegExp(`^/lost: tree blob ${inner.id} is in no index`));
    assert.deepEqual([names(), names(join(target, 'lost'))], [['a', 'lost'], []]);
  });

  test('that is a lost store ends it all, and nothing begun stays', async () => {
    const [pack] = await save([one, two, big, far], [tree]);
    await readingThrough((ref, bytes, start) => {
      if (ref.type === 'data' && ref.name === pack?.id && start > 0)
        throw new HoldfastError('connection_lost', 'gone');
      return bytes;
    });
    await assert.rejects(restoreTree(tree), { code: 'connection_lost' });
    assert.deepEqual(
      names().filter((name) => name.startsWith('.') || name === 'large'),
      [],
    );
  });
});

test('an aborted restore rejects with the reason and writes nothing more', async () => {
  const blobs = Array.from({ length: 40 }, (_, number) => dataBlob(`${number} `.repeat(400_000)));
  const tree = treeBlob(
    ...blobs.map((blob, number) => fileNode(`f${100 + number}`, blob)),
    fileNode('large', ...blobs),
  );
  await save(blobs, [tree]);
  const stop = new AbortController();
  const reason = new Error('enough');
  const running = restoreTree(tree, { signal: stop.signal, onProgress: () => stop.abort(reason) });
  await assert.rejects(running, reason);
  const left = names();
  assert.ok(left.length > 0 && left.length < 41);
  for (const name of left) assert.equal(read(name), blobs[Number(name.slice(1)) - 100]?.plaintext.toString());
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(names(), left);
});

test('a disk that is full ends the restore with its own error, and nothing begun stays', async () => {
  // Only root can make a small disk; what is made of the system's error is the same for everybody.
  assert.equal(systemProblem(Object.assign(new Error('full'), { code: 'ENOSPC' })).kind, 'full');
  if (process.getuid?.() !== 0) return;
  const blobs = Array.from({ length: 8 }, (_, number) => dataBlob(`${number} `.repeat(400_000)));
  const tree = treeBlob(fileNode('large', ...blobs), ...blobs.map((blob, at) => fileNode(`z${at}`, blob)));
  await save(blobs, [tree]);
  mkdirSync(target);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', target]);
  try {
    await assert.rejects(restoreTree(tree), { code: 'storage_full', message: /ENOSPC/ });
    for (const name of names()) assert.equal(read(name), blobs[Number(name.slice(1))]?.plaintext.toString());
  } finally {
    execFileSync('umount', [target]);
  }
});

describe('nodes that restic 0.14 does not write', () => {
  const link = (name: string, linkTarget: Bytes): TreeNode => ({
    ...fileNode(name),
    type: 'symlink',
    mode: toGoMode('symlink', 0o777),
    linkTarget,
  });

  test('are restored: sockets, raw link targets, hard links of everything, xattrs of symlinks', async () => {
    const raw = Buffer.from([0x2f, 0xff, 0x0a]);
    const twice = { inode: 9n, deviceId: 1n, links: 2 };
    const { content: _none, ...plain } = fileNode('x');
    const tree = treeBlob(
      { ...link('a', raw), ...twice },
      { ...link('b', raw), ...twice },
      {
        ...plain,
        name: Buffer.from('p1'),
        ...twice,
        inode: 10n,
        type: 'fifo',
        mode: toGoMode('fifo', 0o620),
      },
      {
        ...plain,
        name: Buffer.from('p2'),
        ...twice,
        inode: 10n,
        type: 'fifo',
        mode: toGoMode('fifo', 0o620),
      },
      { ...plain, name: Buffer.from('s'), type: 'socket', mode: toGoMode('socket', 0o600) },
    );
    await save([tree]);
    assert.deepEqual(await restoreTree(tree), []);
    const at = (name: string) => lstat(Buffer.from(join(target, name)));
    assert.deepEqual([at('a').kind, at('a').links, at('a').inode], ['symlink', 2, at('b').inode]);
    assert.deepEqual([at('p1').kind, at('p1').mode, at('p1').inode], ['fifo', 0o620, at('p2').inode]);
    assert.equal(at('s').kind, 'socket');
    assert.equal(execFileSync('readlink', ['-z', join(target, 'a')], { encoding: 'latin1' }), '/\xff\n\0');
  });

  test('are not linked to what lay in the way of a first name that could not be restored', async () => {
    const twice = { inode: 9n, deviceId: 1n, links: 2 };
    const tree = treeBlob({ ...fileNode('a', one), ...twice }, { ...fileNode('b', one), ...twice });
    await save([two], [tree]);
    mkdirSync(target);
    writeFileSync(join(target, 'a'), 'old');
    const problems = await restoreTree(tree, { overwrite: 'always' });
    assert.equal(problems.length, 2);
    assert.match(problems[1] ?? '', /another name of a file that could not be restored/);
    assert.ok(!names().includes('b'));
  });

  test('are two files when an inode was used twice', async () => {
    const twice = { inode: 9n, deviceId: 1n, links: 2 };
    const tree = treeBlob({ ...fileNode('a', one), ...twice }, { ...fileNode('b', two), ...twice });
    await save([one, two], [tree]);
    assert.deepEqual(await restoreTree(tree), []);
    assert.deepEqual([read('a'), read('b')], [one.plaintext.toString(), two.plaintext.toString()]);
  });

  test('have their xattrs, and those that cannot be set are named while the file stays', async () => {
    const xattrs = [
      { name: 'nonsense', value: Buffer.from('x') },
      { name: 'user.good', value: Buffer.from([1, 0, 2]) },
    ];
    const tree = treeBlob({ ...fileNode('a', one), xattrs });
    await save([one], [tree]);
    assert.match((await restoreTree(tree)).join('\n'), /^\/a: extended attribute nonsense: ENOTSUP/);
    assert.deepEqual(readXattrs(Buffer.from(join(target, 'a'))), xattrs.slice(1));
    assert.equal(read('a'), one.plaintext.toString());
  });
});

describe('comparing with what is on disk', () => {
  test('tells what has changed since from what differs', async () => {
    const path = join(top, 'here');
    mkdirSync(path);
    for (const name of ['same', 'changed', 'differs', 'gone']) writeFileSync(join(path, name), one.plaintext);
    const nodeOf = (name: string, blob: SampleBlob): TreeNode => {
      const { mtimeNs, ctimeNs } = lstat(Buffer.from(join(path, name)));
      return { ...fileNode(name, blob), mtimeNs, ctimeNs };
    };
    const inner = treeBlob(
      nodeOf('changed', one),
      nodeOf('differs', two),
      nodeOf('gone', one),
      nodeOf('same', one),
    );
    let tree = treeBlob(folderNode('here', inner));
    const trees = [inner, tree];
    for (const name of top
      .split('/')
      .filter((part) => part !== '')
      .reverse()) {
      tree = treeBlob(folderNode(name, tree));
      trees.push(tree);
    }
    await save([one, two], trees);
    rmSync(join(path, 'gone'));
    chmodSync(join(path, 'changed'), 0o600);
    const problems: string[] = [];
    const found = await verify(
      repository,
      { tree: tree.id },
      { onProblem: ({ message }) => problems.push(message) },
    );
    assert.deepEqual(found, {
      files: 2,
      changed: 2,
      bytes: 1200,
      equal: false,
      different: [join(path, 'differs')],
    });
    assert.deepEqual(problems, ['differs in the 300 bytes from 0 on']);
  });

  test('looks only at what is new since the parent, when there is one', async () => {
    const same = treeBlob(fileNode('s', one));
    const before = treeBlob(fileNode('a', one), fileNode('b', one), folderNode('same', same));
    const now = treeBlob(
      fileNode('a', one),
      fileNode('b', two),
      fileNode('c', one),
      folderNode('same', same),
    );
    await save([one, two], [same, before, now]);
    await restoreTree(now);
    const parent = { tree: before.id };
    const found = await verify(repository, { tree: now.id }, { parent, restoredTo: target });
    assert.deepEqual(found, { files: 2, changed: 0, bytes: 600, equal: true, different: [] });
  });
});
