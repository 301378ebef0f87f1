import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { createPoly1305, Poly1305Kernel, poly1305StateBytes, referencePoly1305 } from './poly1305.ts';

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

const text = (message: string): string => Buffer.from(message).toString('hex');
const zeros = (bytes: number): string => '00'.repeat(bytes);

/** RFC 8439: section 2.5.2, then those of appendix A.3 that reach the corners of the arithmetic. */
const vectors: readonly {
  readonly from: string;
  readonly key: string;
  readonly message: string;
  readonly tag: string;
}[] = [
  {
    from: '2.5.2',
    key: '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
    message: text('Cryptographic Forum Research Group'),
    tag: 'a8061dc1305136c6c22b8baf0c0127a9',
  },
  { from: 'A.3 #1', key: zeros(32), message: zeros(64), tag: zeros(16) },
  { from: 'A.3 #7', key: `02${zeros(31)}`, message: 'ff'.repeat(16), tag: `03${zeros(15)}` },
  {
    from: 'A.3 #8',
    key: `02${zeros(15)}${'ff'.repeat(16)}`,
    message: `02${zeros(15)}`,
    tag: `03${zeros(15)}`,
  },
  {
    from: 'A.3 #9',
    key: `01${zeros(31)}`,
    message: `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${zeros(15)}`,
    tag: `05${zeros(15)}`,
  },
  {
    from: 'A.3 #10',
    key: `01${zeros(31)}`,
    message: `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`,
    tag: zeros(16),
  },
  { from: 'A.3 #11', key: `02${zeros(31)}`, message: `fd${'ff'.repeat(15)}`, tag: `fa${'ff'.repeat(15)}` },
];

for (const { from, key, message, tag } of vectors) {
  test(`Poly1305 gives the tag of RFC 8439, ${from}`, () => {
    assert.equal(toHex(referencePoly1305(fromHex(key), fromHex(message))), tag);
    assert.equal(toHex(createPoly1305()(fromHex(key), fromHex(message))), tag);
  });
}

test('bits of r that Poly1305 does not use make no difference', () => {
  const key = randomBytes(32);
  const message = randomBytes(100);
  const clamped = Uint8Array.from(key);
  for (const at of [3, 7, 11, 15]) clamped[at] = (clamped[at] ?? 0) & 0x0f;
  for (const at of [4, 8, 12]) clamped[at] = (clamped[at] ?? 0) & 0xfc;
  assert.deepEqual(referencePoly1305(key, message), referencePoly1305(clamped, message));
});

test('the readable and the fast Poly1305 agree on messages of every length around a block', () => {
  const fast = createPoly1305();
  for (let length = 0; length < 100; length++) {
    const key = randomBytes(32);
    const message = randomBytes(length);
    assert.deepEqual(fast(key, message), referencePoly1305(key, message), `${length} bytes`);
  }
});
