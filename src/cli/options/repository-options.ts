import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SnapshotFilter, SnapshotListOptions } from '../../repository/index.ts';
import type { Context } from '../program/context.ts';
import { warnOfFuture } from '../repository/backup-history.ts';
import { RepeatableOption } from './option-values.ts';
import { addRules, atMostOne, type WordRule } from './word-rules.ts';

/** Options of every command that works on a repository. */
export interface RepositoryOptions {
  /** A directory, a URL, or an object place instead of this node's own repository at its server. */
  readonly repo?: string;
  readonly passwordFile?: string;
}

/** Options of every command that reads a repository, and changes nothing in it. */
export interface ReadOptions extends RepositoryOptions {
  /** The number of a grant, or the client that it is from. */
  readonly grant?: string;
  /** A storage node, whose repository of this machine is meant. */
  readonly from?: string;
}

/** Adds the options that say which repository is read: also what another machine has granted. */
export function addReadOptions(command: Command): Command {
  addRules(command, atMostOne('--grant', '--repo', '--from'), atMostOne('--grant', '--password-file'));
  return addRepositoryOptions(command)
    .option(
      '--grant <grant>',
      'what another machine has saved, by a grant: its name, or the number of the grant',
    )
    .option('--from <node>', 'the own repository at a storage node, by its name, or at the server');
}

/** Adds the options that say which repository is meant. */
export function addRepositoryOptions(command: Command): Command {
  return command
    .option(
      '--repo <location>',
      'a directory, URL, node:NAME, s3:… or sftp:… instead of the own one at the server',
    )
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

/** What names a snapshot, and behind a colon a folder of it. */
export const snapshotArgument =
  'an id or its first digits, latest or latest~2; behind a colon a folder of it';

/** Which snapshots are meant, where several hosts and folders share a repository. */
export interface SnapshotFilters {
  readonly host?: readonly string[];
  readonly path?: readonly string[];
  readonly tag?: readonly string[];
}

/**
 * Adds the options that narrow down which snapshot `latest` is, or which are meant where none is named. `names` are the words of
 * `command` that name snapshots: beside ids the filters would be passed over, and are refused.
 */
export function addSnapshotFilters(command: Command, ...names: readonly string[]): Command {
  for (const filter of ['--host', '--path', '--tag']) addRules(command, narrows(filter, names));
  return command
    .addOption(new RepeatableOption('--host <name>', 'only snapshots of this host or another that is said'))
    .addOption(new RepeatableOption('--path <path>', 'only snapshots of this folder'))
    .addOption(new RepeatableOption('--tag <tags>', tagsAbout, parseTags));
}

const tagsAbout = 'only snapshots with all of these words, separated by commas, or of another saying';

/** An empty word is restic's way to ask for those that have none. */
function parseTags(text: string): readonly string[] {
  return [text === '' ? ',' : text];
}

function narrows(filter: string, names: readonly string[]): WordRule {
  const latest = names.map((name) => `${name} latest*`);
  return {
    words: [filter, ...names],
    problem: (said) =>
      said(filter) && names.some(said) && !latest.some(said)
        ? `${filter} means something beside ${names[0] ?? ''} latest alone`
        : undefined,
  };
}

/**
 * The filters of a command line as the repository takes them: a snapshot's paths are absolute, and UTF-8 whatever the name. A
 * snapshot that is from the future is named.
 */
export function filterOf(
  { host, path, tag }: SnapshotFilters,
  context: Pick<Context, 'signal' | 'output' | 'workingDirectory'>,
): SnapshotFilter & Pick<SnapshotListOptions, 'signal' | 'onFuture'> {
  const paths = path?.map((one) => resolve(context.workingDirectory, one).toWellFormed());
  return {
    signal: context.signal,
    onFuture: (snapshot) => warnOfFuture(context, snapshot),
    hosts: host,
    paths,
    tags: tag?.map((all) => all.split(',').map((one) => one.trim())),
  };
}
