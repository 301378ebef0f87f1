import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hourMs, systemErrorCode } from '../base/index.ts';
import { temporarySuffix } from './local-upload.ts';

/**
 * Removes what a crash left of uploads: files in `directory` that nobody has written to for an hour. Uploads of other
 * processes that are under way are younger, since a body that sends nothing for minutes is given up.
 */
export async function removeStaleUploads(directory: string, nowMs: number = Date.now()): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!name.endsWith(temporarySuffix)) continue;
    const path = join(directory, name);
    const stat = await lstat(path).catch(() => undefined);
    if (stat !== undefined && nowMs - stat.mtimeMs > hourMs) await rm(path, { force: true });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
