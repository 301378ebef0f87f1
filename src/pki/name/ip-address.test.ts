import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpAddress, isIpWithin, parseIpAddress, parseIpRange } from '../index.ts';

const canonical: readonly (readonly [string, string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
  ['1::', '1::'],
  ['1:0:0:0:0:0:0:10', '1::10'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
];

for (const [text, expected] of canonical) {
  test(`the address ${text} is ${expected}`, () => {
    const bytes = parseIpAddress(text);
    assert.ok(bytes !== undefined);
    assert.equal(formatIpAddress(bytes), expected);
    assert.deepEqual(parseIpAddress(expected), bytes);
  });
}

const none = [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  '1.2.3.-4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '::1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::8',
  ':1:2:3:4:5:6:7:8',
  'fe80::1%eth0',
  '::12345',
  '1.2.3.4::',
  'alpha.example',
];

test('what is no address is told from what is', () => {
  for (const text of none) assert.equal(parseIpAddress(text), undefined, text);
});

test('a block holds the addresses of its own family that share its prefix', () => {
  assert.ok(within('10.1.2.3', '10.0.0.0/8'));
  assert.ok(!within('11.1.2.3', '10.0.0.0/8'));
  assert.ok(within('192.0.2.129', '192.0.2.128/25'));
  assert.ok(!within('192.0.2.127', '192.0.2.128/25'));
  assert.ok(within('192.168.1.255', '192.168.1.*'));
  assert.ok(!within('192.168.2.0', '192.168.1.*'));
  assert.ok(within('8.8.8.8', '0.0.0.0/0'));
  assert.ok(!within('::1', '0.0.0.0/0'));
  assert.ok(within('192.0.2.1', '192.0.2.1'));
  assert.ok(!within('192.0.2.2', '192.0.2.1'));
  assert.ok(within('2001:db8:8000::1', '2001:db8:8000::/33'));
  assert.ok(!within('2001:db8:7fff::1', '2001:db8:8000::/33'));
});

test('what is no block is told from what is', () => {
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10/8',
    '10.*',
    '10.0.*.*',
    '10.0.0.*/24',
    '10.0.0.300.*',
    '2001:db8::*',
    '1.2.3.4/8/9',
  ]) {
    assert.equal(parseIpRange(text), undefined, text);
  }
});

function within(address: string, block: string): boolean {
  const [bytes, range] = [parseIpAddress(address), parseIpRange(block)];
  assert.ok(bytes !== undefined && range !== undefined);
  return isIpWithin(bytes, range);
}
