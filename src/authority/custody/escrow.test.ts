import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { Secret } from '../../base/index.ts';
import { escrowFingerprint, kitEscrowLine, openRecoveryKit } from '../../enrol/index.ts';
import { fingerprint } from '../../pki/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import { noteOnKit } from './escrow.ts';
import { generateRecoveryKey, recoveryKitText } from './recovery-kit.ts';

describe('an escrowed password', () => {
  const identity = { network: 'backup.example', role: 'client', name: 'alpha' } as const;

  it('is kept for each repository of its identity, and never replaced', async () => {
    await using home = await homeWithTwo();
    const { escrow } = home.authority;
    await escrow.put(identity, 'one', Uint8Array.of(1));
    await escrow.put(identity, 'one', Uint8Array.of(2));
    await escrow.put({ ...identity, name: 'beta' }, 'one', Uint8Array.of(3));
    assert.deepEqual(await escrow.get(identity, 'one'), [Uint8Array.of(2), Uint8Array.of(1)]);
    assert.deepEqual(await escrow.get(identity, 'two'), []);
    assert.deepEqual(
      (await escrow.list()).map(({ identity, repository }) => `${identity} ${repository}`),
      ['client/alpha one', 'client/alpha one', 'client/beta one'],
    );
    assert.equal((await escrow.list(identity)).length, 2);
    assert.equal((await home.authority.log.list()).at(-1)?.kind, 'escrowed');
  });

  it('is refused when it is too large, empty, or of nobody on record', async () => {
    await using home = await homeWithTwo();
    const { escrow } = home.authority;
    await refused('input_invalid', escrow.put(identity, 'one', new Uint8Array(64 * 1024 + 1)));
    await refused('input_invalid', escrow.put(identity, 'one', new Uint8Array(0)));
    await refused('input_invalid', escrow.put(identity, '', Uint8Array.of(1)));
    await refused(
      'certificate_not_allowed',
      escrow.put({ ...identity, name: 'nobody' }, 'one', Uint8Array.of(1)),
    );
    assert.deepEqual(await escrow.list(), []);
  });
});

async function homeWithTwo(): Promise<SampleHome> {
  const home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  return home;
}

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
