import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { asBuffer, type Bytes, concatBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { MemoryStore, type ObjectInfo, type ObjectRef, type ReadOptions } from '../../storage/index.ts';
import { referencePoly1305 } from '../kernel/poly1305.ts';
import { idOf, type PackedBlob } from './blob.ts';
import {
  encodePackHeader,
  openPackHeader,
  packSize,
  parsePackHeader,
  readPackHeader,
} from './pack-header.ts';
import { generateMasterKey, UnitCipher } from './unit.ts';

const cipher = new UnitCipher(generateMasterKey(), referencePoly1305);
const isDamage = (error: unknown): boolean => isHoldfastError(error, 'repository_damaged');

/** A pack of `count` tiny blobs of all four kinds. */
function makePack(count: number): { bytes: Bytes; blobs: PackedBlob[]; info: ObjectInfo } {
  const blobs: PackedBlob[] = [];
  const units: Bytes[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const unit = cipher.seal(randomBytes(i % 50));
    const type = i % 2 === 0 ? 'data' : 'tree';
    const blob = { id: idOf(randomBytes(8)), type, offset, length: unit.length } as const;
    blobs.push(i % 4 < 2 ? blob : { ...blob, plainLength: 1000 + i });
    units.push(unit);
    offset += unit.length;
  }
  const header = cipher.seal(encodePackHeader(blobs));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const bytes = concatBytes(...units, header, length);
  return { bytes, blobs, info: { name: idOf(bytes), size: bytes.length } };
}

class CountingStore extends MemoryStore {
  reads = 0;

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    this.reads++;
    return super.read(ref, options);
  }
}

for (const { count, reads } of [
  { count: 1, reads: 1 },
  { count: 15, reads: 1 },
  { count: 300, reads: 2 },
]) {
  test(`the header of a pack of ${count} blobs is read with ${reads} requests`, async () => {
    const { bytes, blobs, info } = makePack(count);
    const store = new CountingStore();
    await store.write({ type: 'data', name: info.name }, [bytes], { size: bytes.length });
    assert.deepEqual(await readPackHeader(store, cipher, info), blobs);
    assert.equal(store.reads, reads);
    assert.equal(packSize(blobs), bytes.length);
  });
}

test('no change to the end of a pack goes unnoticed, and none does more than that', () => {
  const { bytes, info } = makePack(3);
  const headerAt = bytes.length - 4 - asBuffer(bytes).readUInt32LE(bytes.length - 4);
  for (let at = headerAt; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << randomInt(8));
    assert.throws(() => openPackHeader(changed, cipher, info), isDamage, `byte ${at}`);
  }
  for (const size of [0, 3, 4, 40, bytes.length - 1]) {
    const end = bytes.subarray(0, size);
    assert.throws(() => openPackHeader(end, cipher, { ...info, size }), isDamage, `${size} bytes`);
  }
});

test('any bytes as a header give blobs or an error that names the pack', () => {
  const { blobs, info } = makePack(8);
  const header = encodePackHeader(blobs);
  for (let round = 0; round < 2000; round++) {
    const changed = Uint8Array.from(header.subarray(0, randomInt(header.length + 1)));
    if (changed.length > 0) changed[randomInt(changed.length)] = randomInt(256);
    try {
      assert.ok(parsePackHeader(changed, info.name).length <= blobs.length);
    } catch (error) {
      assert.ok(error instanceof HoldfastError && error.message.includes(info.name));
    }
  }
});

test('a genuine header that does not account for every byte of its pack is damage', () => {
  const { bytes, info } = makePack(2);
  assert.throws(() => openPackHeader(bytes, cipher, { ...info, size: bytes.length + 1 }), isDamage);
});
