import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logKinds, logStart, parseRecord } from './log-record.ts';

const line = { epoch: 1, sequence: 1, previous: logStart, at: '2026-11-21T08:00:00.000Z', by: 'admin/local' };

const read = (kind: string, details: unknown) => parseRecord(JSON.stringify({ ...line, kind, details }));

test('a record says what its kind says', () => {
  const record = read('token revoked', { token: 7, identity: 'client/alpha' });
  assert.equal(record?.kind === 'token revoked' && record.details.token, 7);
  assert.equal(read('token revoked', { token: 'seven', identity: 'client/alpha' }), undefined);
  assert.equal(read('token revoked', { token: 7 }), undefined);
});

test('a record of an unknown kind is none', () => {
  assert.equal(read('forgotten', {}), undefined);
});

test('a record may say more than is known of its kind', () => {
  assert.ok(read('log lost', { reason: 'fire', since: 'yesterday' }));
});

test('a sealed password of before digests were recorded is read', () => {
  assert.ok(read('escrowed', { repository: 'photos', bytes: 200 }));
});

test('no two kinds have one name', () => {
  assert.equal(new Set(logKinds).size, logKinds.length);
});
