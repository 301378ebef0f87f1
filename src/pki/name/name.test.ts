import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { readDer } from '../der/der-reader.ts';
import { writeDer } from '../der/der-writer.ts';
import {
  commonName,
  createName,
  equalNames,
  formatName,
  isNameWithin,
  type Name,
  nameKey,
} from '../index.ts';
import { type NameAttribute, readName, writeName } from './name.ts';

const parse = (hex: string) => readDer(fromHex(hex), readName);
const encode = (name: Name) => toHex(writeDer((writer) => writeName(writer, name)));
const cn = (value: string, encoding: NameAttribute['encoding'] = 'utf8'): Name => [
  [{ oid: '2.5.4.3', value, encoding }],
];

test('a name is written in the string types that RFC 5280 asks for', () => {
  const name = createName({ C: 'DE', DC: 'example', O: 'Ünion', CN: 'alpha' });
  assert.deepEqual(
    name.flat().map(({ encoding }) => encoding),
    ['printable', 'ia5', 'utf8', 'utf8'],
  );
  assert.deepEqual(parse(encode(name)), name);
});

test('an attribute that does not fit its string type is a TypeError', () => {
  assert.throws(() => createName({ C: 'Ü' }), TypeError);
  assert.throws(() => createName({ CN: '' }), TypeError);
  assert.throws(() => encode(createName({ DC: 'ü' })), TypeError);
  assert.throws(() => encode(cn('\ud800')), TypeError);
  assert.throws(() => encode([[]]), TypeError);
});

test('the empty name is a name', () => {
  assert.deepEqual(parse('3000'), []);
  assert.equal(formatName([]), '');
  assert.equal(commonName([]), undefined);
});

test('the common name is the innermost one', () => {
  assert.equal(commonName([...cn('outer'), ...createName({ O: 'x' }), ...cn('inner')]), 'inner');
});

const refused: readonly (readonly [string, string])[] = [
  ['a level without attribute', '30023100'],
  ['an attribute without value', '3009310730050603550403'],
  ['text that is not UTF-8', '300e310c300a06035504030c03eda080'],
  ['a BMPString of an odd length', '300c310a300806035504031e0161'],
  ['a UniversalString beyond Unicode', '300f310d300b06035504031c0400110000'],
  ['an IA5String beyond ASCII', '300c310a30080603550403160180'],
  ['a set out of order', '301831163009060355040b0c026262300906035504030c026161'],
];

for (const [what, hex] of refused) {
  test(`${what} is malformed`, () => assert.throws(() => parse(hex), { code: 'der_malformed' }));
}

test('a replacement character that is really there is text', () => {
  const name = cn('a\ufffdb');
  assert.deepEqual(parse(encode(name)), name);
});

test('a name with several attributes on a level is written in the order of DER and is the same in any order', () => {
  const attributes = createName({ CN: 'alpha', OU: 'x', O: 'yy' }).flat();
  const name = [attributes];
  const turned = [attributes.toReversed()];
  assert.equal(encode(name), encode(turned));
  assert.ok(equalNames(name, turned));
  assert.ok(equalNames(parse(encode(name)), name));
});

test('names are equal whatever the case of ASCII, their white space and their string type', () => {
  assert.ok(equalNames(cn('Holdfast  CA', 'printable'), cn(' holdfast ca ')));
  assert.ok(equalNames(cn('STRASSE', 'bmp'), cn('strasse')));
  assert.ok(equalNames(cn('Z\u00fcrich'), cn('z\u00fcrich', 't61')));
});

test('beyond ASCII a name is its bytes: what Unicode takes for the same is another name, for OpenSSL as well', () => {
  assert.ok(!equalNames(cn('Zu\u0308rich'), cn('z\u00fcrich')));
  assert.ok(!equalNames(cn('\u00c4'), cn('\u00e4')));
  assert.ok(!equalNames(cn('\u212aelvin'), cn('kelvin')));
});

test('names differ by type, value, order, number and what is no text', () => {
  assert.ok(!equalNames(cn('a'), cn('b')));
  assert.ok(!equalNames(cn('a'), createName({ O: 'a' })));
  assert.ok(!equalNames(createName({ O: 'a', CN: 'b' }), createName({ CN: 'b', O: 'a' })));
  assert.ok(!equalNames(cn('a'), [...cn('a'), ...cn('a')]));
  assert.ok(!equalNames(cn('#0500', 'der'), cn('#0500')));
  assert.ok(!equalNames([[...cn('a').flat(), ...cn('b').flat()]], [...cn('a'), ...cn('b')]));
  assert.notEqual(nameKey(cn('a,CN=b')), nameKey([...cn('a'), ...cn('b')]));
});

test('a name lies within its own beginning and within the empty name', () => {
  const name = createName({ C: 'DE', O: 'Holdfast', CN: 'alpha' });
  assert.ok(isNameWithin(name, createName({ C: 'de', O: 'HOLDFAST' })));
  assert.ok(isNameWithin(name, []));
  assert.ok(isNameWithin(name, name));
  assert.ok(!isNameWithin(name, createName({ O: 'Holdfast' })));
  assert.ok(!isNameWithin([], name));
});

test('a name for people begins with its innermost level and escapes what RFC 4514 says', () => {
  const name = createName({ C: 'DE', O: 'A, B+C "D" <E>; F\\', CN: ' #alpha ' });
  assert.equal(formatName(name), 'CN=\\ #alpha\\ ,O=A\\, B\\+C \\"D\\" \\<E\\>\\; F\\\\,C=DE');
  assert.equal(formatName(cn('#1')), 'CN=\\#1');
  assert.equal(formatName([[{ oid: '1.2.3', value: '#0500', encoding: 'der' }]]), '1.2.3=#0500');
});

test('control, invisible and direction-changing characters of a name never reach a terminal', () => {
  assert.equal(formatName(cn('a\u001b[2J\n\0\u202eb\u2028')), 'CN=a\\1b[2J\\0a\\00\\e2\\80\\aeb\\e2\\80\\a8');
});
