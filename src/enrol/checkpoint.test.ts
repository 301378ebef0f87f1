import assert from 'node:assert/strict';
import { it, test } from 'node:test';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { isHoldfastError } from '../base/index.ts';
import { parseCertificate } from '../pki/index.ts';
import {
  type Checkpoint,
  checkpointHeader,
  encodeCheckpointHeader,
  readCheckpointHeader,
  type SignedCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';

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

test('a checkpoint comes out of its header as it went in', () => {
  const signed = { checkpoint: '{"network":"bücher.example"}', signature: 'AAAA' };
  const value = encodeCheckpointHeader(signed);
  assert.deepEqual(readCheckpointHeader(value), signed);
  assert.doesNotThrow(() => new Headers({ [checkpointHeader]: value }));
});

test('what is no checkpoint in a header is nothing, whatever it is', () => {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cases = [
    undefined,
    ['x'],
    '',
    'AAAA',
    encoded(null),
    encoded({ checkpoint: '{}' }),
    encoded({ checkpoint: 'x'.repeat(1025), signature: '' }),
    encoded({ checkpoint: '{}', signature: '' }).padEnd(5000, 'A'),
  ];
  for (const value of cases) assert.equal(readCheckpointHeader(value), undefined, String(value));
});
