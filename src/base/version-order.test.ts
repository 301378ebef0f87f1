import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, isVersion } from './version-order.ts';

test('versions come in the order of Semantic Versioning', () => {
  // The example of its §11, and numbers that a comparison of texts would get wrong.
  const inOrder = [
    '0.9.10',
    '0.10.0',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '2.0.0',
    '10.0.0',
  ];
  for (const [at, version] of inOrder.entries())
    for (const [other, than] of inOrder.entries())
      assert.equal(Math.sign(compareVersions(version, than)), Math.sign(at - other), `${version} ${than}`);
});

test('what is no version is none', () => {
  for (const text of [
    '',
    '1',
    '1.2',
    'v1.2.3',
    '1.2.3 ',
    '01.2.3',
    '1.2.3-',
    '../1.2.3',
    '1.2.3/4',
    '1.2.3-a/b',
  ])
    assert.ok(!isVersion(text), text);
  assert.throws(() => compareVersions('1.2', '1.2.3'), TypeError);
});
