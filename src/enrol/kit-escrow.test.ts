import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { escrowFingerprint, kitEscrowLine, kitEscrows, parseEscrowFingerprint } from './recovery-kit.ts';

const sealed = Uint8Array.of(1, 2, 3);
const fingerprint = escrowFingerprint(sealed);

test('a fingerprint is read with dashes and without, in any case, and from the whole hash in the log', () => {
  assert.equal(fingerprint, '0390-58c6-f2c0-cb49-2c53-3b0a-4d14-ef77');
  const typed = [
    fingerprint,
    fingerprint.toUpperCase(),
    fingerprint.replaceAll('-', ' '),
    hash('sha256', sealed),
  ];
  for (const text of typed) assert.equal(parseEscrowFingerprint(text), fingerprint);
  for (const text of ['', fingerprint.slice(0, -1), `${fingerprint}0`, fingerprint.replace('0', 'o')])
    assert.equal(parseEscrowFingerprint(text), undefined);
});

test('a kit names what machines left in lines that the server or a person wrote', () => {
  const line = kitEscrowLine({ node: 'client/laptop', fingerprint });
  const text = `# RECOVERY KIT\n\nAGE-SECRET-KEY-1\n${line}\n#escrow  Client/Desk  ${fingerprint.toUpperCase()} \n`;
  assert.deepEqual(kitEscrows(text), [
    { node: 'client/laptop', fingerprint },
    { node: 'client/desk', fingerprint },
  ]);
});

test('a line that was cut short, or says something else, names nothing', () => {
  const line = kitEscrowLine({ node: 'client/laptop', fingerprint });
  for (const text of [
    line.slice(0, -3),
    line.slice(2),
    `# ${line}`,
    '# Lines "# Escrow NODE FINGERPRINT" say',
  ])
    assert.deepEqual(kitEscrows(text), []);
});
