import { systemClock } from '../../base/index.ts';
import { exportPublicKey, generateKeyPair } from '../../pki/index.ts';
import { killedHome } from '../kill-when-printed.fixture.ts';
import { openAuthority } from '../opening/open-authority.ts';

/**
 * A program to be killed: opens the authority of the home it is given and issues without end, four at a time, printing
 * the serial number of each certificate as soon as it has it.
 */
const authority = await openAuthority({ ...killedHome(), clock: systemClock, worker: true });
const spki = exportPublicKey((await generateKeyPair('p256')).publicKey);

async function issueForEver(): Promise<never> {
  for (;;) {
    const { certificate } = await authority.issueLocal({ role: 'client', name: 'alpha', spki });
    process.stdout.write(`${certificate.serial}\n`);
  }
}

await Promise.all([issueForEver(), issueForEver(), issueForEver(), issueForEver()]);
