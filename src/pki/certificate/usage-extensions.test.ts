import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { readDer } from '../der/der-reader.ts';
import { writeDer } from '../der/der-writer.ts';
import { readKeyUsage, writeKeyUsage } from './usage-extensions.ts';

for (const [hex, usages] of [
  ['03020780', ['digitalSignature']],
  ['03020106', ['keyCertSign', 'cRLSign']],
  ['0303078080', ['digitalSignature', 'decipherOnly']],
] as const) {
  test(`${usages.join(' and ')} is the bit list ${hex}`, () => {
    assert.equal(toHex(writeDer((writer) => writeKeyUsage(writer, usages))), hex);
    assert.deepEqual(readDer(fromHex(hex), readKeyUsage), usages);
  });
}
