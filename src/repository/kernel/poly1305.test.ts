import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { referencePoly1305 } from '../format/poly1305.ts';
import { createPoly1305, Poly1305Kernel, poly1305StateBytes } from './poly1305.ts';

const poly1305 = createPoly1305();

test('the example of RFC 8439, 2.5.2', () => {
  const key = fromHex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b');
  const tag = poly1305(key, Buffer.from('Cryptographic Forum Research Group'));
  assert.equal(toHex(tag), 'a8061dc1305136c6c22b8baf0c0127a9');
});

/** RFC 8439, A.3: those that reach the edges of the modulus. Key, message, tag. */
const edges = [
  ['02' + '00'.repeat(31), 'ff'.repeat(16), '03' + '00'.repeat(15)],
  ['02' + '00'.repeat(15) + 'ff'.repeat(16), '02' + '00'.repeat(15), '03' + '00'.repeat(15)],
  [
    '01' + '00'.repeat(31),
    'ff'.repeat(16) + 'f0' + 'ff'.repeat(15) + '11' + '00'.repeat(15),
    '05' + '00'.repeat(15),
  ],
  ['01' + '00'.repeat(31), 'ff'.repeat(16) + 'fb' + 'fe'.repeat(15) + '01'.repeat(16), '00'.repeat(16)],
  ['02' + '00'.repeat(31), 'fd' + 'ff'.repeat(15), 'fa' + 'ff'.repeat(15)],
] as const;

for (const [key, message, tag] of edges) {
  test(`the edge of RFC 8439, A.3, with the tag ${tag}`, () => {
    assert.equal(toHex(poly1305(fromHex(key), fromHex(message))), tag);
  });
}

test('it agrees with the readable version on every length up to some blocks, with any key', () => {
  for (let length = 0; length < 200; length++) {
    const key = length % 3 === 0 ? new Uint8Array(32).fill(0xff) : randomBytes(32);
    const message = length % 2 === 0 ? new Uint8Array(length).fill(0xff) : randomBytes(length);
    assert.deepEqual(poly1305(key, message), referencePoly1305(key, message), `${length} bytes`);
  }
});

test('it agrees on messages longer than what is brought over at once', () => {
  const key = randomBytes(32);
  for (const length of [2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 19, 700_001]) {
    const message = randomBytes(length);
    assert.deepEqual(poly1305(key, message), referencePoly1305(key, message), `${length} bytes`);
  }
});

test('a message that comes in pieces has the tag of the whole', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  const kernel = new Poly1305Kernel(memory, 0);
  const key = randomBytes(32);
  const message = randomBytes(16 * 5 + 3);
  const at = poly1305StateBytes;
  bytes.set(message, at);
  kernel.begin(key.subarray(0, 16), key.subarray(16));
  kernel.update(at, 16);
  kernel.update(at + 16, 48);
  kernel.finish(at + 64, message.length - 64, 1024);
  assert.deepEqual(bytes.slice(1024, 1040), referencePoly1305(key, message));
});

test('a key of another length is refused', () => {
  assert.throws(() => poly1305(new Uint8Array(31), new Uint8Array()), TypeError);
});
