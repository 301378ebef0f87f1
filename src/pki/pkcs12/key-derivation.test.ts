import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { keyPurpose, pkcs12Kdf } from './key-derivation.ts';

const password = Buffer.from('0062006500610076006500720000', 'hex');
const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

for (const hashName of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
  test(`PKCS#12's derivation with ${hashName} hashes what comes out, as often as it is said`, async () => {
    const block = hashName === 'sha384' || hashName === 'sha512' ? 128 : 64;
    const parts = [
      Buffer.alloc(block, keyPurpose.mac),
      Buffer.alloc(block, salt),
      Buffer.alloc(block, password),
    ];
    for (const iterations of [1, 2, 3, 9_999, 10_000, 10_001, 25_000]) {
      let expected = hash(hashName, Buffer.concat(parts), 'buffer');
      for (let done = 1; done < iterations; done++) expected = hash(hashName, expected, 'buffer');
      const derivation = { hash: hashName, password, salt, iterations, length: expected.length };
      assert.deepEqual(
        await pkcs12Kdf({ ...derivation, purpose: keyPurpose.mac }),
        expected,
        `${iterations}`,
      );
    }
  });
}

test("PKCS#12's derivation with SHA-256 of many digests is that of the system", async () => {
  for (let at = 0; at < 200; at++) {
    const salted = Buffer.alloc(64, hash('sha256', `salt ${at}`, 'buffer'));
    const first = Buffer.concat([
      Buffer.alloc(64, keyPurpose.encryption),
      salted,
      Buffer.alloc(64, password),
    ]);
    const derivation = { hash: 'sha256', password, salt: salted, iterations: 3, length: 32 } as const;
    assert.deepEqual(
      await pkcs12Kdf({ ...derivation, purpose: keyPurpose.encryption }),
      hash('sha256', hash('sha256', hash('sha256', first, 'buffer'), 'buffer'), 'buffer'),
    );
  }
});
