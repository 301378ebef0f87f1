import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { isHoldfastError } from '../base/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { type Checkpoint, type SignedCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.ts';

const checkpoint: Checkpoint = {
  network: 'backup.example',
  epoch: 1,
  sequence: 7,
  head: 'ab'.repeat(32),
  crlNumber: 0,
  at: '2026-11-21T08:00:00.000Z',
};

it('a checkpoint is believed as its issuing certificate signed it, and in no other form', async () => {
  const { issuing, root } = await SampleAuthority.create();
  const signed = signCheckpoint(checkpoint, issuing.keys.privateKey);
  assert.deepEqual(verifyCheckpoint(signed, parseCertificate(issuing.der)), checkpoint);
  const forged: [SignedCheckpoint, Uint8Array][] = [
    [signed, root.der],
    [{ ...signed, checkpoint: signed.checkpoint.replace('"sequence":7', '"sequence":8') }, issuing.der],
    [{ ...signed, signature: '' }, issuing.der],
    [signCheckpoint({ ...checkpoint, epoch: 0 }, issuing.keys.privateKey), issuing.der],
  ];
  for (const [bad, certificate] of forged) {
    assert.throws(
      () => verifyCheckpoint(bad, parseCertificate(certificate)),
      (error) => isHoldfastError(error, 'checkpoint_invalid'),
    );
  }
});
