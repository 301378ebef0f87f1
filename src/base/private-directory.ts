import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from './error.ts';

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
