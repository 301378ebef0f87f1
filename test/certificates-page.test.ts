import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AttributeShortName, attributeOids, createSubject } from '../src/pki/index.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/reference/certificates.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([\d.]+) \| (\d+) \| (\w+)/gm)].map(
  ([, type = '', label = '', oid = '', maxLength = '', string = '']) => ({
    type,
    label,
    oid,
    maxLength,
    string,
  }),
);

/** Values that are right in form, to be made longer. */
const begins: Partial<Record<AttributeShortName, (length: number) => string>> = {
  C: (length) => 'D'.repeat(length),
  emailAddress: (length) => `${'a'.repeat(length - '@b.example'.length)}@b.example`,
};

test('the page of certificates has every attribute of a subject, with its identifier', () => {
  const documented = rows.map(({ type, oid }) => [type, oid]);
  assert.deepEqual(Object.fromEntries(documented), { ...attributeOids });
  const all = Object.fromEntries(rows.map(({ type }) => [type, 'a']));
  const written = createSubject({ ...all, C: 'DE', emailAddress: 'a@b.example' }).flat();
  const order = written.map(({ oid }) => rows.findIndex((row) => row.oid === oid));
  assert.deepEqual(
    order,
    rows.map((_, index) => index),
    'in the order of the table',
  );
});

for (const { type, label, maxLength, string } of rows) {
  test(`${type} is as the page of certificates says`, () => {
    const valueOf = begins[type as AttributeShortName] ?? ((length: number) => 'a'.repeat(length));
    const [attribute] = createSubject({ [type]: valueOf(Number(maxLength)) }).flat();
    assert.equal(attribute?.encoding, string.replace('String', '').toLowerCase());
    assert.throws(() => createSubject({ [type]: valueOf(Number(maxLength) + 1) }), {
      code: 'name_invalid',
      message: `${label} (${type}) has ${Number(maxLength) + 1} characters: expected ${maxLength} at most`,
    });
  });
}
