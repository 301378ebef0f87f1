import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDer } from './der-reader.ts';
import { tag } from './der-tag.ts';
import { readTime, writeTime } from './der-time.ts';
import { writeDer } from './der-writer.ts';

function read(identifier: number, text: string): string {
  const der = writeDer((writer) => writer.latin1(identifier, text));
  return readDer(der, readTime).toISOString();
}

function write(iso: string): string {
  return Buffer.from(writeDer((writer) => writeTime(writer, new Date(iso)))).toString('latin1');
}

test('a two-digit year from 50 on lies in the last century', () => {
  assert.equal(read(tag.utcTime, '500101000000Z'), '1950-01-01T00:00:00.000Z');
  assert.equal(read(tag.utcTime, '491231235959Z'), '2049-12-31T23:59:59.000Z');
});

test('the last moment there is can be read, and so can a leap day', () => {
  assert.equal(read(tag.generalizedTime, '99991231235959Z'), '9999-12-31T23:59:59.000Z');
  assert.equal(read(tag.generalizedTime, '20240229120000Z'), '2024-02-29T12:00:00.000Z');
});

const refused: readonly (readonly [number, string])[] = [
  [tag.utcTime, ''],
  [tag.utcTime, '2601010000Z'],
  [tag.utcTime, '260101000000'],
  [tag.utcTime, '260101000000+0000'],
  [tag.utcTime, '261301000000Z'],
  [tag.utcTime, '260230000000Z'],
  [tag.utcTime, '260101240000Z'],
  [tag.utcTime, '260101006000Z'],
  [tag.utcTime, '260101000060Z'],
  [tag.utcTime, '20260101000000Z'],
  [tag.generalizedTime, '20260101000000.5Z'],
  [tag.generalizedTime, '20230229000000Z'],
  [tag.generalizedTime, '260101000000Z'],
  [tag.printableString, '260101000000Z'],
];

for (const [identifier, text] of refused) {
  test(`${JSON.stringify(text)} under tag ${identifier} is no time`, () =>
    assert.throws(() => read(identifier, text), { code: 'der_malformed' }));
}

test('a time is written as UTCTime through 2049 and as GeneralizedTime after', () => {
  assert.equal(write('2049-12-31T23:59:59Z'), '\x17\x0d491231235959Z');
  assert.equal(write('2050-01-01T00:00:00Z'), '\x18\x0f20500101000000Z');
});
