import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../base/index.ts';
import { keyPurpose, pkcs12Kdf, pkcs12Password } from './key-derivation.ts';
import { opensslPkcs12Kdf } from './openssl-kdf.ts';

test('OpenSSL derives what a call for each hash derives, for every hash, use and length', async () => {
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const)
    for (const purpose of Object.values(keyPurpose))
      for (const [text, saltBytes, length] of [
        ['', 8, 20],
        ['sesame', 16, 32],
        ['pâté ✓ '.repeat(20), 100, 130],
      ] as const) {
        const password = pkcs12Password(new Secret(text)).bytes.reveal();
        const options = { hash, purpose, password, salt: Buffer.alloc(saltBytes, 7), iterations: 3, length };
        assert.deepEqual(await opensslPkcs12Kdf(options), await pkcs12Kdf(options), `${hash} ${text}`);
      }
  const none = {
    hash: 'sha1',
    purpose: keyPurpose.iv,
    salt: Buffer.alloc(8, 1),
    iterations: 2,
    length: 8,
  } as const;
  const empty = { ...none, password: Buffer.alloc(0) };
  assert.deepEqual(await opensslPkcs12Kdf(empty), await pkcs12Kdf(empty));
});
