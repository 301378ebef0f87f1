import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDsmcert } from './dsmcert.ts';

test('the words of dsmcert are taken in any order and case, as on Windows too', () => {
  const added = { action: 'add', server: 'tsm1', file: '/opt/cert256.arm' };
  assert.deepEqual(parseDsmcert(['-add', '-server', 'tsm1', '-file', '/opt/cert256.arm']), added);
  assert.deepEqual(parseDsmcert(['/FILE', '/opt/cert256.arm', '/Server', 'tsm1', '/ADD']), added);
  assert.deepEqual(parseDsmcert(['-delete', '-server', 'tsm1']), { action: 'delete', server: 'tsm1' });
  assert.deepEqual(parseDsmcert(['-list']), { action: 'list' });
});

test('words of dsmcert that do not go together are named', () => {
  for (const [words, said] of [
    ['', /what to do is missing/],
    ['-add -server a', /-add needs -file/],
    ['-delete', /-delete needs -server/],
    ['-list -server a', /-list takes no -server/],
    ['-add -list', /-add and -list do not go together/],
    ['-add -server', /-server has no value/],
    ['-list -list', /-list is said twice/],
    ['--list', /found "--list"/],
  ] as const)
    assert.throws(() => parseDsmcert(words.split(' ').filter(Boolean)), { code: 'usage', message: said });
});
