import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  importPrivateKey,
  keyAlgorithms,
  privateKeyPem,
} from '../index.ts';
import { Openssl } from '../openssl.fixture.ts';
import { importPublicKey } from './public-key.ts';

for (const algorithm of keyAlgorithms) {
  test(`a key of ${algorithm} is made, exported and imported, and openssl reads it`, {
    timeout: 120_000,
  }, async () => {
    await using openssl = await Openssl.open();
    const { privateKey, publicKey } = await generateKeyPair(algorithm);
    const imported = importPrivateKey(exportPrivateKey(privateKey));
    const data = Buffer.from('data');
    const hash = algorithm === 'ed25519' ? null : 'sha256';
    assert.ok(verify(hash, data, importPublicKey(exportPublicKey(publicKey)), sign(hash, data, imported)));
    assert.deepEqual(exportPublicKey(imported), exportPublicKey(publicKey));
    await openssl.write('key.pem', privateKeyPem(exportPrivateKey(privateKey)));
    assert.match(await openssl.run('pkey', '-in', 'key.pem', '-noout', '-check'), /Key is valid/);
  });
}

test('a private key of a kind that is not used here is refused', () => {
  const others = [
    generateKeyPairSync('ed448').privateKey,
    generateKeyPairSync('x25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  ];
  for (const key of others) {
    assert.throws(() => importPrivateKey(exportPrivateKey(key)), { code: 'key_unsupported' });
  }
});

test('what is no private key is malformed, an encrypted one too, and the message does not show it', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'der', ...cipher });
  const cut = exportPrivateKey(privateKey).subarray(0, -1);
  for (const bytes of [encrypted, cut, Buffer.alloc(0), Buffer.from('no key at all')]) {
    assert.throws(() => importPrivateKey(bytes), {
      code: 'key_malformed',
      message: 'private key is malformed: not unencrypted pkcs#8',
    });
  }
});
