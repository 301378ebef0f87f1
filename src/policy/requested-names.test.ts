import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGeneralName } from '../pki/index.ts';
import { parseRequestedNames } from './requested-names.ts';

const namesIn = (...texts: string[]) => parseRequestedNames(texts).names.map(formatGeneralName);

test('names are separated by commas or come one by one, each once', () => {
  const expected = ['dns:a', 'dns:b.domain', 'dns:*.my.domain', 'ip:10.0.0.5'];
  assert.deepEqual(namesIn('a,b.domain, *.my.domain ,10.0.0.5,A'), expected);
  assert.deepEqual(namesIn('a', 'b.domain,*.my.domain', '10.0.0.5', 'b.domain.'), expected);
  assert.deepEqual(parseRequestedNames([]), { names: [] });
});

const written: readonly (readonly [string, string])[] = [
  ['Alpha.Example.COM.', 'dns:alpha.example.com'],
  ['3com.example', 'dns:3com.example'],
  ['bücher.example', 'dns:xn--bcher-kva.example'],
  ['BÜCHER.example', 'dns:xn--bcher-kva.example'],
  ['bu\u0308cher.example', 'dns:xn--bcher-kva.example'],
  ['straße.example', 'dns:xn--strae-oqa.example'],
  ['日本。jp', 'dns:xn--wgv71a.jp'],
  ['*.bücher.example', 'dns:*.xn--bcher-kva.example'],
  ['*.lan.', 'dns:*.lan'],
  ['XN--BCHER-KVA.example', 'dns:xn--bcher-kva.example'],
  ['192.0.2.7', 'ip:192.0.2.7'],
  ['2001:DB8:0:0::7', 'ip:2001:db8::7'],
  ['[::1]', 'ip:::1'],
  ['::ffff:192.0.2.1', 'ip:::ffff:c000:201'],
];

for (const [text, expected] of written) {
  test(`${text} is ${expected}`, () => assert.deepEqual(namesIn(text), [expected]));
}

test('an asterisk as the last octet stands for 256 addresses, and is never a host name', () => {
  const { names, commonName } = parseRequestedNames(['192.168.1.*']);
  assert.equal(names.length, 256);
  assert.deepEqual(names[0], { kind: 'ip', value: '192.168.1.0' });
  assert.deepEqual(names[255], { kind: 'ip', value: '192.168.1.255' });
  assert.equal(commonName, '192.168.1.*');
});

test('an address that a block stands for too is there once', () => {
  const { names, commonName } = parseRequestedNames(['10.0.0.5,10.0.0.*', '10.0.0.7']);
  assert.equal(names.length, 256);
  assert.equal(commonName, '10.0.0.5');
});

test('the common name is the first name when it has 64 characters at most', () => {
  const commonNameOf = (text: string) => parseRequestedNames([text]).commonName;
  const long = `${'a'.repeat(60)}.example`;
  assert.equal(commonNameOf('Bücher.example,b'), 'xn--bcher-kva.example');
  assert.equal(commonNameOf('2001:db8:0::1'), '2001:db8::1');
  assert.equal(commonNameOf(`${'a'.repeat(56)}.example`), `${'a'.repeat(56)}.example`);
  assert.equal(commonNameOf(`${long},b.example`), undefined);
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['a,,b', /a name is empty/],
  ['', /a name is empty/],
  ['*', /has an asterisk/],
  ['*.*.example.com', /has an asterisk: expected one only as the whole first label/],
  ['a*.example.com', /has an asterisk/],
  ['a.*.example.com', /has an asterisk/],
  ['192.168.*.*', /is no block of addresses: expected an asterisk as the whole last octet/],
  ['192.168.*', /is no block of addresses/],
  ['192.*.1.1', /is no block of addresses/],
  ['*.168.1.1', /is no block of addresses/],
  ['192.168.1.1*', /is no block of addresses/],
  ['192.168.300.*', /is no block of addresses/],
  ['192.168.1.*.example', /has an asterisk/],
  ['192.168.1.0/24', /is a range/],
  ['https://a.example', /is a range or an address of the web/],
  ['a_b.example', /has an underscore/],
  ['ü_b.example', /has an underscore/],
  ['fe80::1%eth0', /has a zone/],
  ['a.example:8443', /is no IPv6 address: expected a host name or an address without a port/],
  ['12345::', /is no IPv6 address/],
  ['300.0.0.1', /neither a host name nor an address/],
  ['1.2.3', /neither a host name nor an address/],
  ['１２７.1', /neither a host name nor an address/],
  ['-a.example', /neither/],
  ['a..example', /neither/],
  ['.example', /neither/],
  [`${'a'.repeat(64)}.example`, /neither/],
  [`${'a.'.repeat(126)}aa`, /neither/],
  ['a b', /neither/],
  ['a%41.example', /neither/],
  ['a\0.example', /not seen, U\+0000/],
  ['al\u200bpha.example', /not seen, U\+200B: expected the name without it/],
  ['al\u200dpha.example', /not seen, U\+200D/],
  ['\ufeffalpha.example', /not seen, U\+FEFF/],
  ['नी\u200cति.example', /not seen, U\+200C/],
  ['xn--11b2ezcs70k.example', /stands for nothing/],
  ['a\ufe0fb.example', /not seen, U\+FE0F/],
  ['ü%41.example', /cannot be written as a host name/],
  ['☃.example', /cannot be written as a host name/],
  ['ü\0.example', /not seen, U\+0000/],
  ['1א.example', /cannot be written/],
  ['xn--a.example', /has a label xn-- that stands for nothing/],
  ['xn--abc-.example', /neither|stands for nothing/],
  ['xn--bcher-kva.xn--zzzzzz99.example', /stands for nothing/],
];

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => parseRequestedNames(['good.example', text]), { code: 'name_invalid', message }));
}

test('512 names fit into a certificate, and no more', () => {
  const many = Array.from({ length: 512 }, (_, index) => `n${index}.example`);
  assert.equal(parseRequestedNames(many).names.length, 512);
  assert.equal(parseRequestedNames(['10.0.0.*,10.0.1.*']).names.length, 512);
  assert.throws(() => parseRequestedNames([...many, 'one.more']), { message: /513 names: at most 512/ });
  const blocks = Array.from({ length: 600 }, () => '10.0.0.*');
  assert.throws(() => parseRequestedNames(blocks), { message: /600 names: at most 512/ });
  const long = many.map((name) => `${'a'.repeat(60)}.${name}`);
  assert.throws(() => parseRequestedNames(long), { message: /characters in all: at most 32768/ });
});
