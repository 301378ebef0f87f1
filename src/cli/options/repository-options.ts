import type { Command } from 'commander';
import { RepeatableOption } from './repeatable-option.ts';

/** Options of every command that works on a repository. */
export interface RepositoryOptions {
  /** A directory or a `rest:` URL instead of this node's own repository at its server. */
  readonly repo?: string;
  readonly passwordFile?: string;
}

/** Adds the options that say which repository is meant. */
export function addRepositoryOptions(command: Command): Command {
  return command
    .option('--repo <location>', 'a directory or sub-repository URL instead of the own one at the server')
    .option('--password-file <file>', 'password of a repository that Holdfast has no key for');
}

/** Options of every command that backs files up. */
export interface ExcludeOptions {
  readonly exclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly excludeCaches: boolean;
}

/** Adds the options that say what is left out of a backup. */
export function addExcludeOptions(command: Command): Command {
  return command
    .addOption(new RepeatableOption('--exclude <pattern>', 'leave out what matches, as restic matches'))
    .addOption(new RepeatableOption('--exclude-file <file>', 'read such patterns from a file, one a line'))
    .option('--no-exclude-caches', 'also save folders that are tagged as caches (CACHEDIR.TAG)');
}
