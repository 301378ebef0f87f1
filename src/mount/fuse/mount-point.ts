import { readdir, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';

/** A place that this program works in, which no mount may hide or lie in. */
export interface WorkingPlace {
  readonly path: string;
  /** What it is to people: `the home`. */
  readonly what: string;
}

/**
 * The real path of a directory that may become a mount point: it is empty, and no place that this program works in lies below it or
 * above it.
 *
 * @throws HoldfastError `mount_point_unusable`
 */
export async function checkMountPoint(directory: string, places: readonly WorkingPlace[]): Promise<string> {
  const real = await realOf(directory);
  for (const { path, what } of places) {
    const place = await realpath(path).catch(() => path);
    if (isWithin(place, real))
      throw unusable(`${directory} has ${what} in it, ${place}, which it would hide`);
    if (isWithin(real, place)) throw unusable(`${directory} lies in ${what}, ${place}`);
  }
  if ((await readdir(real)).length > 0) throw unusable(`${directory} is not empty, and would be hidden`);
  return real;
}

async function realOf(directory: string): Promise<string> {
  try {
    const real = await realpath(directory);
    // What is no directory has none.
    await readdir(real);
    return real;
  } catch (cause) {
    throw whyUnusable(directory, systemErrorCode(cause) ?? String(cause), cause);
  }
}

function whyUnusable(directory: string, code: string, cause: unknown): HoldfastError {
  if (code === 'ENOTCONN') {
    return unusable(`${directory} is still mounted by a program that has died`, {
      hint: `fusermount3 -u ${directory} (as root umount ${directory}) takes that away`,
      cause,
    });
  }
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    ENOTDIR: 'is no folder',
    EACCES: 'may not be looked into by this user',
  };
  return unusable(`${directory} ${reasons[code] ?? `cannot be read (${code})`}`, { cause });
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function unusable(
  message: string,
  more: { readonly hint?: string; readonly cause?: unknown } = {},
): HoldfastError {
  return new HoldfastError('mount_point_unusable', message, more);
}
