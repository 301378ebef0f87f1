import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { DerReader, readDer } from './der-reader.ts';
import { tag } from './der-tag.ts';

const malformed = { name: 'HoldfastError', code: 'der_malformed' };

type Read = (reader: DerReader) => unknown;
const element: Read = (reader) => reader.element();
const integer: Read = (reader) => toHex(reader.integer());
const small: Read = (reader) => reader.smallInteger();
const boolean: Read = (reader) => reader.boolean();
const bits: Read = (reader) => reader.bitString();
const oid: Read = (reader) => reader.oid();

const refused: readonly (readonly [string, string, Read])[] = [
  ['nothing at all', '', element],
  ['a tag without length', '30', element],
  ['an indefinite length', '30800000', element],
  ['a long form where the short one does', '30810100', element],
  ['a long form with a leading zero', `30820080${'00'.repeat(128)}`, element],
  ['a length of five octets', '3085000000000100', element],
  ['the reserved length FF', '30ff00', element],
  ['a length field cut short', '308201', element],
  ['a length past the end', '300205', element],
  ['a length of four gigabytes', '3084ffffffff', element],
  ['a tag number beyond thirty', '1f8101', element],
  ['an end-of-contents tag', '0000', element],
  ['bytes left over', '050000', element],
  ['an empty integer', '0200', integer],
  ['an integer with a needless 00', '0202007f', integer],
  ['an integer with a needless FF', '0202ff80', integer],
  ['an integer under another tag', '0a0101', integer],
  ['a negative number as a small one', '0201ff', small],
  ['a number of 2^31 as a small one', '02050080000000', small],
  ['a boolean of 01', '010101', boolean],
  ['a boolean of two octets', '0102ffff', boolean],
  ['an empty boolean', '0100', boolean],
  ['a bit string without the octet of unused bits', '0300', bits],
  ['a bit string with eight unused bits', '03020800', bits],
  ['an empty bit string with unused bits', '030101', bits],
  ['a bit string padded with ones', '03020101', bits],
  ['a constructed bit string', '2303030100', bits],
  ['an empty object identifier', '0600', oid],
  ['an object identifier with a padded arc', '06032a8001', oid],
  ['an object identifier that ends inside an arc', '06022a86', oid],
  ['an object identifier without end', `0681c8${'ff'.repeat(200)}`, oid],
  ['a null with content', '050100', (reader) => reader.null()],
];

for (const [what, hex, read] of refused) {
  test(`${what} is malformed`, () => assert.throws(() => readDer(fromHex(hex), read), malformed));
}

const accepted: readonly (readonly [string, Read, unknown])[] = [
  ['020100', integer, '00'],
  ['02020080', integer, '0080'],
  ['0201ff', integer, 'ff'],
  ['0202ff7f', integer, 'ff7f'],
  ['02047fffffff', small, 2 ** 31 - 1],
  ['010100', boolean, false],
  ['0101ff', boolean, true],
  ['030100', bits, { bytes: Buffer.alloc(0), unusedBits: 0 }],
  ['03020780', bits, { bytes: Buffer.of(0x80), unusedBits: 7 }],
  ['06032a0304', oid, '1.2.3.4'],
  ['0603550403', oid, '2.5.4.3'],
  ['060127', oid, '0.39'],
  ['06028837', oid, '2.999'],
  // a UUID
  ['06146983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776', oid, '2.25.329800735698586629295641978511506172918'],
];

for (const [hex, read, value] of accepted) {
  test(`${hex} is read as ${JSON.stringify(value)}`, () =>
    assert.deepEqual(readDer(fromHex(hex), read), value));
}

test('a length of 128 is read in its two octets', () => {
  const bytes = Buffer.concat([Buffer.of(0x04, 0x81, 0x80), Buffer.alloc(128, 7)]);
  assert.equal(
    readDer(bytes, (reader) => reader.content(tag.octetString).length),
    128,
  );
});

test('an element inside another cannot reach past its end', () => {
  assert.throws(
    () =>
      readDer(
        fromHex('3003040200ff'),
        inside((reader) => reader.content(0x04)),
      ),
    malformed,
  );
});

test('content that is left over inside an element is malformed', () => {
  assert.throws(
    () =>
      readDer(
        fromHex('300405000500'),
        inside((reader) => reader.null()),
      ),
    malformed,
  );
});

test('an empty list is malformed unless it may be empty', () => {
  const empty = fromHex('3100');
  assert.throws(() => readDer(empty, (reader) => reader.list(tag.set, () => reader.null())), malformed);
  assert.deepEqual(
    readDer(empty, (reader) => reader.list(tag.set, () => reader.null(), 0)),
    [],
  );
});

test('a hundred thousand levels of nesting are refused without exhausting the stack', () => {
  const descend = (reader: DerReader): void =>
    reader.inside(tag.sequence, () => (reader.done ? undefined : descend(reader)));
  assert.throws(() => readDer(nested(100_000), descend), malformed);
  assert.doesNotThrow(() => readDer(nested(30), descend));
});

test('the message says at which byte the input is malformed', () => {
  assert.throws(() => readDer(fromHex('3003020100'), inside(boolean)), /tag 02 instead of 01 at byte 2$/);
});

/** Reads the inside of a SEQUENCE. */
function inside(read: Read): Read {
  return (reader) => reader.inside(tag.sequence, () => read(reader));
}

/** So many SEQUENCEs in one another, each with a length in its shortest form. */
function nested(levels: number): Uint8Array {
  const headers: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < levels; level++) {
    const header = length < 0x80 ? Buffer.of(0x30, length) : longHeader(length);
    headers.push(header);
    length += header.length;
  }
  return Buffer.concat(headers.toReversed());
}

function longHeader(length: number): Buffer {
  const digits = fromHex(length.toString(16).padStart(length < 0x100 ? 2 : length < 0x10000 ? 4 : 6, '0'));
  return Buffer.concat([Buffer.of(0x30, 0x80 | digits.length), digits]);
}
