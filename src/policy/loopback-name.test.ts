import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackName, loopbackLast, namesToTell } from './loopback-name.ts';

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
