import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { createPoly1305 } from '../kernel/poly1305.ts';
import { referencePoly1305 } from './poly1305.ts';

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
