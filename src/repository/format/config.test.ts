import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  degree,
  encodePolynomial,
  greatestCommonDivisor,
  isIrreducible,
  multiplyModulo,
  parsePolynomial,
  randomPolynomial,
  remainder,
} from './config.ts';

/** The figures of restic/chunker's own tests. */
const irreducible = [0x3da3358b4dc173n, 0x2482734cacca49n];
const reducible = [
  0x38f1e565e288dfn,
  0x30a8295b9d5c91n,
  0x255f4350b962cbn,
  0x267f776110a235n,
  0x2f4dae10d41227n,
  0x312daf4b284899n,
  0x29dfb6553d01d1n,
  0x3548245eb26257n,
  0x3199e7ef4211b3n,
  0x362f39017dae8bn,
  0x200d57aa6fdacbn,
  0x35e0a4efa1d275n,
  0x2ced55b026577fn,
  0x260b012010893dn,
  0x2df29cbcd59e9dn,
  0x3f2ac7488bd429n,
  0x3e5cb1711669fbn,
  0x226d8de57a9959n,
  0x3c8de80aaf5835n,
  0x2026a59efb219bn,
  0x39dfa4d13fb231n,
  0x3143d0464b3299n,
];

test('irreducible polynomials are told from others', () => {
  for (const polynomial of irreducible)
    assert.equal(isIrreducible(polynomial), true, polynomial.toString(16));
  for (const polynomial of reducible) assert.equal(isIrreducible(polynomial), false, polynomial.toString(16));
  assert.deepEqual([0n, 1n, 0b10n, 0b11n, 0b101n, 0b111n].map(isIrreducible), [
    false,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test('arithmetic over GF(2) gives the known results', () => {
  assert.equal(remainder(0b101101001n, 0b1010n), 1n);
  assert.equal(remainder(10n, 50n), 10n);
  assert.equal(multiplyModulo(0x1230n, 0x230n, 0x55n), 0x22n);
  assert.equal(multiplyModulo(0x0eae8c07dbbb3026n, 0xd5d6db9de04771den, 0xdd2bda3b77c9n), 0x425ae8595b7an);
  assert.equal(greatestCommonDivisor(0b1100001111n, 0b10011n), 0b10011n);
  assert.equal(greatestCommonDivisor(0x3da3358b4dc173n, 0x230d2259defdn), 1n);
  assert.equal(greatestCommonDivisor(0x230d2259defdn, 0x51b492b3eff2n), 0b10011n);
  assert.deepEqual([0n, 1n, 0x3af4b284899n].map(degree), [-1, 0, 41]);
});

test('a new polynomial is irreducible, of degree 53, and survives its encoding', () => {
  const polynomial = randomPolynomial();
  assert.equal(degree(polynomial), 53);
  assert.equal(isIrreducible(polynomial), true);
  assert.equal(parsePolynomial(encodePolynomial(polynomial)), polynomial);
  assert.notEqual(randomPolynomial(), polynomial);
});

test('a polynomial from a config is refused unless it can cut', () => {
  const refused = ['', '-5', 'xyz', '38f1e565e288df', '7', '1'.repeat(17), 7, undefined];
  for (const text of refused) assert.equal(parsePolynomial(text), undefined, String(text));
  assert.equal(parsePolynomial('3DA3358B4DC173'), 0x3da3358b4dc173n);
});
