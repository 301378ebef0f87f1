import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import type { Checkpoint, SignedCheckpoint } from '../enrol/index.ts';
import { checkEpoch } from './learn-from-server.ts';

function checkpointOf(epoch: number, sequence: number): SignedCheckpoint {
  const at = '2030-01-01T00:00:00.000Z';
  const checkpoint: Checkpoint = { network: 'n', epoch, sequence, head: '0'.repeat(64), crlNumber: 0, at };
  return { checkpoint: JSON.stringify(checkpoint), signature: '' };
}

test('a node takes nothing from a copy of the authority that is older than one it has seen', () => {
  assert.throws(
    () => checkEpoch(checkpointOf(2, 10), checkpointOf(1, 500)),
    (error) => isHoldfastError(error, 'authority_superseded') && /epoch 1.*epoch 2/.test(error.message),
  );
});

test('a node takes what the same or a newer copy gives, whatever the length of its log', () => {
  checkEpoch(checkpointOf(2, 10), checkpointOf(2, 11));
  checkEpoch(checkpointOf(2, 10), checkpointOf(3, 4));
});
