import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Bytes, concatBytes } from '../../base/index.ts';
import { idOf, type PackedBlob } from '../format/blob.ts';
import { BlobIndex } from '../format/blob-index.ts';
import { compress } from '../format/compression.ts';
import { addToCounter, blockCount, generateMasterKey, UnitCipher } from '../format/unit.ts';
import { referencePoly1305 } from '../kernel/poly1305.ts';
import { type RunBlobs, runBlobsOf } from './content-run.ts';
import { RunOpener } from './run-opener.ts';

const key = generateMasterKey();
const cipher = new UnitCipher(key, referencePoly1305);
const long = Buffer.from('hello '.repeat(5000));
const texts = ['', 'a', 'sixteen bytes of', 'seventeen bytes !', long].map((text) => Buffer.from(text));

interface Stretch {
  readonly bytes: Bytes;
  readonly blobs: PackedBlob[];
}

/** Lays units side by side, as a pack does. */
function stretchOf(seal: (stored: Bytes) => Bytes, plaintexts: readonly Bytes[] = texts): Stretch {
  let offset = 0;
  const units: Bytes[] = [];
  const blobs = plaintexts.map((plain, number): PackedBlob => {
    const isCompressed = number % 2 === 0 && plain.length > 0;
    const unit = seal(isCompressed ? compress(plain) : plain);
    units.push(unit);
    const place = { id: idOf(plain), type: 'data' as const, offset, length: unit.length };
    offset += unit.length;
    return isCompressed ? { ...place, plainLength: plain.length } : place;
  });
  return { bytes: concatBytes(...units), blobs };
}

function columnsOf(blobs: readonly PackedBlob[]): RunBlobs {
  const index = new BlobIndex();
  const slots = blobs.map((blob) => {
    index.add({ id: idOf(key.encrypt), blobs: [blob] });
    return index.size - 1;
  });
  return runBlobsOf(index, slots, 0);
}

function openAll(opener: RunOpener, { bytes, blobs }: Stretch): Buffer[] {
  return blobs.map((_, index) => Buffer.from(opener.open(bytes, columnsOf(blobs), index)));
}

/** Seals under nonces that follow one another, as packs written here have them. */
function sealRun(start: Bytes): (stored: Bytes) => Bytes {
  let nonce = start;
  return (stored) => {
    const ciphertext = createCipheriv('aes-256-ctr', key.encrypt, nonce).update(stored);
    const unit = concatBytes(nonce, ciphertext, cipher.tag(nonce, ciphertext));
    nonce = addToCounter(nonce, blockCount(stored.length));
    return unit;
  };
}

test('blobs under random nonces open', () => {
  assert.deepEqual(
    openAll(
      new RunOpener(key),
      stretchOf((stored) => cipher.seal(stored)),
    ),
    texts,
  );
});

test('blobs under nonces that follow one another open, across the end of the counter too', () => {
  const opener = new RunOpener(key);
  assert.deepEqual(openAll(opener, stretchOf(sealRun(randomBytes(16)))), texts);
  const end = Buffer.alloc(16, 0xff);
  end[15] = 0xf0;
  assert.deepEqual(openAll(opener, stretchOf(sealRun(end))), texts);
});

test('blobs open in any order', () => {
  const opener = new RunOpener(key);
  const { bytes, blobs } = stretchOf(sealRun(randomBytes(16)));
  for (const index of [4, 0, 3, 3, 1, 4, 2]) {
    assert.deepEqual(Buffer.from(opener.open(bytes, columnsOf(blobs), index)), texts[index]);
  }
});

describe('a blob is refused, and those after it open,', () => {
  const opener = new RunOpener(key);
  const stretch = stretchOf((stored) => cipher.seal(stored));

  function refuse(changed: Stretch, message: RegExp): void {
    const columns = columnsOf(changed.blobs);
    assert.throws(() => opener.open(changed.bytes, columns, 4), { code: 'repository_damaged', message });
    assert.deepEqual(openAll(opener, stretch), texts);
  }

  function withBlob(change: Partial<PackedBlob>): Stretch {
    return { ...stretch, blobs: stretch.blobs.map((blob, at) => (at === 4 ? { ...blob, ...change } : blob)) };
  }

  test('when any bit of it is another', () => {
    const { offset = 0, length = 0 } = stretch.blobs[4] ?? {};
    for (const at of [offset, offset + 16, offset + length - 1]) {
      const bytes = Buffer.from(stretch.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      refuse({ ...stretch, bytes }, /^data blob [0-9a-f]{64} does not authenticate/);
    }
  });

  test('when it is shorter than a unit, or past the end', () => {
    refuse(withBlob({ length: 31 }), /does not authenticate/);
    refuse(withBlob({ offset: stretch.bytes.length }), /does not authenticate/);
  });

  test('when its nonce is all zero', () => {
    refuse(withUnit(sealRun(new Uint8Array(16))(compress(long))), /does not authenticate/);
  });

  test('when it holds something else than its id says', () => {
    refuse(withBlob({ id: idOf(Buffer.from('other')) }), /holds something else: SHA-256/);
  });

  test('when its plaintext is longer or shorter than the index says', () => {
    refuse(withBlob({ plainLength: 29_999 }), /does not decompress to 29999 bytes/);
    refuse(withBlob({ plainLength: 30_001 }), /has 30000 bytes, not 30001/);
    refuse(withBlob({ plainLength: 2 ** 31 }), /would have 2147483648 bytes, and has 134217728 at most/);
  });

  test('when it is no zstd frame', () => {
    refuse(withUnit(cipher.seal(long)), /does not decompress/);
  });

  function withUnit(unit: Bytes): Stretch {
    const { offset = 0 } = stretch.blobs[4] ?? {};
    const bytes = concatBytes(stretch.bytes.subarray(0, offset), unit);
    return { bytes, blobs: withBlob({ length: unit.length }).blobs };
  }
});
