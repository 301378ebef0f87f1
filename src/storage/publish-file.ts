import { link, lstat, rename } from 'node:fs/promises';
import { systemErrorCode } from '../base/index.ts';

/**
 * Gives the file `temporary` the name `path`, never instead of a file that is there: then the answer is `exists`.
 * The caller removes `temporary` if it is still there, and syncs the directory.
 */
export async function publishFile(temporary: string, path: string): Promise<'published' | 'exists'> {
  try {
    await link(temporary, path);
    return 'published';
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code === 'EEXIST') return 'exists';
    if (!withoutHardLinks.includes(code)) throw error;
    return await renameUnlessThere(temporary, path);
  }
}

/** How file systems without hard links (exFAT, some network ones) refuse to make one. */
const withoutHardLinks: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Between the look and the rename another upload may win; it has then been replaced by the same bytes. */
async function renameUnlessThere(temporary: string, path: string): Promise<'published' | 'exists'> {
  if (await isThere(path)) return 'exists';
  await rename(temporary, path);
  return 'published';
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
