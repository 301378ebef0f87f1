import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemErrorCode } from '../base/index.ts';
import { stat } from './file-stat.ts';
import {
  groupName,
  lstat,
  makeHardLink,
  makeNode,
  makeSymlink,
  readDirectory,
  readLink,
  readXattrs,
  setMode,
  setOwner,
  setTimes,
  setXattrs,
  userName,
} from './index.ts';

const isRoot = process.getuid?.() === 0;
let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
});
afterEach(() => rmSync(top, { recursive: true }));

const odd = Buffer.from([0x6e, 0xff, 0x0a, 0x80]);
const at = (name: string): Buffer => Buffer.from(join(top, name));
const oddPath = (): Buffer => Buffer.concat([at('/'), odd]);
const tool = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' }).trim();

test('names that are not UTF-8 work everywhere', () => {
  writeFileSync(oddPath(), 'x');
  assert.deepEqual(readDirectory(at('')), [odd]);
  setTimes(oddPath(), 5n, 7n);
  setMode(oddPath(), 0o640);
  setXattrs(oddPath(), [{ name: 'user.x', value: odd }]);
  assert.deepEqual(readXattrs(oddPath()), [{ name: 'user.x', value: odd }]);
  makeHardLink(at('hard'), oddPath());
  makeSymlink(at('soft'), odd);
  assert.deepEqual(readLink(at('soft')), odd);
  const { kind, mode, size, links, mtimeNs, atimeNs } = lstat(at('hard'));
  assert.deepEqual([kind, mode, size, links, mtimeNs, atimeNs], ['file', 0o640, 1, 2, 7n, 5n]);
  assert.equal(stat(at('soft')).inode, lstat(oddPath()).inode);
});

describe('times', () => {
  test('are set to the nanosecond, before 1970 too', () => {
    writeFileSync(at('f'), '');
    for (const [time, shown] of [
      [1_700_000_000_123_456_789n, '1700000000.1234567890'],
      [-1n, '-1.9999999990'],
      [-1_500_000_000n, '-2.5000000000'],
    ] as const) {
      setTimes(at('f'), time, time);
      assert.equal(lstat(at('f')).mtimeNs, time);
      assert.equal(tool('find', join(top, 'f'), '-printf', '%T@').replace('-0.', '-1.'), shown);
    }
  });

  test('of a symlink are its own', () => {
    writeFileSync(at('f'), '');
    setTimes(at('f'), 1n, 1n);
    makeSymlink(at('l'), Buffer.from('f'));
    setTimes(at('l'), 3n, 4n);
    assert.deepEqual([lstat(at('l')).atimeNs, lstat(at('l')).mtimeNs, lstat(at('f')).mtimeNs], [3n, 4n, 1n]);
  });
});

describe('extended attributes', () => {
  test('become exactly what is wanted, as getfattr sees it', () => {
    writeFileSync(at('f'), '');
    tool('setfattr', '-n', 'user.old', '-v', 'gone', join(top, 'f'));
    const wanted = [
      { name: 'user.binary', value: Buffer.from([0, 255, 10]) },
      { name: 'user.empty', value: Buffer.alloc(0) },
    ];
    setXattrs(at('f'), wanted);
    const shown = tool('getfattr', '-d', '-m', '-', '-h', '-e', 'hex', '--absolute-names', join(top, 'f'));
    assert.deepEqual(shown.split('\n').slice(1).sort(), ['user.binary=0x00ff0a', 'user.empty=0x']);
    assert.deepEqual(
      readXattrs(at('f')).sort((a, b) => (a.name < b.name ? -1 : 1)),
      wanted,
    );
  });

  test('of a symlink are never those of its target', () => {
    writeFileSync(at('f'), '');
    setXattrs(at('f'), [{ name: 'user.x', value: odd }]);
    makeSymlink(at('l'), Buffer.from('f'));
    assert.deepEqual(readXattrs(at('l')), []);
  });

  test('of a file that is missing fail as node:fs would', () => {
    assert.throws(
      () => readXattrs(at('missing')),
      (error: NodeJS.ErrnoException) => {
        assert.equal(
          error.message,
          `ENOENT: no such file or directory, llistxattr '${join(top, 'missing')}'`,
        );
        return error.code === 'ENOENT' && error.path === join(top, 'missing');
      },
    );
  });
});

describe('nodes', () => {
  test('of every kind that anybody may make are made as find sees them', () => {
    makeNode(at('fifo'), 'fifo', 0n);
    makeNode(at('socket'), 'socket', 0n);
    assert.equal(tool('find', join(top, 'fifo'), join(top, 'socket'), '-printf', '%y'), 'ps');
    assert.deepEqual([lstat(at('fifo')).kind, lstat(at('socket')).kind], ['fifo', 'socket']);
  });

  test('of devices are made by root and refused to others', () => {
    const make = (): void => makeNode(at('disk'), 'dev', lstat(Buffer.from('/dev/null')).rdev);
    if (!isRoot) return assert.throws(make, { code: 'EPERM' });
    make();
    makeNode(at('null'), 'chardev', lstat(Buffer.from('/dev/null')).rdev);
    assert.equal(tool('stat', '-c', '%F %t:%T', join(top, 'disk')), 'block special file 1:3');
    assert.equal(tool('stat', '-c', '%F %t:%T', join(top, 'null')), 'character special file 1:3');
  });

  test('do not replace what is there', () => {
    writeFileSync(at('f'), '');
    assert.throws(() => makeNode(at('f'), 'fifo', 0n), { code: 'EEXIST' });
    assert.throws(() => makeSymlink(at('f'), odd), { code: 'EEXIST' });
    assert.throws(() => makeHardLink(at('f'), at('f')), { code: 'EEXIST' });
  });
});

test('setuid, setgid and sticky are part of the mode', () => {
  writeFileSync(at('f'), '');
  setOwner(at('f'), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  setMode(at('f'), 0o7751);
  assert.equal(lstat(at('f')).mode, 0o7751);
});

test('an open file takes what a path takes', () => {
  const handle = openSync(at('f'), 'w');
  try {
    setOwner(handle, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    setMode(handle, 0o4700);
    setTimes(handle, 1n, 1_000_000_000_000_000_001n);
  } finally {
    closeSync(handle);
  }
  const { mode, atimeNs, mtimeNs } = lstat(at('f'));
  assert.deepEqual([mode, atimeNs, mtimeNs], [0o4700, 1n, 1_000_000_000_000_000_001n]);
  assert.throws(() => setTimes(handle, 0n, 0n), { code: 'EBADF', path: 'open file' });
});

test('numbers without an account have no name', () => {
  assert.equal(userName(0), tool('id', '-un', '0'));
  assert.equal(groupName(0), 'root');
  assert.equal(userName(3_999_999_999), undefined);
  assert.equal(groupName(3_999_999_999), undefined);
});

test('a path or an attribute with a NUL byte is refused as the system refuses what it cannot have', () => {
  assert.throws(() => setTimes(at('a\0b'), 0n, 0n), { code: 'EINVAL' });
});

test('several workers call the system at once, each with its own errors', async () => {
  const script = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { readXattrs, setXattrs } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
    const path = Buffer.from(workerData);
    let missing = 0;
    for (let round = 0; round < 2000; round++) {
      setXattrs(path, [{ name: 'user.round', value: Buffer.from(String(round)) }]);
      if (readXattrs(path)[0].value.toString() !== String(round)) throw new Error('mixed up');
      try { readXattrs(Buffer.from(workerData + '-missing')); } catch (error) { missing += error.code === 'ENOENT'; }
    }
    parentPort.postMessage(missing);`;
  const counts = ['a', 'b', 'c'].map(async (name) => {
    writeFileSync(at(name), '');
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
      workerData: join(top, name),
    });
    return await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  });
  assert.deepEqual(await Promise.all(counts), [2000, 2000, 2000]);
});

test('an attribute that cannot be set is told, and the others are set', () => {
  writeFileSync(at('f'), '');
  const good = { name: 'user.good', value: odd };
  const failures = setXattrs(at('f'), [{ name: 'nonamespace', value: odd }, good]);
  assert.deepEqual(
    failures.map(({ name, error }) => [name, systemErrorCode(error)]),
    [['nonamespace', 'ENOTSUP']],
  );
  assert.deepEqual(readXattrs(at('f')), [good]);
});
