import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { HoldfastError, systemErrorCode } from './error.ts';
import { isOwnUser, pathInOpened } from './platform.ts';

/**
 * Creates `path` and what is missing above it, for its owner alone (0700). The first one that it had to create, undefined when
 * `path` was there. Each is tried twice at most: Node's own way never ends below /proc, where a directory that is there
 * says of everything in it that it is not.
 */
export async function makePrivateDirectory(path: string): Promise<string | undefined> {
  const outcome = await makeOne(path);
  if (outcome === 'there') return undefined;
  if (outcome === 'made') return path;
  const first = dirname(path) === path ? undefined : await makePrivateDirectory(dirname(path));
  const again = await makeOne(path);
  if (again === 'made') return first ?? path;
  if (again === 'there') return first;
  throw again;
}

/** What a single mkdir comes to; the system's error when what leads to `path` is missing, or says that it is. */
async function makeOne(path: string): Promise<'made' | 'there' | Error> {
  try {
    await mkdir(path, { mode: 0o700 });
    return 'made';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' && error instanceof Error) return error;
    if (code === 'EEXIST' && (await isDirectory(path))) return 'there';
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // A symlink to nowhere is in the way like any file.
    return false;
  }
}

/** What a socket's address holds on every system, with a little to spare (unix(7): 108, elsewhere 104). */
const maxPathBytes = 100;

/** The directory of a socket, held open, so that it is the one that was looked at for as long as the address is used. */
interface SocketPlace extends AsyncDisposable {
  /** Where to listen or connect: the path of the socket, or a shorter way to it. Good until this is disposed of. */
  readonly address: string;
}

/**
 * Opens the directory of the socket at `path`; undefined when it is not there. It has to be this user's alone, and a
 * socket in it this user's or root's: another who made it first could answer in the server's place.
 *
 * @throws HoldfastError `home_not_private`; `platform_unsupported` for a path that is too long for this system
 */
export async function openSocketPlace(path: string): Promise<SocketPlace | undefined> {
  const directory = await openDirectory(dirname(path));
  if (directory === undefined) return undefined;
  try {
    if (!isPrivate(await directory.stat()))
      throw notOwn(`${dirname(path)} is not a directory of this user alone`);
    const address = addressOf(path, directory);
    if (!(await isAbsentOrOwn(address))) throw notOwn(`${path} is a socket of another user`);
    return { address, [Symbol.asyncDispose]: () => directory.close() };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

async function openDirectory(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR' || code === 'ELOOP') throw notOwn(`${path} is not a directory of this user alone`);
    throw error;
  }
}

function isPrivate({ uid, mode }: Stats): boolean {
  return isOwnUser(uid) && (mode & 0o077) === 0;
}

async function isAbsentOrOwn(address: string): Promise<boolean> {
  try {
    const { uid } = await lstat(address);
    return uid === 0 || isOwnUser(uid);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return true;
    throw error;
  }
}

function addressOf(path: string, directory: FileHandle): string {
  if (Buffer.byteLength(path) <= maxPathBytes) return path;
  const short = pathInOpened(directory, basename(path));
  if (short !== undefined) return short;
  throw new HoldfastError(
    'platform_unsupported',
    `${path} has ${Buffer.byteLength(path)} bytes, the path of a socket on this system at most ${maxPathBytes}`,
    { hint: 'choose a home with a shorter path: --home DIR' },
  );
}

function notOwn(message: string): HoldfastError {
  return new HoldfastError('home_not_private', message, {
    hint: 'find out who made it; remove it, or choose another home: --home DIR',
  });
}
