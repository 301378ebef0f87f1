import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Bytes,
  HoldfastError,
  overwritingOld,
  systemErrorCode,
  writeFileAtomic,
} from '../base/index.ts';
import {
  decodeEntries,
  encodeEntries,
  type KeystoreEntry,
  type KeystoreLock,
  lockKindOf,
  sealKeystore,
  stashBytes,
  unsealKeystore,
} from './keystore-format.ts';
import type { PassphraseParameters } from './passphrase.ts';
import { readPrivateFile, writeSharedFile } from './private-file.ts';

/** The files of a keystore, in one directory, and the lock that is there while they are changed. */
export interface KeystoreFiles {
  readonly keystore: string;
  /** Not there when a passphrase opens the keystore. */
  readonly stash: string;
  readonly lock: string;
}

/** What the files hold by now. */
export interface LoadedKeystore {
  readonly entries: Map<string, KeystoreEntry>;
  readonly lock: KeystoreLock;
}

/** How a keystore is to be read. */
export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Gives the lock of a keystore that a passphrase opens. */
  readonly unlock: (parameters: PassphraseParameters) => Promise<KeystoreLock>;
}

export function keystoreFiles(directory: string): KeystoreFiles {
  return {
    keystore: join(directory, 'keystore'),
    stash: join(directory, 'stash'),
    lock: join(directory, 'keystore.lock'),
  };
}

/**
 * Writes a new keystore without entries, opened by `lock`, or by a stash that is written before what needs it. A stash
 * that stands alone, as a crash in here leaves it, is used: somewhere there may be a copy of the keystore that it opens.
 *
 * @throws HoldfastError `keystore_exists`, `keystore_not_private`, `keystore_damaged` (the stash)
 */
export async function createKeystoreFiles(files: KeystoreFiles, given?: KeystoreLock): Promise<void> {
  const lock = given ?? (await readStash(files.stash)) ?? (await createStash(files.stash));
  try {
    await writeFileAtomic(files.keystore, sealKeystore(encodeEntries(new Map()), lock), { exclusive: true });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw new HoldfastError('keystore_exists', `${files.keystore}: there is a keystore already`, {
      cause: error,
    });
  }
}

/**
 * Reads the files.
 *
 * @throws HoldfastError `keystore_missing`; `keystore_not_private` when others have access; `keystore_damaged`, naming
 *   the file, also when keystore and stash do not belong together; what `unlock` throws
 */
export async function loadKeystoreFiles(
  files: KeystoreFiles,
  { signal, unlock }: LoadOptions,
): Promise<LoadedKeystore> {
  const options = { signal };
  const file = await readPrivateFile(files.keystore, options);
  if (file === undefined)
    throw new HoldfastError('keystore_missing', `${files.keystore}: there is no keystore`);
  const kind = lockKindOf(file);
  if (typeof kind === 'string') throw damaged(files.keystore, `is ${kind}`);
  const lock =
    kind.kind === 'passphrase' ? await unlock(kind.parameters) : await readStash(files.stash, options);
  if (lock === undefined)
    throw damaged(files.stash, `is missing, and ${files.keystore} cannot be opened without it`);
  return { entries: openEntries(file, lock, files), lock };
}

/** Replaces what the keystore file holds, at once. */
export async function saveKeystoreFile(
  files: KeystoreFiles,
  { entries, lock }: LoadedKeystore,
): Promise<void> {
  await writeSharedFile(files.keystore, sealKeystore(encodeEntries(entries), lock));
}

/**
 * Puts the keystore under another lock, or, without one, under a stash: the one it has, else a new one, which is there
 * before the keystore needs it. An old stash goes after. Whenever it is cut short, there is what opens the keystore.
 */
export async function relockKeystoreFile(
  files: KeystoreFiles,
  { entries, lock: present }: LoadedKeystore,
  given?: KeystoreLock,
): Promise<KeystoreLock> {
  const lock = given ?? (present.kind === 'stash' ? present : await createStash(files.stash));
  await overwritingOld(files.keystore, () => saveKeystoreFile(files, { entries, lock }));
  if (lock.kind === 'passphrase' && (await readStash(files.stash)) !== undefined)
    await overwritingOld(files.stash, () => rm(files.stash));
  return lock;
}

/**
 * Writes over and removes what writers left that were killed: it may hold a key that was taken away since. For whoever
 * holds the lock.
 */
export async function removeUnfinished({ keystore, stash }: KeystoreFiles): Promise<void> {
  const directory = dirname(keystore);
  const begins = [keystore, stash].map((path) => `.${basename(path)}.`);
  const left = (await readdir(directory)).filter(
    (name) => name.endsWith('.tmp') && begins.some((begin) => name.startsWith(begin)),
  );
  for (const path of left.map((name) => join(directory, name))) await overwritingOld(path, () => rm(path));
}

function openEntries(file: Bytes, lock: KeystoreLock, files: KeystoreFiles): Map<string, KeystoreEntry> {
  const contents = unsealKeystore(file, lock);
  const orStash = lock.kind === 'stash' ? `, or ${files.stash} is not its stash` : '';
  if (contents === 'damaged') throw damaged(files.keystore, `is damaged${orStash}`);
  if (typeof contents === 'string') throw damaged(files.keystore, `is ${contents}`);
  const entries = decodeEntries(contents);
  if (entries === undefined) throw damaged(files.keystore, 'holds something else than entries');
  return entries;
}

async function readStash(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<KeystoreLock | undefined> {
  const stash = await readPrivateFile(path, options);
  if (stash === undefined) return undefined;
  if (stash.length === stashBytes) return { kind: 'stash', secret: stash };
  throw damaged(path, `holds ${stash.length} bytes, expected ${stashBytes}`);
}

async function createStash(path: string): Promise<KeystoreLock> {
  const secret = randomBytes(stashBytes);
  await writeSharedFile(path, secret);
  return { kind: 'stash', secret };
}

function damaged(path: string, problem: string): HoldfastError {
  return new HoldfastError('keystore_damaged', `${path} ${problem}`, {
    hint: 'put both files back from one backup, or join again with a reissue code',
  });
}
