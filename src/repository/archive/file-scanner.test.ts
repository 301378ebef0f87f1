import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { CutFinder } from '../kernel/rabin.ts';
import { referenceCuts } from '../kernel/reference-cuts.fixture.ts';
import { createArena } from './arena.ts';
import { BatchSender, FileScanner } from './file-scanner.ts';
import type { Batch } from './messages.ts';
import { ReadRing } from './read-ring.ts';

const polynomial = 0x3da3358b4dc173n;

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-scanner-'));
});
afterEach(() => rmSync(top, { recursive: true }));

test('a file is cut where the readable version cuts it', () => {
  const content = randomBytes(7_654_321);
  writeFileSync(join(top, 'file'), content);
  const { lengths, bytes, ends } = scan('file', content.length);
  assert.deepEqual(lengths, referenceCuts(content, polynomial));
  assert.equal(Buffer.compare(bytes, content), 0);
  assert.deepEqual(ends, [{ blobs: lengths.length, size: content.length }]);
});

for (const [what, expected] of [
  ['longer', 1000],
  ['shorter', 5_000_000],
  ['no longer empty', 0],
] as const) {
  test(`a file that is ${what} than when it was looked at is read as it is now`, () => {
    const content = randomBytes(2_000_000);
    writeFileSync(join(top, 'file'), content);
    const { bytes, ends } = scan('file', expected);
    assert.equal(Buffer.compare(bytes, content), 0);
    assert.equal(ends[0]?.size, content.length);
  });
}

const half = 512 * 1024;
/** Stretches of random bytes, as [from, to), and the size of their file. */
const sparseFiles: readonly (readonly [string, number, readonly (readonly [number, number])[]])[] = [
  ['nothing but a hole', 20 * half, []],
  ['nothing but a hole, not of whole chunks', 20 * half + 4097, []],
  ['a hole at its beginning', 22 * half, [[15 * half + 4096, 22 * half]]],
  ['a hole at its end', 22 * half, [[0, 3_000_000]]],
  [
    'holes in between',
    26 * half,
    [
      [0, 100],
      [4 * half, 6 * half + 1],
      [20 * half, 21 * half],
    ],
  ],
  [
    'a hole shorter than two chunks',
    12 * half,
    [
      [0, 4 * half],
      [5 * half + 8192, 12 * half],
    ],
  ],
];

for (const [what, size, stretches] of sparseFiles) {
  test(`a file with ${what} is cut as if all of it were read`, () => {
    const content = Buffer.alloc(size);
    const fd = openSync(join(top, 'file'), 'w');
    for (const [from, to] of stretches) {
      randomBytes(to - from).copy(content, from);
      writeSync(fd, content, from, to - from, from);
    }
    ftruncateSync(fd, size);
    closeSync(fd);
    const { lengths, bytes, ends } = scan('file', size);
    assert.deepEqual(lengths, referenceCuts(content, polynomial));
    assert.equal(Buffer.compare(bytes, content), 0);
    assert.deepEqual(ends, [{ blobs: lengths.length, size }]);
  });
}

test('a hole that is larger than the ring is not read', () => {
  const size = 3 * 2 ** 30;
  writeFileSync(join(top, 'file'), '');
  truncateSync(join(top, 'file'), size);
  const { lengths, ends } = scan('file', size, 'lengths');
  assert.deepEqual(ends, [{ blobs: size / half, size }]);
  assert.ok(lengths.every((length) => length === half));
});

test('an empty file has no blobs', () => {
  writeFileSync(join(top, 'file'), '');
  assert.deepEqual(scan('file', 0), {
    lengths: [],
    bytes: Buffer.alloc(0),
    ends: [{ blobs: 0, size: 0 }],
    codes: [],
  });
});

test('a file that has vanished is a failure with its code', () => {
  assert.deepEqual(scan('gone', 5).codes, ['ENOENT']);
});

test('what has taken the place of a file is not read', () => {
  writeFileSync(join(top, 'target'), 'secret');
  symlinkSync('target', join(top, 'link'));
  mkdirSync(join(top, 'folder'));
  execFileSync('mkfifo', [join(top, 'pipe')]);
  assert.deepEqual(scan('link', 6).codes, ['ELOOP']);
  assert.deepEqual(scan('folder', 6).codes, ['EISDIR']);
  assert.equal(scan('pipe', 6).codes.length, 1);
  assert.equal(scan('link', 6).bytes.length, 0);
});

interface Found {
  readonly lengths: number[];
  readonly bytes: Buffer;
  readonly ends: { readonly blobs: number; readonly size: number }[];
  readonly codes: string[];
}

/** Scans one file that fits into the ring. */
function scan(name: string, expectedSize: number, what: 'lengths' | 'all' = 'all'): Found {
  const arena = createArena(2);
  const memory = new Uint8Array(arena.memory.buffer);
  const { port1, port2 } = new MessageChannel();
  const ring = new ReadRing(arena);
  const sender = new BatchSender(arena, ring, [port1]);
  new FileScanner(arena, ring, sender, new CutFinder(arena.memory, polynomial)).scan(
    0,
    Buffer.from(join(top, name)),
    expectedSize,
  );
  sender.send(ring.head);
  const batches: Batch[] = [];
  for (let next = receiveMessageOnPort(port2); next; next = receiveMessageOnPort(port2)) {
    batches.push(next.message as Batch);
  }
  port1.close();
  const blobs = batches.flatMap((batch) => rows(batch.blobs, 4));
  return {
    lengths: blobs.map(([, , , length = 0]) => length),
    bytes:
      what === 'lengths'
        ? Buffer.alloc(0)
        : Buffer.concat(blobs.map(([, , at = 0, length = 0]) => memory.slice(at, at + length))),
    ends: batches
      .flatMap(({ results }) => rows(results.ends, 3))
      .map(([, count = 0, size = 0]) => ({ blobs: count, size })),
    codes: batches.flatMap(({ results }) => results.failures.map(({ code }) => code)),
  };
}

function rows(words: Iterable<number>, width: number): number[][] {
  const list = [...words];
  return Array.from({ length: list.length / width }, (_, n) => list.slice(n * width, (n + 1) * width));
}
