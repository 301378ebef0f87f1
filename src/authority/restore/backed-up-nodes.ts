import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, isAbandoned, temporaryName } from '../../base/index.ts';
import { databasePath, readRecordsIn } from '../records/index.ts';
import { type BackupKey, unpackDatabase } from '../sealed/index.ts';

const prefix = 'holdfast-backup-';

/** Which backup is asked, and by which time a certificate is valid. */
export interface NodesOrder {
  readonly path: string;
  readonly key: BackupKey;
  readonly clock: Clock;
}

/**
 * The machines and people that had a valid certificate when a backup was made, the authority's servers apart, as
 * `client/alpha`, sorted. The database is unpacked for that and removed again. Errors: as `readBackup`
 */
export async function backedUpNodes({ path, key, clock }: NodesOrder): Promise<string[]> {
  await removeLeft();
  const directory = join(tmpdir(), prefix + temporaryName());
  await mkdir(directory, { mode: 0o700 });
  try {
    await unpackDatabase(directory, { path, key });
    return await readRecordsIn(databasePath(directory), ({ certificates }) =>
      certificates.holders(clock.now()),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Databases that a process unpacked and was killed over: nobody else's, and by nobody read any more. */
async function removeLeft(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(prefix))) {
    const path = join(tmpdir(), name);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat?.isDirectory() || stat.uid !== process.geteuid?.()) continue;
    if (isAbandoned(name, stat.mtimeMs)) await rm(path, { recursive: true, force: true });
  }
}
