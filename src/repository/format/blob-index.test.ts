import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, isHoldfastError } from '../../base/index.ts';
import { encodeIndexFile, parseIndexFile } from '../unpacked-store.ts';
import { idOf, type PackContents, type PackedBlob } from './blob.ts';
import { BlobIndex } from './blob-index.ts';
import { scanIndexFile } from './index-scanner.ts';

const randomId = () => idOf(randomBytes(8));

function randomPack(count: number): PackContents {
  let offset = 0;
  const blobs = Array.from({ length: count }, (): PackedBlob => {
    const length = 32 + randomInt(1000);
    const blob = { id: randomId(), type: randomInt(2) === 0 ? 'data' : 'tree', offset, length } as const;
    offset += length;
    return randomInt(2) === 0 ? blob : { ...blob, plainLength: 1 + randomInt(5000) };
  });
  return { id: randomId(), blobs };
}

test('every blob is found where its pack has it, by its id and by raw bytes anywhere', () => {
  const packs = Array.from({ length: 50 }, () => randomPack(100));
  const index = new BlobIndex();
  for (const pack of packs) assert.equal(index.add(pack), 100);
  assert.equal(index.size, 5000);
  assert.equal(index.packCount, 50);
  const raw = index.ids.slice();
  let slot = 0;
  for (const pack of packs) {
    for (const blob of pack.blobs) {
      assert.deepEqual(index.locate(blob.type, blob.id), [{ ...blob, pack: pack.id }]);
      assert.equal(index.find(blob.type, raw, slot * 32), slot);
      assert.equal(index.plainLengthAt(slot), blob.plainLength ?? blob.length - 32);
      assert.equal(index.find(blob.type === 'tree' ? 'data' : 'tree', fromHex(blob.id)), -1);
      slot++;
    }
    assert.equal(index.packEnd(pack.id), Math.max(...pack.blobs.map((blob) => blob.offset + blob.length)));
  }
  assert.equal(index.has('data', randomId()), false);
});

test('copies of a blob in other packs are all known, and the same entry is kept once', () => {
  const [first, second] = [randomPack(3), randomPack(3)];
  const copy = { id: second.id, blobs: first.blobs };
  const index = new BlobIndex();
  assert.deepEqual(
    [first, second, copy, first].map((pack) => index.add(pack)),
    [3, 3, 3, 0],
  );
  const [blob] = first.blobs;
  assert.ok(blob);
  assert.deepEqual(
    index.locate(blob.type, blob.id).map((place) => place.pack),
    [first.id, second.id],
  );
});

test('entries are grouped by pack and sorted by offset', () => {
  const packs = [randomPack(20), randomPack(0), randomPack(5)];
  const index = new BlobIndex();
  for (const pack of packs) index.add({ ...pack, blobs: pack.blobs.toReversed() });
  const { slots, starts } = index.slotsByPack();
  for (const [number, pack] of packs.entries()) {
    const found = Array.from(slots.subarray(starts[number], starts[number + 1]), (slot) =>
      index.locationAt(slot),
    );
    assert.deepEqual(
      found,
      pack.blobs.map((blob) => ({ ...blob, pack: pack.id })),
    );
  }
});

test('an index file comes back as it was written', () => {
  const packs = [randomPack(10), randomPack(1)];
  assert.deepEqual(parseIndexFile(encodeIndexFile(packs), 'index'), packs);
  assert.ok(encodeIndexFile(packs).at(-1) === 0x0a);
  assert.deepEqual(parseIndexFile(Buffer.from('{"packs":null,"supersedes":["x"]}'), 'index'), []);
});

test('an index file in the usual form is read byte by byte to the same', () => {
  const packs = [randomPack(10), randomPack(1), randomPack(300)];
  const json = encodeIndexFile(packs);
  const scanned = scanIndexFile(json);
  assert.ok(scanned);
  const [one, other] = [new BlobIndex(), new BlobIndex()];
  for (const pack of scanned.packs) one.addStretch(pack, scanned.blobs);
  for (const pack of packs) other.add(pack);
  assert.equal(one.size, 311);
  for (let slot = 0; slot < one.size; slot++) assert.deepEqual(one.locationAt(slot), other.locationAt(slot));
  for (const { id } of packs) assert.equal(one.leastPackSize(id), other.leastPackSize(id));
  for (const [from, to] of [
    ['"id":"', '"id": "'],
    ['"offset":0', '"offset":00'],
    ['"length":', '"length":99999999'],
    ['"length":', '"length":-'],
    ['"type":"', '"type":"x'],
    [/"id":"[0-9a-f]/, '"id":"A'],
    [/\]\}\n$/, ']'],
    [/\n$/, ' x'],
  ] as const)
    assert.equal(scanIndexFile(Buffer.from(Buffer.from(json).toString().replace(from, to))), undefined, to);
});

const id = 'a'.repeat(64);
const blob = { id, type: 'data', offset: 0, length: 100 };
const malformed: readonly unknown[] = [
  [],
  { packs: {} },
  { packs: [1] },
  { packs: [{ id: 'A'.repeat(64), blobs: [] }] },
  { packs: [{ id, blobs: {} }] },
  { packs: [{ id, blobs: [null] }] },
  { packs: [{ id, blobs: [{ ...blob, id: 'x' }] }] },
  { packs: [{ id, blobs: [{ ...blob, type: 'Data' }] }] },
  { packs: [{ id, blobs: [{ ...blob, offset: -1 }] }] },
  { packs: [{ id, blobs: [{ ...blob, offset: 2 ** 32 }] }] },
  { packs: [{ id, blobs: [{ ...blob, length: 31 }] }] },
  { packs: [{ id, blobs: [{ ...blob, length: 1.5 }] }] },
  { packs: [{ id, blobs: [{ ...blob, uncompressed_length: '5' }] }] },
];

test('an index file with anything else in it is damage, and is named', () => {
  for (const json of malformed) {
    assert.throws(
      () => parseIndexFile(Buffer.from(JSON.stringify(json)), 'index abc'),
      (error) => isHoldfastError(error, 'repository_damaged') && error.message.startsWith('index abc'),
      JSON.stringify(json),
    );
  }
  assert.throws(() => parseIndexFile(Buffer.from('{"packs":'), 'index abc'), /index abc is not JSON/);
});
