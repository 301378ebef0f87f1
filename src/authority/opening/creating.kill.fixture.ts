import { join } from 'node:path';
import { systemClock, writeFileAtomic } from '../../base/index.ts';
import { createAuthority } from './create-authority.ts';

/** A program to be killed: says that it begins, and makes the authority of the home it is given. */
const [, , home = ''] = process.argv;
process.stdout.write('begin');
await createAuthority({
  home,
  network: 'backup.example',
  statusAddress: 'http://localhost:8445',
  clock: systemClock,
  recoveryKit: { write: (text) => writeFileAtomic(join(home, 'kit'), text.reveal()) },
});
process.stdout.write('done');
setInterval(() => undefined, 1000);
