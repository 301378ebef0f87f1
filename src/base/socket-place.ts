import { hash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError, systemErrorCode } from './error.ts';

/** What a socket's address holds on every system, with a little to spare (unix(7): 108, elsewhere 104). */
const maxPathBytes = 100;

/** Where the sockets of long homes are: the same for the server and for whoever looks for it with another TMPDIR. */
const shortPlace = '/tmp';

/** Where the socket of a home is: in it, or in a directory of its own where its path would be too long for a socket. */
export function socketPath(home: string): string {
  const inHome = join(home, 'admin.sock');
  if (Buffer.byteLength(inHome) <= maxPathBytes) return inHome;
  return join(shortPlace, `holdfast-${hash('sha256', home).slice(0, 24)}`, 'admin.sock');
}

/**
 * Whether the directory of a socket is there. It has to be this user's alone: another user who made it first could
 * answer in the server's place.
 *
 * @throws HoldfastError `home_not_private`
 */
export async function isSocketPlace(path: string): Promise<boolean> {
  const directory = dirname(path);
  const found = await lstat(directory).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return false;
  const isOwn = process.getuid === undefined || found.uid === process.getuid();
  if (found.isDirectory() && isOwn && (found.mode & 0o077) === 0) return true;
  throw new HoldfastError('home_not_private', `${directory} is not a directory of this user alone`, {
    hint: 'remove it, or choose a home with a shorter path: --home DIR',
  });
}
