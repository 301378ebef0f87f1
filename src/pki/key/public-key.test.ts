import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { tag } from '../der/der-tag.ts';
import { writeDer } from '../der/der-writer.ts';
import {
  describePublicKey,
  exportPublicKey,
  fingerprint,
  keyIdentifier,
  parseFingerprint,
} from '../index.ts';
import { importPublicKey } from './public-key.ts';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
const spki = (key: KeyObject) => Buffer.from(exportPublicKey(key));

test('a public key is described by its kind and size', () => {
  assert.deepEqual(describePublicKey(spki(ec('P-256'))), { kind: 'ec', curve: 'P-256' });
  assert.deepEqual(describePublicKey(spki(ec('P-384'))), { kind: 'ec', curve: 'P-384' });
  assert.deepEqual(describePublicKey(spki(ec('P-521'))), { kind: 'ec', curve: 'P-521' });
  assert.deepEqual(describePublicKey(spki(generateKeyPairSync('ed25519').publicKey)), { kind: 'ed25519' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  assert.deepEqual(describePublicKey(spki(rsa)), { kind: 'rsa', modulusBits: 2048 });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey;
  assert.deepEqual(describePublicKey(spki(pss)), { kind: 'rsa-pss', modulusBits: 2048 });
});

test('a key that is too short, has an odd size or exponent, or lies on another curve is refused', () => {
  const refused = [
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
    generateKeyPairSync('rsa', { modulusLength: 2052 }).publicKey,
    ec('secp256k1'),
    ec('secp224r1'),
    generateKeyPairSync('ed448').publicKey,
    generateKeyPairSync('x25519').publicKey,
  ];
  for (const key of refused) assert.throws(() => importPublicKey(spki(key)), { code: 'key_unsupported' });
});

test('a kind of key that is not taken is refused by its name', () => {
  const named: readonly (readonly [KeyObject, RegExp])[] = [
    [ec('secp224r1'), /the curve P-224;/],
    [ec('secp256k1'), /the curve secp256k1;/],
    [ec('brainpoolP256r1'), /the curve brainpoolP256r1;/],
    [generateKeyPairSync('ed448').publicKey, /uses Ed448;/],
    [generateKeyPairSync('x25519').publicKey, /uses X25519;/],
    [generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).publicKey, /uses DSA;/],
  ];
  for (const [key, message] of named)
    assert.throws(() => importPublicKey(spki(key)), { code: 'key_unsupported', message });
});

test('the point at infinity is no key', () => {
  const der = spki(ec('P-256'));
  const algorithm = der.subarray(2, der.length - 68);
  const infinity = Buffer.concat([Buffer.of(0x30, algorithm.length + 4), algorithm, Buffer.of(3, 2, 0, 0)]);
  assert.throws(() => importPublicKey(infinity), { code: 'key_malformed', message: /infinity/ });
});

test('a point that is compressed is refused, one beside the curve or of a wrong length is malformed', () => {
  const der = spki(ec('P-256'));
  const start = der.length - 65;
  const compressed = Buffer.concat([
    der.subarray(0, start - 3),
    Buffer.of(3, 34, 0, 2),
    der.subarray(-64, -32),
  ]);
  compressed[1] = compressed.length - 2;
  assert.throws(() => importPublicKey(compressed), { code: 'key_unsupported' });
  const beside = Buffer.from(der);
  beside[beside.length - 1] = (beside.at(-1) as number) ^ 1;
  assert.throws(() => importPublicKey(beside), { code: 'key_malformed' });
  const short = Buffer.concat([
    Buffer.of(0x30, der.length - 3),
    der.subarray(2, start - 3),
    Buffer.of(65),
    der.subarray(start - 1, -1),
  ]);
  assert.throws(() => importPublicKey(short), { code: 'key_malformed' });
  assert.throws(() => importPublicKey(Buffer.alloc(0)), { code: 'key_malformed' });
});

test('an rsa exponent that is even, one, or long enough to slow verifying down is refused', () => {
  const { n = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const withExponent = (exponent: string) =>
    rsaSpki(Buffer.from(n, 'base64url'), Buffer.from(exponent, 'hex'));
  assert.doesNotThrow(() => importPublicKey(withExponent('010001')));
  for (const exponent of ['00', '01', '02', '010000', '0100000001', '7f'.repeat(8)]) {
    assert.throws(() => importPublicKey(withExponent(exponent)), { code: 'key_unsupported' }, exponent);
  }
});

test('a key identifier is the beginning of the SHA-256 of the key bits', () => {
  const der = spki(ec('P-256'));
  const expected = createHash('sha256').update(der.subarray(-65)).digest().subarray(0, 20);
  assert.deepEqual(keyIdentifier(der), expected);
  assert.throws(() => keyIdentifier(Buffer.of(0x30, 0)), { code: 'key_malformed' });
});

function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const key = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.unsignedInteger(modulus);
      writer.unsignedInteger(exponent);
    }),
  );
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.inside(tag.sequence, () => {
        writer.oid('1.2.840.113549.1.1.1');
        writer.null();
      });
      writer.bitString(key);
    }),
  );
}

const empty =
  'SHA256:e3:b0:c4:42:98:fc:1c:14:9a:fb:f4:c8:99:6f:b9:24:27:ae:41:e4:64:9b:93:4c:a4:95:99:1b:78:52:b8:55';

test('a fingerprint is the SHA-256 in lowercase pairs', () => {
  assert.equal(fingerprint(new Uint8Array()), empty);
});

test('a fingerprint is understood as people type it', () => {
  const bare = empty.slice('SHA256:'.length);
  for (const text of [empty, bare, bare.toUpperCase(), bare.replaceAll(':', ''), ` sha256:${bare}\n`]) {
    assert.equal(parseFingerprint(text), empty, text);
  }
});

test('what is no fingerprint is told from what is', () => {
  const bare = empty.slice('SHA256:'.length);
  for (const text of [
    '',
    'SHA256:',
    bare.slice(0, -1),
    `${bare}:00`,
    bare.replace('e3', 'g3'),
    `SHA1:${bare}`,
  ]) {
    assert.equal(parseFingerprint(text), undefined, text);
  }
});
