import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackName, loopbackLast, namesToTell, reachableNames, urlHost } from './addresses.ts';

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

test('names by which every machine means itself are told from others, in whatever form they stand', () => {
  for (const name of [
    'localhost',
    'LocalHost.',
    'a.localhost',
    'localhost.localdomain',
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '::',
  ])
    assert.ok(isLoopbackName(name), name);
  for (const name of [
    'localhost.example',
    'mylocalhost',
    '128.0.0.1',
    '192.0.2.7',
    '::2',
    'fd00::1',
    'a.test',
  ])
    assert.ok(!isLoopbackName(name), name);
});

test('loopback names come last, and are told only where there are no others', () => {
  const names = ['localhost', 'b.test', '127.0.0.1', 'a.test'];
  assert.deepEqual(loopbackLast(names), ['b.test', 'a.test', 'localhost', '127.0.0.1']);
  assert.deepEqual(namesToTell(names), ['b.test', 'a.test']);
  assert.deepEqual(namesToTell(['::1', 'localhost']), ['::1']);
});
