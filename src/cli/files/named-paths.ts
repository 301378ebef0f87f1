import { resolve } from 'node:path';
import { type Bytes, HoldfastError, isSystemError } from '../../base/index.ts';
import { linkHops, lstat, pathText, textPath } from '../../files/index.ts';
import type { Context } from '../program/context.ts';

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
