import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Bytes, HoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';
import { decodeEntries, encodeEntries, type KeystoreEntry } from './keystore-entry.ts';
import { sealKeystore, stashBytes, unsealKeystore } from './keystore-format.ts';
import { readPrivateFile } from './private-file.ts';

/** The two files of a keystore, in one directory, and the lock that is there while they are changed. */
export interface KeystoreFiles {
  readonly keystore: string;
  readonly stash: string;
  readonly lock: string;
}

/** What the files hold by now. */
export interface LoadedKeystore {
  readonly entries: Map<string, KeystoreEntry>;
  readonly stash: Bytes;
}

export function keystoreFiles(directory: string): KeystoreFiles {
  return {
    keystore: join(directory, 'keystore'),
    stash: join(directory, 'stash'),
    lock: join(directory, 'keystore.lock'),
  };
}

/**
 * Writes a new keystore without entries, the stash before what needs it. A stash that stands alone, as a crash in here
 * leaves it, is used: somewhere there may be a copy of the keystore that it opens.
 *
 * @throws HoldfastError `keystore_exists`, `keystore_not_private`, `keystore_damaged` (the stash)
 */
export async function createKeystoreFiles(directory: string): Promise<void> {
  const files = keystoreFiles(directory);
  const stash = (await readStash(files.stash)) ?? (await createStash(files.stash));
  try {
    await writeFileAtomic(files.keystore, sealKeystore(encodeEntries(new Map()), stash), { exclusive: true });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw new HoldfastError('keystore_exists', `${files.keystore}: there is a keystore already`, {
      cause: error,
    });
  }
}

/**
 * Reads both files.
 *
 * @throws HoldfastError `keystore_missing`; `keystore_not_private` when others have access; `keystore_damaged`, naming
 *   the file, also when the two do not belong together
 */
export async function loadKeystoreFiles(
  files: KeystoreFiles,
  options: { signal?: AbortSignal } = {},
): Promise<LoadedKeystore> {
  const file = await readPrivateFile(files.keystore, options);
  if (file === undefined)
    throw new HoldfastError('keystore_missing', `${files.keystore}: there is no keystore`);
  const stash = await readStash(files.stash, options);
  if (stash === undefined) {
    throw damaged(files.stash, `is missing, and ${files.keystore} cannot be opened without it`);
  }
  const contents = unsealKeystore(file, stash);
  if (contents === 'damaged') throw damaged(files.keystore, `is damaged, or ${files.stash} is not its stash`);
  if (typeof contents === 'string') throw damaged(files.keystore, `is ${contents}`);
  const entries = decodeEntries(contents);
  if (entries === undefined) throw damaged(files.keystore, 'holds something else than entries');
  return { entries, stash };
}

/** Replaces what the keystore file holds, at once. */
export async function saveKeystoreFile(
  files: KeystoreFiles,
  { entries, stash }: LoadedKeystore,
): Promise<void> {
  await writeFileAtomic(files.keystore, sealKeystore(encodeEntries(entries), stash));
}

async function readStash(path: string, options: { signal?: AbortSignal } = {}): Promise<Bytes | undefined> {
  const stash = await readPrivateFile(path, options);
  if (stash === undefined || stash.length === stashBytes) return stash;
  throw damaged(path, `holds ${stash.length} bytes, expected ${stashBytes}`);
}

async function createStash(path: string): Promise<Bytes> {
  const stash = randomBytes(stashBytes);
  await writeFileAtomic(path, stash, { exclusive: true });
  return stash;
}

function damaged(path: string, problem: string): HoldfastError {
  return new HoldfastError('keystore_damaged', `${path} ${problem}`, {
    hint: 'put both files back from one backup, or join again with a reissue code',
  });
}
