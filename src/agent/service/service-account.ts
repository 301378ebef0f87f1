import { execFile } from 'node:child_process';
import { access, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../../base/index.ts';

/** An account of this machine, by its name and number. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Finds an account by its name or number, in the file or in a directory service that the system asks (getent(1)). */
export async function findAccount(said: string | number): Promise<Account | undefined> {
  const line = await promisify(execFile)('getent', ['passwd', String(said)]).then(
    ({ stdout }) => stdout.split('\n')[0] ?? '',
    () => '',
  );
  const [name = '', , uid = '', gid = ''] = line.split(':');
  return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** The command that makes an account of the system that nobody can log in to, with the tools of Debian and Red Hat, or of Alpine. */
export async function accountCommand(name: string, home: string): Promise<readonly string[]> {
  const shadow = [
    'useradd',
    '--system',
    '--user-group',
    '--home-dir',
    home,
    '--shell',
    '/usr/sbin/nologin',
    name,
  ];
  const isThere = await Promise.any(['/usr/sbin/useradd', '/sbin/useradd'].map((path) => access(path))).then(
    () => true,
    () => false,
  );
  return isThere ? shadow : ['adduser', '-S', '-D', '-H', '-h', home, '-s', '/sbin/nologin', name];
}

/** Makes that account. @throws HoldfastError `service_failed` */
export async function makeAccount(name: string, home: string): Promise<Account> {
  const [program = '', ...words] = await accountCommand(name, home);
  await promisify(execFile)(program, words).catch((cause: unknown) => {
    throw new HoldfastError('service_failed', `the account ${name} could not be made: ${String(cause)}`, {
      hint: `make it, and say holdfast service install again with --run-as ${name}`,
      cause,
    });
  });
  const made = await findAccount(name);
  if (made !== undefined) return made;
  throw new HoldfastError('service_failed', `the account ${name} was made, and nobody knows it`, {
    hint: `getent passwd ${name} has to name it`,
  });
}

/** Gives a directory and all that is in it to an account; links are given, not followed. The top comes last: whoever owns it owns all. */
export async function handOver(path: string, { uid, gid }: Account): Promise<void> {
  if ((await lstat(path)).isDirectory())
    for (const name of await readdir(path)) await handOver(join(path, name), { name: '', uid, gid });
  await lchown(path, uid, gid);
}
