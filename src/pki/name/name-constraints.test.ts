import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../../base/index.ts';
import { readDer } from '../der/der-reader.ts';
import { readGeneralNames } from './general-name.ts';
import { readNameConstraints } from './name-constraints.ts';

for (const [what, hex] of [
  ['without any list', '3000'],
  ['with an empty list', '3002a000'],
  ['with a mask that has holes', '300ea00c300a87080a000000ff00ff00'],
  ['with an address without mask', '300aa008300687040a000000'],
  ['with a minimum', '300aa0083006820161800101'],
] as const) {
  test(`name constraints ${what} are malformed`, () =>
    assert.throws(() => readDer(fromHex(hex), readNameConstraints), { code: 'der_malformed' }));
}

test('an empty name constrains, but names nobody', () => {
  const constraints = readDer(fromHex('3006a00430028200'), readNameConstraints);
  assert.deepEqual(constraints, { permitted: [{ kind: 'dns', value: '' }], excluded: [] });
  assert.throws(() => readDer(fromHex('30028200'), (reader) => readGeneralNames(reader)), {
    code: 'der_malformed',
  });
});
