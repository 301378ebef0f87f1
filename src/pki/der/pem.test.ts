import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificatePem, certificatesFromPem, parsePem, pemText } from '../index.ts';
import { bytesFromBase64, encodePem, looksLikeDer } from './pem.ts';

const der = Buffer.from(Array.from({ length: 100 }, (_, index) => index));
const block = certificatePem(der);

test('a block has lines of at most 64 characters and comes back', () => {
  assert.match(
    block,
    /^-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{64}\n){2}[A-Za-z0-9+/=]{1,64}\n-----END CERTIFICATE-----\n$/,
  );
  assert.deepEqual(parsePem(block), [{ label: 'CERTIFICATE', der }]);
});

test('a block is read whatever its line breaks, its line lengths and its indent', () => {
  const [begin = '', ...rest] = block.trimEnd().split('\n');
  const base64 = rest.slice(0, -1).join('');
  const texts = [
    block.replaceAll('\n', '\r\n'),
    block.replaceAll('\n', '\r'),
    block.trimEnd(),
    `\ufeff${block}`,
    block.replace(/^/gm, '  '),
    `${begin}\n${base64}\n${rest.at(-1)}`,
    `${begin}${base64}${rest.at(-1)}`,
    block.replaceAll('\n', ' '),
    block.replaceAll('\n', '\\n'),
    block.replaceAll('\n', '\\r\\n'),
    block.replaceAll('\n', '\r\r\n'),
    `subject=CN=a ${block.replaceAll('\n', ' ')} and so on`,
    `0 s:CN=a\n${block}`,
    `${begin}\n\n${base64.replace(/.{5}/g, '$& \t\n')}\n\n${rest.at(-1)}`,
  ];
  for (const text of texts) assert.deepEqual(certificatesFromPem(text), [der], JSON.stringify(text));
});

test('a file is read in UTF-8, and in UTF-16 as Windows writes it, with the mark or without', () => {
  const around = `für\n${block}`;
  const files = [
    Buffer.from(around),
    Buffer.from(`\ufeff${around}`),
    Buffer.from(`\ufeff${around}`, 'utf16le'),
    Buffer.from(`\ufeff${around}`, 'utf16le').swap16(),
  ];
  for (const file of files) {
    assert.equal(pemText(file), around);
    assert.deepEqual(certificatesFromPem(pemText(file)), [der]);
  }
});

test('text around and between blocks is passed over, and blocks keep their order', () => {
  const other = Buffer.from('other');
  const text = `subject=CN = a\n-----\n${block}\nmore --- text\n${encodePem('PRIVATE KEY', other)}${block}end`;
  assert.deepEqual(
    parsePem(text).map(({ label }) => label),
    ['CERTIFICATE', 'PRIVATE KEY', 'CERTIFICATE'],
  );
  assert.deepEqual(certificatesFromPem(text), [der, der]);
  assert.deepEqual(parsePem('nothing here'), []);
});

const refused: readonly (readonly [string, string])[] = [
  ['a block that does not end', block.slice(0, 100)],
  ['a block inside another', `-----BEGIN X-----\n${block}-----END X-----`],
  ['an end of another label', block.replace('END CERTIFICATE', 'END X')],
  ['an end without a beginning', '-----END CERTIFICATE-----'],
  ['a block without content', '-----BEGIN X-----\n-----END X-----'],
  ['characters that are not Base64', block.replace('A', '*')],
  ['Base64 of a wrong length', '-----BEGIN X-----\nAAAAA\n-----END X-----'],
  ['Base64 with bits left over', '-----BEGIN X-----\nAB==\n-----END X-----'],
  ['the URL-safe alphabet', '-----BEGIN X-----\n-_-_\n-----END X-----'],
  ['headers of an encrypted key', '-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END X-----'],
];

for (const [what, text] of refused) {
  test(`${what} is malformed`, () => assert.throws(() => parsePem(text), { code: 'pem_malformed' }));
}

test('the message names the line', () => {
  assert.throws(() => parsePem(`one\ntwo\n${block.slice(0, 100)}`), /CERTIFICATE does not end, line 3$/);
});

test('a hundred thousand beginnings, and a line of a million marks, take no more than their length', {
  timeout: 20_000,
}, () => {
  assert.throws(() => parsePem('-----BEGIN X-----\n'.repeat(100_000)), { code: 'pem_malformed' });
  assert.deepEqual(parsePem(`-----BEGIN ${'- '.repeat(500_000)}`), []);
  assert.deepEqual(parsePem('-----BEGIN'.repeat(100_000)), []);
});

test('a file is told from a text that begins with the digit that DER begins with', () => {
  assert.equal(looksLikeDer(Buffer.from(`0 s:CN=a\n${block}`)), false);
  assert.equal(looksLikeDer(Buffer.from('0\x80')), true);
  assert.equal(looksLikeDer(Buffer.of(0x30, 0x02, 0x05, 0x00)), true);
  assert.equal(looksLikeDer(Buffer.of()), false);
});

test('base64 alone is read in lines or in one, and nothing else is base64', () => {
  const text = der.toString('base64');
  for (const each of [text, ` ${text}\r\n`, text.replace(/.{10}/g, '$&\n')])
    assert.deepEqual(bytesFromBase64(each), der);
  for (const each of ['', ' ', 'AAAAA', '-_-_', `${text}*`, 'ü'])
    assert.equal(bytesFromBase64(each), undefined);
});
