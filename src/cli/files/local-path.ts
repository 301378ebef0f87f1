import { resolve } from 'node:path';
import { type Bytes, HoldfastError, isSystemError } from '../../base/index.ts';
import { linkHops, lstat, pathText, textPath } from '../../files/index.ts';
import type { Context } from '../program/context.ts';

/**
 * A file or folder of this machine as somebody typed it, absolute; a relative one counts from `from`. What names a place of
 * another kind is not taken for the name of a folder.
 *
 * @throws HoldfastError `usage`, naming the kind; also for bytes that are not UTF-8, which only files to be saved may have
 */
export function localPath(from: string, text: string): string {
  if (isUrl(text) || isOverSsh(text)) throw otherKind(text);
  const path = resolve(from, text);
  if (path.isWellFormed()) return path;
  throw new HoldfastError('usage', `${JSON.stringify(path)} is not UTF-8, which is expected here`, {
    hint: 'files to be saved may have such names: name them, or the folder they are in: holdfast backup PATH',
  });
}

/** Whether a place is a URL, of any kind: one that cannot be used must not be taken for the name of a directory. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place) || otherKinds.test(place);
}

/** As restic, rclone and others write them. */
const otherKinds =
  /^(?:https?|s3|sftp|ssh|scp|rest|rclone|b2|azure|gs|swift|ftps?|file|davs?|webdavs?|smb|nfs|rsync|opendal):/i;

/** `host:/path` and `ann@host:path`, as ssh and scp write them. */
function isOverSsh(text: string): boolean {
  return /^[^/:]{2,}:\//.test(text) || /^[^/:@]+@[^/:]+:/.test(text);
}

/** What kind of place a text that is no path of this machine names. Never what stands behind: it may hold a password. */
export function placeKind(text: string): string {
  return `a place of another kind, ${JSON.stringify(text.slice(0, text.indexOf(':') + 1))}…`;
}

function otherKind(text: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `${placeKind(text)} was named: expected a file or folder of this machine`,
    {
      hint: 'for one of exactly that name put ./ before it',
    },
  );
}

/** What is to be saved. */
export interface NamedPaths {
  /** Absolute, raw; each link among them is followed by what it leads to. */
  readonly paths: readonly Bytes[];
  /** How many of those named are not there. */
  readonly missing: number;
}

/**
 * The paths that somebody named, made absolute from where they stand. One that is missing is said, and the others are saved;
 * a link is kept, and what it leads to is saved beside it.
 *
 * @throws HoldfastError `path_not_found` when none of them is there
 */
export function namedPaths(context: Context, words: readonly string[]): NamedPaths {
  const paths = words.map((word) => textPath(resolve(context.workingDirectory, word)));
  const problems = new Map(paths.map((path) => [path, problemOf(path)]));
  const found = paths.filter((path) => problems.get(path) === undefined);
  if (found.length === 0) throw nothingThere(paths, problems);
  for (const [path, problem] of problems) {
    if (problem !== undefined)
      context.output.warn(`${pathText(path)} ${problem}; what else was named is saved`);
  }
  return {
    paths: found.flatMap((path) => [path, ...followed(context, path)]),
    missing: paths.length - found.length,
  };
}

function followed({ output }: Context, path: Bytes): Bytes[] {
  const hops = linkHops(path);
  const end = hops.at(-1);
  if (end === undefined) return [];
  if (endProblem(end) === undefined) {
    output.say(`  link        ${pathText(path)} leads to ${pathText(end)}, which is saved too`);
    return hops;
  }
  output.warn(
    `${pathText(path)} is a link to ${pathText(end)}, which ${endProblem(end)}: the link alone is saved`,
  );
  return hops.slice(0, -1);
}

/** Why a link leads to nothing, undefined when it does not. What ends the way and is a link itself was on it before. */
function endProblem(end: Bytes): string | undefined {
  return problemOf(end) ?? (lstat(end).kind === 'symlink' ? 'leads back to it' : undefined);
}

/** Why there is nothing at `path`, undefined when there is. */
function problemOf(path: Bytes): string | undefined {
  try {
    lstat(path);
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'does not exist' : 'cannot be looked at';
  }
}

function nothingThere(
  paths: readonly Bytes[],
  problems: ReadonlyMap<Bytes, string | undefined>,
): HoldfastError {
  const said = paths.map((path) => `${pathText(path)} ${problems.get(path)}`);
  return new HoldfastError('path_not_found', said.join(', '), {
    hint: 'check the spelling, counted from the folder you stand in, whether its disk is mounted, and whether this user may look there',
  });
}
