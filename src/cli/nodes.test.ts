import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, hourMs } from '../base/index.ts';
import type { NodeOfList } from './node/reported-sets.ts';
import { nodeTable } from './nodes.ts';
import { formatTable } from './terminal/table.ts';

const nowMs = Date.parse('2026-11-21T08:00:00.000Z');
const time = (afterMs: number): string => new Date(nowMs + afterMs).toISOString();

function node(name: string, address: string, group: string, software: string): NodeOfList {
  return {
    role: 'client',
    name,
    state: 'live',
    notAfter: time(20 * dayMs),
    lastBackup: time(-3 * hourMs),
    seen: [
      {
        kind: 'tls',
        service: 'storage',
        seenAt: time(-3 * hourMs),
        address,
        listener: 'main',
        protocol: 'TLS 1.3',
        cipher: 'TLS_AES_256_GCM_SHA384',
        group,
        by: 'certificate',
        serial: null,
        notAfter: null,
        software,
        weaker: [],
      },
    ],
  };
}

function linesOf(nodes: readonly NodeOfList[]): string[] {
  const row = nodeTable(nodes, nowMs);
  assert.ok(row.kind === 'table');
  return formatTable(row.columns, row.cells, 80);
}

test('a usual node stands in one line of 80 columns, a stopped one beside it', () => {
  const usual = node('laptop', '192.168.100.101', 'X25519MLKEM768', 'holdfast/0.1.0');
  const [heading, line, ...others] = linesOf([
    usual,
    { ...usual, name: 'old', state: 'revoked', notAfter: null, lastBackup: null, seen: [] },
  ]);
  assert.equal(heading, 'Node           Seen  Address          TLS  Group           Program  Ends  Backup');
  assert.equal(line, 'client/laptop   3 h  192.168.100.101  1.3  X25519MLKEM768  0.1.0    20 d     3 h');
  assert.deepEqual(others, ['client/old        -', 'revoked']);
});

test('no name, address or program makes the table wider', () => {
  const long = node(
    'n'.repeat(63),
    '2001:db8:1234:5678:9abc:def0:1234:5678',
    'SecP384r1MLKEM1024',
    'x'.repeat(60),
  );
  for (const line of linesOf([long, node('a', '10.0.0.1', 'P-256', 'Go-http-client/1.1')]))
    assert.ok(line.length <= 80, line);
});
