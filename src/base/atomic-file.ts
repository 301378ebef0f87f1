import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from './bytes.ts';
import { removeLeftBeside, type TemporaryForm, temporaryName } from './left-files.ts';

/** How a file is written by {@link writeFileAtomic}. */
export interface AtomicFileOptions {
  /** Permission bits of the new file; 0600 unless said. */
  readonly mode?: number;
  /** The group of the new file; that of the process unless said. */
  readonly gid?: number;
  /** Refuse (`EEXIST`) instead of replacing a file that is there. */
  readonly exclusive?: boolean;
}

/**
 * Writes `path` so that at any moment, power loss included, it holds either what it held before or all of `data`:
 * temporary file beside it → fsync → rename → fsync of the directory. On failure the temporary file is gone; one that a
 * killed process left goes when the file is written again.
 * The one door for small durable writes, and for what is long but comes piece by piece; what a server stores has its own
 * in `storage`.
 */
export async function writeFileAtomic(
  path: string,
  data: Bytes | string | AsyncIterable<string>,
  options: AtomicFileOptions = {},
): Promise<void> {
  const { mode = 0o600, gid, exclusive = false } = options;
  const form = formBeside(path);
  await removeLeftBeside(path, form);
  const temporary = join(dirname(path), form.begin + temporaryName() + form.end);
  try {
    await writeSynced(temporary, data, { mode, gid });
    await (exclusive ? link(temporary, path) : rename(temporary, path));
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what was left beside `path` by a process that was killed while it wrote it. Never fails. */
export async function removeLeftOf(path: string): Promise<void> {
  await removeLeftBeside(path, formBeside(path));
}

function formBeside(path: string): TemporaryForm {
  return { begin: `.${basename(path)}.`, end: '.tmp' };
}

async function writeSynced(
  path: string,
  data: Bytes | string | AsyncIterable<string>,
  { mode, gid }: { readonly mode: number; readonly gid: number | undefined },
): Promise<void> {
  const handle: FileHandle = await open(path, 'wx', gid === undefined ? mode : 0o600);
  try {
    // The group first, so that no other one can ever read it.
    if (gid !== undefined) await handle.chown(-1, gid);
    await handle.chmod(mode);
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
