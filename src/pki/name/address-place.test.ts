import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOfAddress } from '../index.ts';

const places: readonly (readonly [address: string, place: string])[] = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
  ['2001:0db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
  ['2001:db8:0:2::7', '2001:db8:0:2::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
  ['admin/local', 'admin/local'],
];

for (const [address, place] of places) {
  test(`${address} counts with all of ${place}`, () => assert.equal(placeOfAddress(address), place));
}
