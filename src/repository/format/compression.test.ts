import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { equalBytes, isHoldfastError } from '../../base/index.ts';
import {
  compress,
  decodeUnpacked,
  decompress,
  encodeUnpacked,
  ZstdDecoder,
  ZstdEncoder,
} from './compression.ts';

const isDamage = (error: unknown): boolean => isHoldfastError(error, 'repository_damaged');

test('what was compressed comes back', () => {
  for (const plain of [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(3_000_000, 'abc'),
    randomBytes(100_000),
  ]) {
    assert.ok(equalBytes(decompress(compress(plain), plain.length), plain));
  }
});

test('a frame that holds more than is allowed is refused before it fills the memory', () => {
  const bomb = compress(Buffer.alloc(64 * 2 ** 20));
  assert.ok(bomb.length < 10_000);
  assert.throws(() => decompress(bomb, 2 ** 20), isDamage);
});

test('what is no whole zstd frame is refused', () => {
  const frame = compress(Buffer.from('some text'));
  for (const bytes of [Buffer.alloc(0), randomBytes(50), frame.subarray(0, frame.length - 2)]) {
    assert.throws(() => decompress(bytes, 1000), isDamage);
  }
});

test('a file beside the packs is compressed in version 2 and plain in version 1, and both are read', () => {
  const json = Buffer.from('{"a":1}');
  assert.equal(encodeUnpacked(json, 2)[0], 2);
  assert.deepEqual(encodeUnpacked(json, 1), json);
  for (const version of [1, 2] as const)
    assert.deepEqual(Buffer.from(decodeUnpacked(encodeUnpacked(json, version), 'x')), json);
  assert.equal(decodeUnpacked(new Uint8Array(), 'x').length, 0);
});

test('an encoding that nobody knows is damage, and names the file', () => {
  assert.throws(
    () => decodeUnpacked(Uint8Array.of(7, 1, 2), 'index abc'),
    /index abc has the unknown encoding 7/,
  );
  assert.throws(() => decodeUnpacked(Uint8Array.of(2, 1, 2), 'index abc'), /index abc does not decompress/);
});

const encoders = {
  'with one context': new ZstdEncoder(1),
  'with the public call': new ZstdEncoder(1, () => undefined),
};

for (const [how, encoder] of Object.entries(encoders)) {
  test(`frames made ${how} hold what went in, of every size, and leave room behind them`, () => {
    for (const size of [0, 1, 15, 16, 2000, 65_535, 65_536, 3_000_000]) {
      for (const plain of [Buffer.alloc(size, 'text '), randomBytes(size)]) {
        const frame = encoder.encode(plain);
        assert.ok(equalBytes(decompress(frame, size), plain), `${size} bytes`);
        assert.ok(frame.buffer.byteLength - frame.byteOffset - frame.length >= 16);
      }
    }
  });
}

const samples = [
  Buffer.alloc(1),
  randomBytes(3000),
  Buffer.alloc(3 * 2 ** 20, 'ab'),
  Buffer.from('x'.repeat(2000)),
];

/** A frame that does not say how long its content is, in many blocks, as restic writes them. */
async function streamFrame(plain: Buffer): Promise<Buffer> {
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  for (let at = 0; at < plain.length; at += 1000) stream.write(plain.subarray(at, at + 1000));
  stream.end();
  await once(stream, 'end');
  return Buffer.concat(pieces);
}

test('frame after frame is decompressed', async () => {
  const decoder = new ZstdDecoder();
  for (const plain of [...samples, ...samples]) {
    assert.deepEqual(Buffer.from(decoder.decode(zstdCompressSync(plain), plain.length)), plain);
    assert.deepEqual(Buffer.from(decoder.decode(await streamFrame(plain), plain.length)), plain);
  }
});

test('what is damaged, cut or too long is refused, and the next frame is decompressed', () => {
  const decoder = new ZstdDecoder();
  const plain = randomBytes(5000);
  const frame = zstdCompressSync(plain);
  const bad = [
    frame.subarray(0, 2000),
    randomBytes(100),
    Buffer.alloc(0),
    zstdCompressSync(Buffer.alloc(5001)),
  ];
  for (const other of bad) {
    assert.throws(() => decoder.decode(other, plain.length), { code: 'repository_damaged' });
    assert.deepEqual(Buffer.from(decoder.decode(frame, plain.length)), plain);
  }
});
