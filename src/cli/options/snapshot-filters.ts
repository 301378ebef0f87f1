import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SnapshotFilter, SnapshotListOptions } from '../../repository/index.ts';
import type { Context } from '../program/context.ts';
import { warnOfFuture } from '../repository/wrong-clock.ts';
import { RepeatableOption } from './repeatable-option.ts';

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
