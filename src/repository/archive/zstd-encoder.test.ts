import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { equalBytes } from '../../base/index.ts';
import { decompress } from '../format/compression.ts';
import { ZstdEncoder } from './zstd-encoder.ts';

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
