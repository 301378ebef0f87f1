import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { asBuffer, fromHex, toHex } from '../../base/index.ts';
import { seededRandom } from '../mutation.fixture.ts';
import { decryptRc2Cbc, decryptRc4 } from './pkcs12-scheme.ts';

const noIv = Buffer.alloc(8);

// RFC 2268 §5: key, bits of it that count, plaintext, ciphertext.
const rc2Vectors = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  [
    '88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e',
    129,
    '0000000000000000',
    '5b78d3a43dfff1f1',
  ],
] as const;

for (const [key, effectiveBits, plain, encrypted] of rc2Vectors) {
  test(`RC2 decrypts as RFC 2268 has it: ${effectiveBits} bits of ${key}`, () => {
    const decrypted = decryptRc2Cbc({ key: fromHex(key), effectiveBits }, noIv, fromHex(encrypted));
    assert.equal(toHex(decrypted), plain);
  });
}

test('RC2 decrypts what openssl encrypts, with many keys, block after block', async () => {
  const random = seededRandom(2268);
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)));
  for (const [cipher, length] of [
    ['rc2-40-cbc', 5],
    ['rc2-cbc', 16],
  ] as const) {
    for (let round = 0; round < 8; round++) {
      const [key, iv, plain] = [bytes(length), bytes(8), bytes(4096)];
      const encrypted = await encrypt(cipher, { key, iv, plain });
      const decrypted = decryptRc2Cbc({ key, effectiveBits: 8 * length }, iv, encrypted);
      assert.ok(asBuffer(decrypted).equals(plain));
    }
  }
});

test('RC2 takes whole blocks only', () => {
  const key = { key: Buffer.alloc(5), effectiveBits: 40 };
  assert.throws(() => decryptRc2Cbc(key, noIv, Buffer.alloc(12)), TypeError);
  assert.equal(decryptRc2Cbc(key, noIv, Buffer.alloc(0)).length, 0);
});

async function encrypt(
  cipher: string,
  { key, iv, plain }: { key: Buffer; iv: Buffer; plain: Buffer },
): Promise<Buffer> {
  const words = ['enc', `-${cipher}`, '-provider', 'legacy', '-provider', 'default', '-nopad'];
  return await new Promise((resolve, reject) => {
    const openssl = execFile(
      'openssl',
      [...words, '-K', toHex(key), '-iv', toHex(iv)],
      { encoding: 'buffer' },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    );
    openssl.stdin?.end(plain);
  });
}

// RFC 6229 §2: key, the first bytes of its stream.
const rc4Vectors = [
  ['0102030405', 'b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919'],
  ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'],
] as const;

for (const [key, stream] of rc4Vectors) {
  test(`RC4 has the stream of RFC 6229 for the key ${key}`, () => {
    assert.equal(toHex(decryptRc4(fromHex(key), Buffer.alloc(stream.length / 2))), stream);
  });
}

test('RC4 decrypts', () => {
  assert.equal(
    Buffer.from(decryptRc4(Buffer.from('Secret'), fromHex('45a01f645fc35b383552544b9bf5'))).toString(),
    'Attack at dawn',
  );
});
