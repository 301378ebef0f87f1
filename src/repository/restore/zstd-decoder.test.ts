import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { ZstdDecoder } from './zstd-decoder.ts';

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
