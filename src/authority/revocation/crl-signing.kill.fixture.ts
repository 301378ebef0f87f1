import { systemClock } from '../../base/index.ts';
import { exportPublicKey, generateKeyPair } from '../../pki/index.ts';
import { killedHome } from '../kill-when-printed.fixture.ts';
import { openAuthority } from '../opening/open-authority.ts';

/**
 * A program to be killed: opens the authority of the home it is given, and revokes and signs the list without end,
 * printing the number and the length of each list as soon as it has it.
 */
const authority = await openAuthority({ ...killedHome(), clock: systemClock, worker: true });
const spki = exportPublicKey((await generateKeyPair('p256')).publicKey);

for (;;) {
  const { certificate } = await authority.issueLocal({ role: 'client', name: 'alpha', spki });
  const target = { kind: 'certificate', serial: certificate.serial } as const;
  await authority.revocation.revoke(target, { reason: 'superseded', by: 'test' });
  const { number, der } = await authority.revocation.currentCrl();
  process.stdout.write(`${number} ${der.length}\n`);
}
