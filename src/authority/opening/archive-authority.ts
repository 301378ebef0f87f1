import { access, readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makePrivateDirectory, syncDirectory, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { authorityDirectory } from '../records/index.ts';
import { lockHome } from './build-authority.ts';

/** What is to be put aside of a home, so that another authority can be made there. */
export interface ArchiveOrder {
  readonly home: string;
  /** A directory in the home that is not there yet. */
  readonly into: string;
  /** The settings, which are copied: they are there as long as the authority is, and those of the next one replace them. */
  readonly settings: string;
  /** What else belongs to the authority in its home, in the order in which it can do without: it is moved last itself. */
  readonly beside: readonly string[];
}

/** An authority that was put aside. */
export interface Archive {
  readonly directory: string;
  /** Brings it back to its place, where nothing was made in between. */
  putBack(): Promise<void>;
}

/**
 * Puts the authority of a home aside with what belongs to it, all of it in one directory for its owner alone.
 * @throws HoldfastError `home_in_use` when a server runs there, and nothing is moved
 */
export async function archiveAuthority({ home, into, settings, beside }: ArchiveOrder): Promise<Archive> {
  const parts = [...beside, authorityDirectory(home)];
  using _lock = await lockHome(home);
  await makePrivateDirectory(into);
  if (await isThere(settings))
    await writeFileAtomic(join(into, basename(settings)), await readFile(settings));
  await moveAll(parts, into);
  const archived = [...parts, settings].map((path) => join(into, basename(path)));
  return { directory: into, putBack: () => moveAll(archived, home) };
}

async function moveAll(paths: readonly string[], directory: string): Promise<void> {
  for (const path of paths) if (await isThere(path)) await rename(path, join(directory, basename(path)));
  await syncDirectory(directory);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
