import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { decryptRc4 } from './rc4.ts';

// RFC 6229 §2: key, the first bytes of its stream.
const vectors = [
  ['0102030405', 'b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919'],
  ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'],
] as const;

for (const [key, stream] of vectors) {
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
