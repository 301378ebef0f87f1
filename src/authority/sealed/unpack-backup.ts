import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Bytes, concatBytes, HoldfastError, makePrivateDirectory, Secret } from '../../base/index.ts';
import { Keystore } from '../../trust/index.ts';
import { databasePath } from '../records/index.ts';
import type { BackupKey, BackupManifest } from './backup-format.ts';
import { backupDamaged } from './open-sealed.ts';
import { readBackup } from './read-backup.ts';

const maxKeysBytes = 64 * 1024 * 1024;

/** What is unpacked, and what opens the keystore that is made. */
interface Unpacking {
  readonly path: string;
  readonly key: BackupKey;
  readonly passphrase?: Secret<string>;
}

/**
 * Unpacks a backup into a directory that is not there yet: its database as it was, and a keystore with a stash of its
 * own, or under `passphrase`. Errors: as `readBackup`; the directory is then the caller's to remove
 */
export async function unpackBackup(
  directory: string,
  { path, key, passphrase }: Unpacking,
): Promise<{ readonly manifest: BackupManifest; readonly keystore: Keystore }> {
  await makePrivateDirectory(directory);
  let keys: Bytes | undefined;
  const manifest = await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'database') await writeSynced(databasePath(directory), chunks);
      else if (name === 'keys') keys = await gather(chunks, maxKeysBytes);
      else for await (const _chunk of chunks);
    },
  });
  if (keys === undefined) throw backupDamaged(path, 'it holds no keys');
  return { manifest, keystore: await Keystore.createFrom(directory, new Secret(keys), passphrase) };
}

/** Unpacks nothing but the database, into a directory that is there. Errors: as `readBackup` */
export async function unpackDatabase(
  directory: string,
  { path, key }: { readonly path: string; readonly key: BackupKey },
): Promise<void> {
  await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'database') await writeSynced(databasePath(directory), chunks);
      else for await (const _chunk of chunks);
    },
  });
}

async function writeSynced(path: string, chunks: AsyncIterable<Bytes>): Promise<void> {
  await pipeline(chunks, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** All of a small part. @throws HoldfastError `backup_damaged` beyond `maxBytes` */
export async function gather(chunks: AsyncIterable<Bytes>, maxBytes: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes)
      throw new HoldfastError('backup_damaged', `a part of the backup has more than ${maxBytes} bytes`);
    pieces.push(Uint8Array.from(chunk));
  }
  return concatBytes(...pieces);
}
