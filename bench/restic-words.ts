import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCommand } from './measure.ts';

/** A restic command on a repository, with restic's cache in its default place below a HOME of its own. */
export function resticCommand(
  directory: string,
  repository: readonly string[],
  words: readonly string[],
): BenchCommand {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const env = { HOME: home, XDG_CACHE_HOME: undefined, RESTIC_CACHE_DIR: undefined };
  return { program: 'restic', words: [...repository, ...words], env, directory };
}
