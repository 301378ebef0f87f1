import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { readDer } from './der-reader.ts';
import { tag } from './der-tag.ts';
import { type DerWriter, writeDer } from './der-writer.ts';

const vectors: readonly (readonly [string, (writer: DerWriter) => void])[] = [
  ['3000', (writer) => writer.inside(tag.sequence, () => {})],
  ['0101ff', (writer) => writer.boolean(true)],
  ['0500', (writer) => writer.null()],
  ['020100', (writer) => writer.smallInteger(0)],
  ['02017f', (writer) => writer.smallInteger(127)],
  ['02020080', (writer) => writer.smallInteger(128)],
  ['02047fffffff', (writer) => writer.smallInteger(2 ** 31 - 1)],
  ['020100', (writer) => writer.unsignedInteger(fromHex('0000'))],
  ['02020080', (writer) => writer.unsignedInteger(fromHex('000080'))],
  ['06032a0304', (writer) => writer.oid('1.2.3.4')],
  ['06028837', (writer) => writer.oid('2.999')],
  ['0c03e282ac', (writer) => writer.utf8(tag.utf8String, '€')],
  ['160161', (writer) => writer.latin1(tag.ia5String, 'a')],
  ['03020780', (writer) => writer.bitString(Uint8Array.of(0x80), 7)],
];

for (const [hex, write] of vectors) {
  test(`${hex} is written where it is meant`, () => assert.equal(toHex(writeDer(write)), hex));
}

test('an identifier that is none is a TypeError', () => {
  for (const oid of ['3.1', '1.40', '1.2.', '1.02', '1.2.x', '2.-1'] as const) {
    assert.throws(() => writeDer((writer) => writer.oid(oid)), TypeError, oid);
  }
});

for (const length of [127, 128, 255, 256, 65_535, 65_536, 16_777_216]) {
  test(`content of ${length} bytes comes back from two levels of nesting`, () => {
    const content = Buffer.alloc(length, 0xa5);
    const write = (writer: DerWriter) =>
      writer.inside(tag.sequence, () => {
        writer.content(tag.octetString, content);
        writer.null();
      });
    const read = readDer(writeDer(write, 16), (reader) =>
      reader.inside(tag.sequence, () => {
        const found = reader.content(tag.octetString);
        reader.null();
        return found;
      }),
    );
    assert.ok(content.equals(read));
  });
}
