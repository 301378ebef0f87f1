import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNodeName } from './node-name.ts';
import { slug } from './slug.ts';

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
