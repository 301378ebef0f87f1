import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachableNames, urlHost } from './addresses.ts';

test('a server is reached under its names, but not under a pattern', () => {
  const names = ['*.office.example,192.168.1.*', 'Bücher.example.', '2001:DB8::7,192.168.1.7'];
  assert.deepEqual(reachableNames(names), ['xn--bcher-kva.example', '2001:db8::7', '192.168.1.7']);
});

test('what is no name is refused', () => {
  assert.throws(() => reachableNames(['a_b']), { code: 'name_invalid' });
});

test('an IPv6 address stands in brackets in a URL', () => {
  assert.equal(urlHost('::1'), '[::1]');
  assert.equal(urlHost('192.0.2.1'), '192.0.2.1');
});
