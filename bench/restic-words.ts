import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findGoProgram, resticFromSource } from '../scripts/go-programs.ts';
import type { BenchCommand } from './measure.ts';

/** A restic that takes part. */
export interface Restic {
  readonly program: string;
  /** With its version, as the tables name it. */
  readonly name: string;
}

/**
 * The restics to compare with: the newest, which is the one whose path `BENCH_RESTIC` says or that was built, and the one that
 * PATH has; at least one is there.
 */
export function restics(): readonly Restic[] {
  const isOnPath = spawnSync('restic', ['version']).error === undefined;
  const programs = [newestRestic(), isOnPath ? 'restic' : undefined].filter((path) => path !== undefined);
  if (programs.length === 0)
    throw new Error('no restic: install one or Go, or name one by BENCH_RESTIC=/path');
  return programs.map((program) => ({ program, name: versionOf(program).replace(/ \(.*/, '') }));
}

/** The path of the newest restic: the one that `BENCH_RESTIC` names, or that was built for this; undefined without. */
export function newestRestic(): string | undefined {
  return process.env['BENCH_RESTIC'] || findGoProgram(resticFromSource);
}

/** The first line of what a program says of its version. */
export function versionOf(program: string): string {
  const [line = ''] = execFileSync(program, ['version'], { encoding: 'utf8' }).split('\n');
  return line.replace(/ compiled.*/, '');
}

/** A restic command on a repository, with restic's cache in its default place below a HOME of its own. */
export function resticCommand(
  { program }: Restic,
  directory: string,
  words: readonly string[],
): BenchCommand {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const env = { HOME: home, XDG_CACHE_HOME: undefined, RESTIC_CACHE_DIR: undefined };
  return { program, words, env, directory };
}
