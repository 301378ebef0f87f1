import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAbandoned } from './temporary-name.ts';

/** How files that are not whole yet are called beside the one that they become: `BEGIN temporary name END`. */
export interface TemporaryForm {
  readonly begin: string;
  readonly end: string;
}

/** What a directory held of such files when this process first wrote there. */
const listings = new Map<string, Promise<readonly string[]>>();

/**
 * Removes what processes that were killed left of `path`. Its directory is listed once in the life of a process. Never
 * fails: what cannot be removed is in nobody's way.
 */
export async function removeLeftBeside(path: string, form: TemporaryForm): Promise<void> {
  const directory = dirname(path);
  const listing = listings.get(directory) ?? listTemporary(directory);
  listings.set(directory, listing);
  await removeAbandoned(directory, form, await listing);
}

/** Removes the abandoned files of a form that are in a directory and belong to this user. Never fails. */
export async function removeAbandoned(
  directory: string,
  { begin, end }: TemporaryForm,
  names?: readonly string[],
): Promise<void> {
  for (const name of names ?? (await list(directory))) {
    const middle = name.slice(begin.length, name.length - end.length);
    if (!name.startsWith(begin) || !name.endsWith(end) || !temporary.test(middle)) continue;
    await removeIfAbandoned(join(directory, basename(name)), middle);
  }
}

/** With the mark of its maker, or without one as earlier versions had it. */
const temporary = /^[0-9a-f]{12,32}(-\d+-\d+-[0-9a-f]{8})?$/;

/** Of a directory that can be large only what may be meant is kept. */
async function listTemporary(directory: string): Promise<readonly string[]> {
  return (await list(directory)).filter((name) => /[0-9a-f]{8}(\.[a-z]+)?$/.test(name));
}

async function list(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}

async function removeIfAbandoned(path: string, name: string): Promise<void> {
  try {
    const stat = await lstat(path);
    const isOurs = stat.isFile() && stat.uid === process.geteuid?.();
    if (isOurs && isAbandoned(name, stat.mtimeMs)) await rm(path);
  } catch {
    // Somebody else removed it, or nobody may.
  }
}
