import type { Command } from 'commander';
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

/** The filters of a command line as the repository takes them. */
export function filterOf(
  filters: SnapshotFilters,
  signal: AbortSignal,
): { hostname?: string; paths?: readonly string[]; signal: AbortSignal } {
  return {
    signal,
    ...(filters.host !== undefined && { hostname: filters.host }),
    ...(filters.path !== undefined && { paths: filters.path }),
  };
}
