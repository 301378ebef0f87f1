import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Changes } from './archive-options.ts';
import { nameIn } from './tree-store.ts';
import { WalkAhead } from './walk-ahead.ts';
import { BatchWriter, stepsOf, type WalkBatch, type WalkStep } from './walk-batch.ts';

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-walk-ahead-')));
});
afterEach(() => rmSync(top, { recursive: true }));

test('steps come out of batches as they were, whatever their text and however long', () => {
  const rest = { isRoot: false, path: '', size: 0 };
  const steps: WalkStep[] = [
    { kind: 'enter', isRoot: true, path: '/\xff\xe4', text: '{"name":"\u{1f600}ä\u2028"', size: 0 },
    { ...rest, kind: 'file', text: '{"name":"b"', size: 2 ** 40 },
    { ...rest, kind: 'other', text: 'ﬁ'.repeat(300_000) },
    { ...rest, kind: 'unreadable', path: '/x', text: 'EACCES may not' },
    { ...rest, kind: 'leave', isRoot: true, text: '' },
  ];
  const batches: WalkBatch[] = [];
  const writer = new BatchWriter((batch) => batches.push(batch));
  for (const step of steps) writer.add(step);
  writer.flush(true);
  assert.deepEqual(
    batches.flatMap((batch) => [...stepsOf(batch)]),
    steps,
  );
  assert.deepEqual(
    batches.map(({ isLast }) => isLast),
    batches.map((_batch, index) => index === batches.length - 1),
  );
});

test('a walk that is far ahead waits, and goes on in order', async () => {
  // More text than may be sent ahead.
  const names = Array.from({ length: 2500 }, (_, n) => String(n).padStart(4, '0'));
  for (const name of names) symlinkSync('x'.repeat(4000), join(top, name));
  await using ahead = new WalkAhead({ paths: [Buffer.from(top)] }, new Changes());
  const found: string[] = [];
  for await (const batch of ahead.batches())
    for (const step of stepsOf(batch)) if (step.kind === 'other') found.push(String(nameIn(step.text)));
  assert.deepEqual(found, names);
});

test('a walk nobody waits for is ended', async () => {
  for (let n = 0; n < 1000; n++) writeFileSync(join(top, String(n)), '');
  const changes = new Changes();
  await using ahead = new WalkAhead({ paths: [Buffer.from(top)] }, changes);
  await changes.next();
  await ahead[Symbol.asyncDispose]();
  changes.throwIfFailed();
});

test('why a thread cannot walk is told as the walk itself would', async () => {
  const changes = new Changes();
  await using ahead = new WalkAhead({ paths: [Buffer.from(top)], exclude: ['['] }, changes);
  await assert.rejects(ahead.batches().next(), { name: 'HoldfastError', code: 'usage' });
  await using relative = new WalkAhead({ paths: [Buffer.from('relative')] }, new Changes());
  await assert.rejects(relative.batches().next(), TypeError);
});
