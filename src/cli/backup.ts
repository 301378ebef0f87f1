import { InvalidArgumentError } from 'commander';
import { HoldfastError } from '../base/index.ts';
import { type DirectoryTag, textPath } from '../files/index.ts';
import type { Repository, SavedStream } from '../repository/index.ts';
import { DryRunStore } from '../storage/index.ts';
import type { NamedPaths } from './files/local-path.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import { ListOption, parseBytes, RepeatableOption } from './options/option-values.ts';
import {
  addExcludeOptions,
  addRepositoryOptions,
  type ExcludeOptions,
  type RepositoryOptions,
} from './options/repository-options.ts';
import { downloadLimit, type LimitOptions, limitsOf, uploadLimit } from './options/transfer-limits.ts';
import { addRules, atMostOne, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import {
  type BackupChoices,
  type BackupResult,
  backUp,
  backupRows,
  type KeptBackup,
  readExcludes,
} from './repository/backing-up.ts';
import { readSources, type SourceFiles } from './repository/backup-sources.ts';
import { startCommand } from './repository/command-output.ts';
import { comparingWithBefore, recordBackup } from './repository/recording-backup.ts';
import { isOwnPlace, openTarget, saidPlace, type Target } from './repository/repository-target.ts';
import type { Answer } from './terminal/answer.ts';
import { momentOf } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast backup PATH…` */
export const word: Word = {
  define: (command) => {
    const streams = ['--stdin', '--stdin-from-command'];
    addRules(
      command,
      atMostOne(...streams),
      needs('--stdin-filename', ...streams),
      atMostOne('--stdin', 'paths'),
      atMostOne('--to', '--repo'),
      ...fileLists.flatMap((list) => streams.map((stream) => atMostOne(list, stream))),
    );
    addExcludeOptions(
      addRepositoryOptions(
        command.argument('[paths...]', 'files and folders to save; or a command behind --'),
      ),
    )
      .option('--to <node>', 'the storage node to save to, by its name, or server')
      .option('--init', 'create the repository named by --repo when there is none')
      .option('--start-over', 'begin another repository where the one of before is gone for good')
      .addOption(new ListOption('--tag <list>', 'mark the snapshot with words'))
      .addOption(new RepeatableOption('--iexclude <pattern>', 'leave out what matches, whatever the case'))
      .option('--exclude-larger-than <size>', 'leave out larger files, e.g. 500k, 10M', parseLargest)
      .addOption(
        new RepeatableOption(
          '--exclude-if-present <name>',
          'leave out what is in a folder with such a file, but for that file; NAME:TEXT when it begins so',
        ),
      )
      .option('-x, --one-file-system', 'leave out what is mounted below the folders that are named')
      .addOption(
        new RepeatableOption('--files-from <file>', 'read patterns of what to save from a file, one a line'),
      )
      .addOption(
        new RepeatableOption(
          '--files-from-verbatim <file>',
          'read paths from a file, one a line, as they are',
        ),
      )
      .addOption(
        new RepeatableOption('--files-from-raw <file>', 'read paths from a file, each with a NUL behind it'),
      )
      .option('--stdin', 'save what comes on standard input')
      .option('--stdin-from-command', 'save what the command behind -- prints, when it ends with 0')
      .option('--stdin-filename <name>', 'what to save that as (default: stdin)', parseFileName)
      .option('--time <time>', 'say that the snapshot was made then')
      .option('--host <name>', 'say that it is of this host')
      .option('--reread', 'read every file again, whatever is known of it')
      .option('--skip-if-unchanged', 'make no snapshot when nothing has changed')
      .option('--dry-run', 'store nothing, and say what would be')
      .option('-q, --quiet', 'say nothing but what went wrong')
      .addOption(uploadLimit())
      .addOption(downloadLimit());
    addLockOptions(command).addHelpText('after', examples);
  },
  run: backUpOrTry,
};

const fileLists = ['--files-from', '--files-from-verbatim', '--files-from-raw'];

const examples = `
Examples:
  holdfast backup ~/Documents
  holdfast backup /etc /home --exclude '*.tmp' --exclude-file skip.txt -x
  holdfast backup --to vault1 ~/Documents
  holdfast backup --repo /mnt/disk/repo --password-file pw --init ~/Documents
  holdfast backup --stdin-from-command --stdin-filename db.sql -- pg_dump shop

Exit code 3: the backup is there, but some files could not be read; each is named.
`;

/** What `backup` takes. */
export interface BackupOptions
  extends RepositoryOptions,
    ExcludeOptions,
    SourceFiles,
    LockingOptions,
    LimitOptions {
  readonly to?: string;
  readonly init?: boolean;
  readonly startOver?: boolean;
  readonly tag?: readonly string[];
  readonly iexclude?: readonly string[];
  readonly excludeLargerThan?: number;
  readonly excludeIfPresent?: readonly string[];
  readonly oneFileSystem?: boolean;
  readonly stdin?: boolean;
  readonly stdinFromCommand?: boolean;
  readonly stdinFilename?: string;
  readonly time?: string;
  readonly host?: string;
  readonly reread?: boolean;
  readonly skipIfUnchanged?: boolean;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** `holdfast backup PATH…` */
async function backUpOrTry(
  context: Context,
  paths: readonly string[],
  options: BackupOptions,
): Promise<Answer<BackupResult>> {
  if (options.dryRun === true) return answerTo(await tryOut(context, paths, options), options);
  return await backUpPaths(context, paths, options);
}

/** What a run of a backup set says beside what `backup` takes. */
export type RunOptions = Omit<BackupOptions, 'dryRun'> & Pick<BackupChoices, 'since' | 'onUnreadable'>;

/** Backs up what was named, on record whatever becomes of it. */
export async function backUpPaths(
  context: Context,
  paths: readonly string[],
  options: RunOptions,
): Promise<Answer<KeptBackup>> {
  return answerTo(
    await recordBackup(context, saidPlace(options), () => backUpNow(context, paths, options)),
    options,
  );
}

/** Backs up what was named into a repository that is open, and whose storage cannot be asked what it has. */
export async function backUpOffline(
  context: Context,
  repository: Repository,
  { paths, options }: { readonly paths: readonly string[]; readonly options: RunOptions },
): Promise<Answer<KeptBackup>> {
  const { sources, choices } = await prepare(context, paths, options);
  const { since, onUnreadable } = options;
  const more = { ...(since !== undefined && { since }), onUnreadable, isOffline: true };
  const backup = await backUp(context, repository, sources, { ...choices, ...more });
  return answerTo({ backup, route: 'kept here' }, options);
}

function answerTo<Result extends BackupResult>(
  { backup, route }: { readonly backup: Result; readonly route: string },
  { quiet = false }: BackupOptions,
): Answer<Result> {
  const code = backup.unreadable > 0 ? exitCode.someFilesUnread : undefined;
  return { value: backup, rows: quiet ? [] : backupRows(route, backup), exitCode: code };
}

async function backUpNow(
  context: Context,
  paths: readonly string[],
  options: RunOptions,
): Promise<{ backup: KeptBackup; route: string }> {
  const prepared = await prepare(context, paths, options);
  const { init = false, startOver = false } = options;
  const create = isOwnPlace(options) || init || startOver;
  await using target = await openTarget(context, options, {
    create,
    startOver,
    limits: limitsOf(context, options),
  });
  const { since, onUnreadable } = options;
  const choices = { ...prepared.choices, ...(since !== undefined && { since }), onUnreadable };
  const backup = await comparingWithBefore(context, target, () =>
    save(context, target, target.repository, { ...prepared, choices }),
  );
  return { backup, route: target.route };
}

/** A backup of which nothing is kept, here or there. */
async function tryOut(
  context: Context,
  paths: readonly string[],
  options: BackupOptions,
): Promise<{ backup: BackupResult; route: string }> {
  const prepared = await prepare(context, paths, options);
  await using target = await openTarget(context, options, { limits: limitsOf(context, options) });
  const repository = target.repository.through((store) => new DryRunStore(store));
  const backup = await save(context, target, repository, prepared);
  return { backup: { ...backup, snapshot: undefined }, route: target.route };
}

/** What is to be saved, and how: all that can be wrong with the words is found before anything begins. */
interface Prepared {
  readonly sources: NamedPaths;
  readonly choices: BackupChoices;
  readonly openStream: (() => SavedStream & AsyncDisposable) | undefined;
}

async function prepare(
  context: Context,
  paths: readonly string[],
  options: BackupOptions,
): Promise<Prepared> {
  const isStream = options.stdin === true || options.stdinFromCommand === true;
  if (options.stdinFromCommand === true && paths.length === 0) throw noCommand();
  return {
    sources: isStream ? noPaths : await readSources(context, paths, options),
    choices: await choicesOf(context, options),
    openStream: isStream ? () => openStream(context, paths, options) : undefined,
  };
}

async function save(
  context: Context,
  { directory }: Target,
  repository: Repository,
  { sources, choices, openStream: open }: Prepared,
): Promise<KeptBackup> {
  await using stream = open?.();
  const forbidden = directory === undefined ? [] : [directory];
  return await backUp(context, repository, sources, { ...choices, forbidden, stream });
}

const noPaths: NamedPaths = { paths: [], missing: 0 };

async function choicesOf(context: Context, options: BackupOptions): Promise<BackupChoices> {
  const { iexclude, excludeLargerThan, excludeIfPresent = [], oneFileSystem, time, host } = options;
  return {
    ...lockingOf(options, context),
    exclude: await readExcludes(context, options),
    excludeCaches: options.excludeCaches,
    tag: options.tag,
    isQuiet: options.quiet === true,
    leftOut: {
      ...(iexclude && { excludeAnyCase: iexclude }),
      ...(excludeLargerThan !== undefined && { largerThan: excludeLargerThan }),
      ifPresent: excludeIfPresent.map(tagOf),
      oneFileSystem: oneFileSystem === true,
    },
    hostname: host,
    timeNs:
      time === undefined ? undefined : BigInt(Date.parse(momentOf(time, context.clock.now()))) * 1_000_000n,
    isReread: options.reread === true,
    isSkippedUnchanged: options.skipIfUnchanged === true,
  };
}

/** `NAME`, or `NAME:TEXT` of which the file begins with TEXT. */
function tagOf(text: string): DirectoryTag {
  const colon = text.indexOf(':');
  if (colon < 0) return { name: textPath(text) };
  return { name: textPath(text.slice(0, colon)), header: textPath(text.slice(colon + 1)) };
}

function openStream(
  { signal }: Context,
  words: readonly string[],
  { stdinFromCommand, stdinFilename: name = 'stdin' }: BackupOptions,
): SavedStream & AsyncDisposable {
  if (stdinFromCommand === true) return Object.assign(startCommand(words, signal), { name });
  return { name, handle: 0, written: Promise.resolve(), [Symbol.asyncDispose]: async () => {} };
}

function noCommand(): HoldfastError {
  return new HoldfastError('usage', 'no command stands behind --, whose output is to be saved', {
    hint: 'holdfast backup --stdin-from-command --stdin-filename db.sql -- pg_dump shop',
  });
}

/** As restic reads it: `k`, `M`, `G` and `T` are powers of 1024. */
function parseLargest(text: string): number {
  const [, count, unit = ''] = /^(\d{1,15})([kKmMgGtT])$/.exec(text) ?? [];
  if (count === undefined) return parseBytes(text);
  return Number(count) * 1024 ** ('kmgt'.indexOf(unit.toLowerCase()) + 1);
}

function parseFileName(text: string): string {
  if (text !== '.' && text !== '..' && !text.includes('/')) return text;
  throw new InvalidArgumentError('expected a name without slashes');
}
