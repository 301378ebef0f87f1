import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Log, minuteMs, silentLog } from '../base/index.ts';
import { beginsTls, MistakenProtocol } from './mistaken-protocol.ts';

test('a mistaken protocol is said once a minute, with how many times it came', () => {
  const said: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_message, fields) => said.push(fields?.['times']) };
  const mistaken = new MistakenProtocol('main', log);
  for (const nowMs of [0, 1, minuteMs - 1, minuteMs, minuteMs + 1]) mistaken.note('it', '192.0.2.1', nowMs);
  assert.deepEqual(said, [1, 3]);
});

test('a handshake of TLS is told from HTTP by its first bytes', () => {
  assert.ok(beginsTls(Uint8Array.of(22, 3, 1, 2, 0)));
  for (const text of ['GET / HTTP/1.1', '', '\x16'])
    assert.equal(beginsTls(Buffer.from(text, 'latin1')), false);
});
