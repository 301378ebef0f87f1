import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { Secret } from '../../base/index.ts';
import { escrowFingerprint, kitEscrowLine, openRecoveryKit } from '../../enrol/index.ts';
import { fingerprint } from '../../pki/index.ts';
import { noteOnKit } from './note-on-kit.ts';
import { generateRecoveryKey, recoveryKitText } from './recovery-kit.ts';

const laptop = { node: 'client/laptop', fingerprint: escrowFingerprint(Uint8Array.of(1)) };
const desk = { node: 'client/desk', fingerprint: escrowFingerprint(Uint8Array.of(2)) };

test('a kit that is still here is given a line for each password, once, and opens as before', async () => {
  using directory = temporaryDirectory();
  for (const passphrase of [undefined, new Secret('a long enough one')]) {
    const path = join(directory.path, 'kit.txt');
    const key = await generateRecoveryKey();
    const madeAt = new Date(0);
    const about = { network: 'backup.example', root: fingerprint(Uint8Array.of(0)), madeAt, passphrase };
    const before = (await recoveryKitText(key, about)).reveal();
    writeFileSync(path, before);
    assert.deepEqual((await openRecoveryKit(before, passphrase)).escrows, []);
    await noteOnKit(path, [laptop]);
    await noteOnKit(path, [laptop, desk, desk]);
    const text = readFileSync(path, 'utf8');
    assert.equal(
      text,
      `${before}${before.endsWith('\n') ? '' : '\n'}${kitEscrowLine(laptop)}\n${kitEscrowLine(desk)}\n`,
    );
    const kit = await openRecoveryKit(text, passphrase);
    assert.equal(kit.recipient, key.recipient);
    assert.deepEqual(kit.escrows, [laptop, desk]);
  }
});

test('a line that a crash cut short is written again on a line of its own', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'kit.txt');
  const half = kitEscrowLine(laptop).slice(0, 30);
  writeFileSync(path, half);
  await noteOnKit(path, [laptop]);
  assert.equal(readFileSync(path, 'utf8'), `${half}\n${kitEscrowLine(laptop)}\n`);
});

test('a kit that was taken away is not made again', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'kit.txt');
  await noteOnKit(path, [laptop]);
  assert.ok(!existsSync(path));
});
