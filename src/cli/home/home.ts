import { chmod, readdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  HoldfastError,
  isOwnUser,
  makePrivateDirectory,
  missingMount,
  ownUser,
  systemErrorCode,
  whyNotRead,
  whyNotWritten,
  writeFileAtomic,
} from '../../base/index.ts';
import { isMemberOf, Keystore, readShare } from '../../trust/index.ts';
import { dataDirectory } from './default-home.ts';

/** Where things are in a home directory. Everything in it is for its owner alone. */
export interface Home {
  readonly path: string;
  /** Settings of this machine. */
  readonly settings: string;
  /** The authority's keystore and database. */
  readonly authority: string;
  /** This machine's own keystore, trust bundle and state. */
  readonly node: string;
  /** What clients stored, unless the settings name another place. */
  readonly store: string;
  /** Copies of what is stored elsewhere; can be deleted at any time. */
  readonly cache: string;
  /** Keys and certificates of this machine as a site, and whom it trusts as one. */
  readonly links: string;
  /** The socket for administration while a server runs. */
  readonly socket: string;
  readonly recoveryKit: string;
  /** What is on record of copies and of how the store was read through. */
  readonly replication: string;
}

/** The layout of a home; one with a higher number was written by a newer program. */
const format = 1;
const anotherUser = 'run as its owner, or name another place with --home DIR';
/** What makes a directory a home: its format number is in it. */
export const formatFile = 'home.json';

/**
 * The home at `path`, which has to be there: `home_missing`, `home_not_private` or `home_newer` otherwise.
 * @param begin says what makes one, for whoever has none yet
 */
export async function openHome(
  path: string,
  begin = 'holdfast up, or holdfast join with a code, makes one',
): Promise<Home> {
  if ((await checkHome(path)) !== 'used') {
    throw new HoldfastError('home_missing', `there is no Holdfast home at ${path}`, {
      hint: `if there was one, mount its disk; else ${begin}; --home DIR names another place`,
    });
  }
  return homeAt(await realpath(path));
}

/** The home at `path`, made when there is none; refuses a directory that holds something else. */
export async function createHome(path: string): Promise<Home> {
  if ((await checkHome(path)) === 'used') return homeAt(await realpath(path));
  await checkMounted(path);
  await checkParent(path);
  await makePrivateDirectory(path).catch((cause: unknown) => {
    throw noHomeThere(path, cause);
  });
  await chmod(path, 0o700);
  await writeFileAtomic(join(path, formatFile), `${JSON.stringify({ format })}\n`);
  return homeAt(await realpath(path));
}

/** An empty directory on which a disk belongs is no new home: the old one may be on that disk. */
async function checkMounted(path: string): Promise<void> {
  const mount = await missingMount(path);
  if (mount === undefined) return;
  const message = `the disk of ${mount} is not mounted, and the home ${path} may be on it`;
  throw new HoldfastError('home_missing', message, {
    hint: `mount ${mount}, or take it out of /etc/fstab when there is none any more; --home DIR names another place`,
  });
}

/** What would lead to a home and is not there is more often a disk that is not mounted; the user's own data is not on one. */
async function checkParent(path: string): Promise<void> {
  const parent = dirname(path);
  await stat(parent).catch((cause: unknown) => {
    if (systemErrorCode(cause) !== 'ENOENT') throw noHomeThere(path, cause);
    if (parent === dataDirectory(process.env)) return;
    throw new HoldfastError('home_missing', `there is no folder ${parent}, where the home ${path} would be`, {
      hint: 'mount its disk, or make that folder; --home DIR names another place',
      cause,
    });
  });
}

function noHomeThere(path: string, cause: unknown): unknown {
  const why = whyNotWritten(cause);
  if (why === undefined) return cause;
  return new HoldfastError('home_missing', `no home can be made at ${path}: ${why}`, {
    hint: anotherUser,
    cause,
  });
}

/**
 * Looks at what is at `path` and changes nothing: `absent`, an `empty` directory, or a home in use.
 * Refuses a home that others can read, one of a newer program, and a directory that is not a home.
 */
export async function checkHome(path: string): Promise<'absent' | 'empty' | 'used'> {
  const names = await readdir(path).catch(async (error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (systemErrorCode(error) === 'EACCES' && (await readShare(homeAt(path).node)) !== undefined)
      return [formatFile];
    throw new HoldfastError('home_missing', `the home ${path}: ${whyNoHome(error)}`, {
      hint: anotherUser,
      cause: error,
    });
  });
  if (names === undefined) return 'absent';
  if (names.every(isUnfinished)) return 'empty';
  // First whether it is a home at all: nobody should be told to lock a folder that is none.
  await checkFormat(path);
  await checkPrivate(path);
  return 'used';
}

function whyNoHome(error: unknown): string {
  return systemErrorCode(error) === 'ENOTDIR' ? 'a file is there, and no folder' : whyNotRead(error);
}

/** A format file that was being written when the program was killed: the home was not one yet. */
function isUnfinished(name: string): boolean {
  return name.startsWith(`.${formatFile}.`) && name.endsWith('.tmp');
}

/** Where things are in a home at `path`, whether it is there or not. */
export function homeAt(path: string): Home {
  return {
    path,
    settings: join(path, 'holdfast.toml'),
    authority: join(path, 'authority'),
    node: join(path, 'node'),
    links: join(path, 'links'),
    store: join(path, 'store'),
    cache: join(path, 'cache'),
    socket: join(path, 'admin.sock'),
    recoveryKit: join(path, 'recovery-kit.txt'),
    replication: join(path, 'replication.db'),
  };
}

async function checkPrivate(path: string): Promise<void> {
  const found = await stat(path);
  const share = await readShare(homeAt(path).node);
  const isShared = share !== undefined && found.gid === share.gid;
  // Whoever it is shared with passes through, and lists nothing.
  if ((found.mode & (isShared ? 0o067 : 0o077)) !== 0) {
    const bits = (found.mode & 0o777).toString(8);
    const expected = isShared ? '710' : '700';
    throw new HoldfastError(
      'home_not_private',
      `the home ${path} has mode ${bits}, expected ${expected}: others can read it`,
      { hint: `chmod ${expected} ${path}` },
    );
  }
  if (isOwnUser(found.uid) || (isShared && isMemberOf(share.gid))) return;
  throw new HoldfastError(
    'home_not_private',
    `the home ${path} belongs to user ${found.uid}, expected ${ownUser()}`,
    { hint: anotherUser },
  );
}

async function checkFormat(path: string): Promise<void> {
  const file = join(path, formatFile);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new HoldfastError(
      'home_missing',
      `${path} holds files but is not a Holdfast home (no ${formatFile})`,
      {
        hint: 'name an empty or new directory with --home DIR',
      },
    );
  }
  const found = readFormat(text);
  if (found === undefined) {
    throw new HoldfastError('settings_invalid', `${file} is damaged: no format number in it`, {
      hint: `write {"format":${format}} into it if this home was made by this version`,
    });
  }
  if (found > format) {
    throw new HoldfastError(
      'home_newer',
      `the home ${path} has format ${found}, this program knows ${format}`,
      {
        hint: 'install the newer Holdfast that wrote it',
      },
    );
  }
}

function readFormat(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('format' in value)) return undefined;
    return Number.isInteger(value.format) ? Number(value.format) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Gives `work` the home at `path`, made when there is none. When the work fails and has left nothing in a home that was
 * made for it, that home is taken back.
 */
export async function withHome<T>(path: string, work: (home: Home) => Promise<T>): Promise<T> {
  const before = await checkHome(path);
  const home = await createHome(path);
  try {
    return await work(home);
  } catch (error) {
    if (before !== 'used' && (await holdsNothing(home))) await takeBack(home, before);
    throw error;
  }
}

/** A keystore without entries is nothing; one with a key whose certificate may be on its way is not. */
async function holdsNothing(home: Home): Promise<boolean> {
  const names = await readdir(home.path);
  if (names.some((name) => name !== formatFile && name !== basename(home.node))) return false;
  return !(await Keystore.exists(home.node)) || (await Keystore.open(home.node)).labels().length === 0;
}

async function takeBack(home: Home, before: 'absent' | 'empty'): Promise<void> {
  await rm(home.node, { recursive: true, force: true });
  await rm(join(home.path, formatFile));
  if (before === 'absent') await rmdir(home.path);
}
