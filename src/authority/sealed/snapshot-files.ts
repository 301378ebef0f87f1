import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const prefix = 'snapshot-';

/** Gives `work` the path of a file in `directory` that is not there yet, and removes it however the work ends. */
export async function withSnapshotFile<T>(directory: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = join(directory, `${prefix}${randomBytes(6).toString('hex')}.tmp`);
  try {
    return await work(path);
  } finally {
    await removeWithJournals(path);
  }
}

/** Removes copies of the database, and rehearsals, that a killed process left: for whoever holds the lock of the home. */
export async function removeLeftSnapshots(directory: string): Promise<void> {
  const names = await readdir(directory);
  await Promise.all(
    names
      .filter((name) => /^(snapshot-.*\.tmp(-journal|-wal|-shm)?|rehearsal-.*)$/.test(name))
      .map((name) => rm(join(directory, name), { recursive: true, force: true })),
  );
}

async function removeWithJournals(path: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(path + suffix, { force: true });
}

/** SHA-256 of a file, lowercase hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Uint8Array);
  return sum.digest('hex');
}
