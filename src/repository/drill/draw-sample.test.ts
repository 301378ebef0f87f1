import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import type { TreeNode } from '../format/tree-node.ts';
import { dataBlob, fileNode } from '../sample-repository.fixture.ts';
import { Sample, type SampleSize } from './draw-sample.ts';

const timeMs = Date.parse('2027-03-01T00:00:00Z');
const mib = 1024 ** 2;
const all: SampleSize = { most: 1000 * mib, share: 1 };

interface Offered {
  readonly path: string;
  readonly node: TreeNode;
}

/** A file of so many bytes in so many blobs, changed so long before the snapshot. */
function file(path: string, bytes: number, ageMs = 0, blobs = 1): Offered {
  const content = Array.from({ length: blobs }, (_, at) => idOf(Buffer.from(`${path} ${at}`)));
  const mtimeNs = BigInt(timeMs - ageMs) * 1_000_000n;
  return { path, node: { ...fileNode(path), size: bytes, mtimeNs, content } };
}

/** Each drawn file, and of a stretch which blobs of it. */
function draw(
  files: readonly Offered[],
  { seed = 1, size = all, again = [] }: { seed?: number; size?: SampleSize; again?: readonly BlobId[] } = {},
): string[] {
  const sample = new Sample({ seed, timeMs, size, again });
  for (const { path, node } of files) sample.offer(Buffer.from(path), node);
  return sample.drawn().map(({ path, content, first, blobs }) => {
    const stretch = blobs === content.length ? '' : ` ${first}+${blobs}`;
    return Buffer.from(path).toString() + stretch;
  });
}

const many = Array.from({ length: 2000 }, (_, at) => file(`/f${at}`, mib));

describe('a sample', () => {
  it('is the same for the same seed, in whatever order files come, and another for another', () => {
    const size = { most: 50 * mib, share: 1 };
    const drawn = draw(many, { size });
    assert.equal(drawn.length, 50);
    assert.deepEqual(draw(many.toReversed(), { size }).toSorted(), drawn.toSorted());
    const other = draw(many, { size, seed: 2 });
    assert.ok(other.filter((each) => drawn.includes(each)).length < 10);
  });

  it('is no more than it may be, nor than its part of the snapshot, but for little', () => {
    assert.equal(draw(many, { size: { most: 1000 * mib, share: 0.01 } }).length, 20);
    assert.equal(draw(many, { size: { most: 10 * mib, share: 0.5 } }).length, 10);
    assert.equal(draw(many.slice(0, 100), { size: { most: 1000 * mib, share: 0.01 } }).length, 8);
    assert.deepEqual(draw(many.slice(0, 3)), ['/f0', '/f1', '/f2']);
  });

  it('is drawn by bytes', () => {
    const small = Array.from({ length: 900 }, (_, at) => file(`/small${at}`, 10_000));
    const large = Array.from({ length: 100 }, (_, at) => file(`/large${at}`, 1_000_000));
    let [smallBytes, largeBytes] = [0, 0];
    for (let seed = 0; seed < 100; seed++)
      for (const path of draw([...small, ...large], { seed, size: { most: 10_000_000, share: 1 } }))
        if (path.startsWith('/small')) smallBytes += 10_000;
        else largeBytes += 1_000_000;
    const share = smallBytes / (smallBytes + largeBytes);
    assert.ok(share > 0.05 && share < 0.13, `${share} of 0.083 are of small files`);
  });

  it('has a file of each age, however little it may be', () => {
    const old = [3, 20, 200, 2000].map((days) => file(`/${days} days`, 100, days * dayMs));
    const drawn = draw([...many, ...old], { size: { most: 1, share: 1 } });
    assert.deepEqual(
      drawn.filter((each) => each.endsWith('days')),
      ['/3 days', '/20 days', '/200 days', '/2000 days'],
    );
    assert.equal(drawn.length, 5);
  });

  it('has parts of a file that is large, as much of it as of all others', () => {
    const files = [file('/image', 1000 * mib, 0, 1000), ...many.slice(0, 1000)];
    const size = { most: 200 * mib, share: 1 };
    const parts = draw(files, { size }).filter((each) => each.startsWith('/image'));
    assert.ok(parts.length > 12 && parts.length < 40, String(parts.length));
    for (const part of parts) assert.match(part, /^\/image \d+\+4$/);
    assert.notDeepEqual(draw(files, { size, seed: 2 }), draw(files, { size }));
  });

  it('has beside it what was found damaged before, and still is in the snapshot', () => {
    const [first] = many;
    const damaged = first?.node.content ?? [];
    const gone = dataBlob('gone').id;
    const size = { most: 1, share: 1 };
    const without = draw(many, { size });
    assert.ok(!without.includes('/f0'));
    assert.deepEqual(draw(many, { size, again: [...damaged, gone] }), ['/f0', ...without]);
  });

  it('has nothing of what has no content', () => {
    assert.deepEqual(draw([{ path: '/empty', node: fileNode('empty') }]), []);
  });
});
