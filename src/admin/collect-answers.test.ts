import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminClient } from './call.ts';
import { collectPages, fetchBackup, fetchCrl } from './collect-answers.ts';

/** A list of so many numbers, which says what it was asked for. */
function listOf(count: number): { asked: number[]; ask: Parameters<typeof collectPages<number>>[0] } {
  const asked: number[] = [];
  const ask = async ({
    after = 0,
    limit,
  }: {
    readonly after: number | undefined;
    readonly limit: number;
  }) => {
    asked.push(limit);
    return Array.from({ length: Math.min(limit, count - after) }, (_, at) => after + at + 1);
  };
  return { asked, ask };
}

test('a list comes whole and in order, at most a thousand at a time', async () => {
  const { asked, ask } = listOf(2500);
  assert.deepEqual(
    await collectPages(ask),
    Array.from({ length: 2500 }, (_, at) => at + 1),
  );
  assert.deepEqual(asked, [1000, 1000, 1000]);
});

test('no more is asked for than is wanted', async () => {
  const { asked, ask } = listOf(5000);
  assert.equal((await collectPages(ask, 1500)).length, 1500);
  assert.deepEqual(asked, [1000, 500]);
});

test('a server that gives the same page for ever is not asked for ever', async () => {
  const page = Array.from({ length: 1000 }, (_, at) => ({ id: at }));
  await assert.rejects(
    collectPages(async () => structuredClone(page)),
    { code: 'answer_malformed' },
  );
});

/** A server that answers each operation with the same. */
function serverOf(answers: Readonly<Record<string, object>>): { asked: string[]; admin: AdminClient } {
  const asked: string[] = [];
  const call = async (name: string): Promise<unknown> => {
    asked.push(name);
    return answers[name] ?? Promise.reject(new Error(`${name}: the line was cut`));
  };
  return { asked, admin: { call } as AdminClient };
}

test('a server that sends pieces without bytes is not asked for ever', async () => {
  const made = { id: '0'.repeat(32), bytes: 10, sha256: '' };
  const { asked, admin } = serverOf({
    'ca.crl': { label: 'root-1', number: '1', bytes: 10, piece: '' },
    'ca.backup-piece': { piece: '' },
    'ca.backup-drop': { dropped: made.id },
  });
  await assert.rejects(fetchCrl(admin, undefined), { code: 'answer_malformed' });
  const write = async (pieces: AsyncIterable<Uint8Array>): Promise<void> =>
    void (await Array.fromAsync(pieces));
  await assert.rejects(fetchBackup(admin, made, { path: '/x', write }), { code: 'answer_malformed' });
  assert.deepEqual(asked, ['ca.crl', 'ca.backup-piece', 'ca.backup-drop']);
});

test('a server that begins another list each time is not asked for ever', async () => {
  let number = 0;
  const call = async (): Promise<unknown> => {
    number += 1;
    return { label: 'root-1', number: String(number), bytes: 10, piece: 'AAAA' };
  };
  await assert.rejects(fetchCrl({ call } as AdminClient, undefined), { code: 'answer_malformed' });
});

test('why a backup cannot be written is said though the server cannot be told', async () => {
  const { asked, admin } = serverOf({});
  const write = (): Promise<void> => Promise.reject(new Error('the disk is full'));
  const made = { id: '0'.repeat(32), bytes: 10, sha256: '' };
  await assert.rejects(fetchBackup(admin, made, { path: '/x', write }), /the disk is full/);
  assert.deepEqual(asked, ['ca.backup-drop']);
});
