import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, systemErrorCode, writeFileAtomic } from '../../base/index.ts';

/** Keeps, in the directory of an authority, that it is about to be moved into the file at `path`. */
export async function noteMove(directory: string, path: string): Promise<void> {
  await writeFileAtomic(notePath(directory), path);
}

/** The file that a move was to write which was cut short; undefined when none was. */
export async function unfinishedMove(directory: string): Promise<string | undefined> {
  try {
    return await readFile(notePath(directory), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file is there, or nothing is to be moved. */
export async function forgetMove(directory: string): Promise<void> {
  await rm(notePath(directory), { force: true });
  await syncDirectory(directory);
}

function notePath(directory: string): string {
  return join(directory, 'moving');
}
