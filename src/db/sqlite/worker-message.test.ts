import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { HoldfastError, isSystemError } from '../../base/index.ts';
import { flattenError, restoreError } from './worker-message.ts';

const overTheWay = (error: unknown): Error => restoreError(structuredClone(flattenError(error)));

test('an expected failure of another thread keeps its code and its next step', () => {
  const error = overTheWay(new HoldfastError('storage_full', 'no space left', { hint: 'make room' }));
  assert.ok(error instanceof HoldfastError);
  assert.deepEqual([error.code, error.message, error.hint], ['storage_full', 'no space left', 'make room']);
});

test('what the system refused another thread is still what the system refused', async () => {
  const refused = await readFile('/').catch((error: unknown) => error);
  const error = overTheWay(refused);
  assert.ok(isSystemError(error));
  assert.deepEqual([error.code, error.message], ['EISDIR', (refused as Error).message]);
  assert.ok(!isSystemError(overTheWay(new Error('a bug'))));
});
