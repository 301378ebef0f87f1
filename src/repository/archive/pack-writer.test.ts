import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { asBuffer, type Bytes, concatBytes, fromHex, toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { type BlobType, idOf, openBlob } from '../format/blob.ts';
import { openPackHeader } from '../format/pack-header.ts';
import { generateMasterKey, type MasterKey, UnitCipher } from '../format/unit.ts';
import { referencePoly1305 } from '../kernel/poly1305.ts';
import { blockBytes, cornerAt, cornerBytes } from './arena.ts';
import type { PackReply } from './messages.ts';
import { BlobEncoder, PackWriter, packTargetBytes } from './pack-writer.ts';
import { plaintextSlack, UnitWriter } from './unit-writer.ts';

const key = generateMasterKey();
const cipher = new UnitCipher(key, referencePoly1305);

test('packs of blobs of all sizes open again, with the readable cipher', () => {
  const plaintexts = [1, 15, 16, 17, 8191, 8192, 8193, 100_000, blockBytes - 5, 3 * blockBytes + 7].flatMap(
    (length) => [randomBytes(length), Buffer.alloc(length, 'compressible')],
  );
  const packs = write(2, plaintexts);
  assert.deepEqual(packs.flatMap(readPack), plaintexts.map(asBuffer));
});

test('in version 1 nothing is compressed', () => {
  const [pack] = write(1, [Buffer.alloc(1000)]);
  assert.ok(pack);
  assert.equal(blobsOf(pack)[0]?.plainLength, undefined);
});

test('data that does not get smaller is stored as it is, directories are always compressed', () => {
  const plaintext = randomBytes(5000);
  const [data] = write(2, [plaintext]);
  const [tree] = write(2, [plaintext], 'tree');
  assert.ok(data && tree);
  assert.equal(blobsOf(data)[0]?.plainLength, undefined);
  assert.equal(blobsOf(tree)[0]?.plainLength, 5000);
  assert.equal(blobsOf(tree)[0]?.type, 'tree');
});

test('a pack is closed when it has reached its target', () => {
  const packs = write(
    2,
    Array.from({ length: 9 }, () => randomBytes(4 * 2 ** 20)),
  );
  assert.deepEqual(
    packs.map((pack) => blobsOf(pack).length),
    [4, 4, 1],
  );
  for (const pack of packs.slice(0, 2)) assert.ok(pack.size >= packTargetBytes);
});

test('a pack is closed early when its next blob does not fit', () => {
  const packs = write(2, [randomBytes(600_000), randomBytes(600_000), randomBytes(300_000)], 'data', 2 ** 20);
  assert.deepEqual(
    packs.map((pack) => blobsOf(pack).length),
    [1, 2],
  );
});

test('no two blocks are encrypted under the same counter', () => {
  const units = write(2, [randomBytes(100), randomBytes(33), randomBytes(16), randomBytes(1)]).flatMap(
    (pack) => {
      const bytes = concatBytes(...pack.body);
      return blobsOf(pack).map(({ offset, length }) => bytes.subarray(offset, offset + length));
    },
  );
  const counters = units.flatMap((unit) => {
    const start = BigInt(`0x${toHex(unit.subarray(0, 16))}`);
    const blocks = Math.ceil((unit.length - 32) / 16);
    return Array.from({ length: blocks }, (_, n) => (start + BigInt(n)) % 2n ** 128n);
  });
  assert.equal(counters.length, 7 + 3 + 1 + 1);
  assert.equal(new Set(counters).size, counters.length);
});

/** Writes the blobs into packs. */
function write(
  version: 1 | 2,
  plaintexts: readonly Bytes[],
  type: BlobType = 'data',
  capacity = Number.POSITIVE_INFINITY,
  masterKey: MasterKey = key,
): PackReply[] {
  const pages = Math.ceil(cornerBytes / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const packs: PackReply[] = [];
  const open = () => ({ blocks: [], take: () => new Uint8Array(blockBytes) });
  const writer = new PackWriter({ capacity, open }, new UnitWriter(memory, cornerAt(0), masterKey), (pack) =>
    packs.push(pack),
  );
  const encoder = new BlobEncoder(version);
  for (const plaintext of plaintexts) {
    const padded = concatBytes(plaintext, new Uint8Array(plaintextSlack));
    writer.add(encoder.encode(type, fromHex(idOf(plaintext)), padded, plaintext.length));
  }
  writer.flush();
  return packs;
}

function blobsOf(pack: PackReply): ReturnType<typeof openPackHeader> {
  const bytes = concatBytes(...pack.body);
  const name = toHex(pack.id) as ObjectId;
  assert.equal(idOf(bytes), name);
  assert.equal(bytes.length, pack.size);
  return openPackHeader(bytes, cipher, { name, size: pack.size });
}

function readPack(pack: PackReply): Buffer[] {
  const bytes = concatBytes(...pack.body);
  return blobsOf(pack).map((blob) =>
    asBuffer(openBlob(cipher, bytes.subarray(blob.offset, blob.offset + blob.length), blob)),
  );
}
