import { lstat, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory, systemErrorCode } from '../base/index.ts';
import { LocalLayout, makeDirectoriesBelow } from './local-layout.ts';
import { explainStorageErrors, type NamedRef } from './object-store.ts';

/**
 * Where damaged files of a repository in a directory lie: out of the way, so that a good one can come in their place, and
 * never deleted, since a damaged pack still has blobs that are whole.
 */
export class LocalDamaged {
  readonly #layout: LocalLayout;

  constructor(directory: string) {
    this.#layout = new LocalLayout(directory);
  }

  /** Takes an object's file aside, durably; false where it is not there. */
  async takeAside(ref: NamedRef, atMs: number): Promise<boolean> {
    const from = this.#layout.path(ref);
    const to = join(this.#layout.directory, '.damaged', ref.type, `${ref.name}.${atMs}`);
    return await explainStorageErrors(`taking ${from} aside`, async () => {
      if (!(await isThere(from))) return false;
      await makeDirectoriesBelow(this.#layout.directory, [dirname(to)]);
      await rename(from, to);
      for (const directory of [dirname(to), dirname(from)]) await syncDirectory(directory);
      return true;
    });
  }
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
