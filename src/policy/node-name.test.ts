import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { checkNetworkName, checkNodeName, reservedNames, slug } from './node-name.ts';

for (const name of ['a', 'laptop', 'db-1.office', '0', 'a_b', 'x'.repeat(63)]) {
  test(`${name} is a node name`, () => checkNodeName(name));
}

const badNames = [
  '',
  '.',
  '..',
  '-rf',
  '_x',
  'A',
  'a..b',
  'a.',
  'a/b',
  'a b',
  'é',
  'a\n',
  'a\u0000',
  'x'.repeat(64),
];
for (const name of badNames) {
  test(`${JSON.stringify(name)} is no node name`, () => {
    assert.throws(
      () => checkNodeName(name),
      (error) => isHoldfastError(error, 'name_invalid'),
    );
  });
}

test("restic's own words are reserved", () => {
  for (const name of [...reservedNames, 'local']) {
    assert.throws(
      () => checkNodeName(name),
      (error) => isHoldfastError(error, 'name_reserved'),
    );
  }
});

for (const name of ['backup.example', 'backup.my-host', 'a.b', '1.2']) {
  test(`${name} is a network name`, () => checkNetworkName(name));
}

const badNetworks = [
  '',
  '.',
  'a',
  'a.',
  '.a',
  'a..b',
  '-a',
  'a-',
  'A.b',
  'a_b',
  'a/b',
  'a:1',
  'a b',
  'x'.repeat(64),
];
for (const name of [...badNetworks, 'ab.'.repeat(80)]) {
  test(`${JSON.stringify(name.slice(0, 70))} is no network name`, () => {
    assert.throws(
      () => checkNetworkName(name),
      (error) => isHoldfastError(error, 'name_invalid'),
    );
  });
}

const slugs = {
  alpha: 'alpha',
  'Jörg’s Laptop': 'jorg-s-laptop',
  'db-1.office': 'db-1.office',
  '  spaces  around  ': 'spaces-around',
  Straße: 'strasse',
  'a..b': 'a.b',
  '...': undefined,
  '._-x-_.': 'x',
  snapshots: 'snapshots-1',
  Local: 'local-1',
  書籍: undefined,
  '': undefined,
} as const;

for (const [text, name] of Object.entries(slugs)) {
  test(`the slug of ${JSON.stringify(text)} is ${name ?? 'none'}`, () => {
    if (name === undefined) return assert.throws(() => slug(text), { code: 'name_invalid', hint: /--name/ });
    assert.equal(slug(text), name);
    checkNodeName(slug(text));
  });
}

test('a slug is never longer than a name may be', () => {
  checkNodeName(slug('long '.repeat(50)));
  checkNodeName(slug(`${'a'.repeat(62)}.b`));
});
