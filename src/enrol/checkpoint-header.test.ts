import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointHeader, encodeCheckpointHeader, readCheckpointHeader } from './checkpoint-header.ts';

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
