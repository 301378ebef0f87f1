import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SnapshotFilter, SnapshotListOptions } from '../../repository/index.ts';
import type { Context } from '../program/context.ts';
import { warnOfFuture } from '../repository/backup-history.ts';
import { RepeatableOption } from './option-values.ts';

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

/** Which snapshots are meant, where several hosts and folders share a repository. */
export interface SnapshotFilters {
  readonly host?: string;
  readonly path?: readonly string[];
}

/** Adds the options that narrow down which snapshot `latest` is, or which are listed. */
export function addSnapshotFilters(command: Command): Command {
  return command
    .option('--host <name>', 'only snapshots of this host')
    .addOption(new RepeatableOption('--path <path>', 'only snapshots of this folder'));
}

/**
 * The filters of a command line as the repository takes them: a snapshot's paths are absolute, and UTF-8 whatever the name. A
 * snapshot that is from the future is named.
 */
export function filterOf(
  { host, path }: SnapshotFilters,
  context: Pick<Context, 'signal' | 'output' | 'workingDirectory'>,
): SnapshotFilter & Pick<SnapshotListOptions, 'signal' | 'onFuture'> {
  const paths = path?.map((one) => resolve(context.workingDirectory, one).toWellFormed());
  return {
    signal: context.signal,
    onFuture: (snapshot) => warnOfFuture(context, snapshot),
    hostname: host,
    paths,
  };
}
