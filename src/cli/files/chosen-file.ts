import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Bytes,
  HoldfastError,
  removeLeftOf,
  systemErrorCode,
  whyNotWritten,
  writeFileAtomic,
} from '../../base/index.ts';
import type { Context } from '../program/context.ts';

/** What may become of a file that a person named. */
export interface ChosenFile {
  /** Replace one that is there. */
  readonly replace: boolean;
  /** The option of the command that says so, where there is one. */
  readonly word?: string;
  /** What to do about a directory, where there is more than to name a file. */
  readonly inDirectory?: string;
}

/** How a file that a person named is written. */
export interface ChosenFileOptions extends ChosenFile {
  /** Permission bits; 0600 unless said. */
  readonly mode?: number;
}

/** What may become of a file that is there already, for a command with `--force`. */
export const forceOption = ['--force', 'replace a file that is there'] as const;

/**
 * The same for a command that replaced a file unasked before it had `--force`: it goes on doing so, and says by which word it will be
 * done one day.
 */
export async function replacingAsBefore(
  { output }: Pick<Context, 'output'>,
  path: string,
  force = false,
): Promise<ChosenFile> {
  if (!force && (await isThere(path)))
    output.warn(`${path} is there and is replaced, as it was always done; say --force, which will be needed`);
  return { replace: true };
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Writes the file that a person named, whole or not at all, through links to where they lead. Only a file is ever
 * replaced: a device stays what it is.
 *
 * @throws HoldfastError `object_exists`, `path_not_found`
 */
export async function writeChosenFile(
  path: string,
  data: Bytes | string | AsyncIterable<string | Bytes>,
  { mode = 0o600, ...chosen }: ChosenFileOptions,
): Promise<void> {
  const target = await checkChosenFile(path, chosen);
  try {
    await writeFileAtomic(target, data, { mode, exclusive: !chosen.replace });
  } catch (error) {
    throw systemErrorCode(error) === 'EEXIST' ? alreadyThere(path, chosen) : unwritable(path, error);
  }
}

/**
 * Where the file at `path` is in truth, for work that must not be done when it cannot be written.
 * @throws HoldfastError `object_exists`, `path_not_found`
 */
export async function checkChosenFile(path: string, chosen: ChosenFile): Promise<string> {
  try {
    const target = await realpath(path);
    const found = await stat(target);
    if (!found.isFile()) throw notFile(path, found.isDirectory(), chosen);
    await removeLeftOf(target);
    if (!chosen.replace) throw alreadyThere(path, chosen);
    return target;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw unwritable(path, error);
  }
  await access(dirname(path), constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  return path;
}

const anotherPlace = 'name a file in a folder that is there and can be written to';

/** `error` in words, when it says that nothing can be written there. */
function unwritable(path: string, error: unknown): unknown {
  if (['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? ''))
    return new HoldfastError('storage_full', `no space left to write ${path}`, {
      hint: 'free space there, or name another place; no part of it was kept',
      cause: error,
    });
  const why = whyNotWritten(error);
  if (why === undefined) return error;
  return new HoldfastError('path_not_found', `${path}: ${why}`, {
    hint: anotherPlace,
    cause: error,
  });
}

function notFile(path: string, isDirectory: boolean, { inDirectory }: ChosenFile): HoldfastError {
  const found = isDirectory ? 'a directory' : 'no regular file';
  return new HoldfastError('path_not_found', `${path} is ${found}, expected a file`, {
    hint: (isDirectory ? inDirectory : undefined) ?? anotherPlace,
  });
}

function alreadyThere(path: string, { word }: ChosenFile): HoldfastError {
  return new HoldfastError('object_exists', `there is a file at ${path} already`, {
    hint:
      word === undefined
        ? 'nothing was changed; name a file that is not there'
        : `name another one, or say ${word} to replace it`,
  });
}
