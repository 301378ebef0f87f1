import { Option } from 'commander';
import { HoldfastError } from '../base/index.ts';
import {
  type OverwriteMode,
  overwriteModes,
  type PlannedDeed,
  planRestore,
  type RestoreOptions,
  type RestoreSummary,
  restore,
  type StoredSnapshot,
  verify,
} from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { localPath } from './files/local-path.ts';
import { defaultHome } from './home/default-home.ts';
import { RepeatableOption } from './options/option-values.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
  snapshotArgument,
} from './options/repository-options.ts';
import { downloadLimit, limitsOf } from './options/transfer-limits.ts';
import { addRules, atMostOne, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { ownDirectories } from './repository/own-directories.ts';
import { openTarget, type Target } from './repository/repository-target.ts';
import { type Answer, type AnswerStream, line, type Row, row } from './terminal/answer.ts';
import { formatBytes, formatElapsed, plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** `holdfast restore SNAPSHOT --target DIR` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('--include', '--exclude'),
      atMostOne('--dry-run', '--verify'),
      atMostOne('--verify', '--overwrite never'),
      atMostOne('--verify', '--overwrite if-newer'),
      needs('--delete', '--overwrite'),
    );
    addSnapshotFilters(addReadOptions(command), 'snapshot')
      .description('bring files of a snapshot back; asks on a terminal, unless a snapshot is named')
      .argument('[snapshot]', snapshotArgument)
      .option('--target <dir>', 'where files go, each under its full original path')
      .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
      .addOption(new RepeatableOption('--exclude <pattern>', 'leave out what matches, as restic matches'))
      .addOption(downloadLimit())
      .addOption(
        new Option(
          '--overwrite [mode]',
          'go ahead where the target holds files, replacing them: always unless said',
        )
          .choices(overwriteModes)
          .preset('always'),
      )
      .option('--delete', 'remove from the target what the snapshot does not have')
      .option('--dry-run', 'change nothing, and say what would be done')
      .option('--verify', 'read the restored files again and compare them with the snapshot')
      .addHelpText('after', examples);
  },
  run: async (context: Context, name: string | undefined, request: RestoreWords) => {
    if (name === undefined && mayAsk(context, request)) return await restoreByAnswers(context, request);
    const { target } = request;
    if (name === undefined) throw missing("missing required argument 'snapshot'");
    if (target === undefined) throw missing("required option '--target <dir>' not specified");
    const whole = { ...request, target };
    return whole.dryRun === true ? planOf(context, name, whole) : await restoreSnapshot(context, name, whole);
  },
};

const examples = `
Examples:
  holdfast restore
  holdfast restore latest --target /tmp/back
  holdfast restore 9c1f02ab --target / --include /home/ann/letter.txt --overwrite
  holdfast restore latest:/srv/web --target /srv/web --overwrite if-changed --delete --dry-run

--overwrite if-changed leaves the content of files that have the size and the time of the snapshot's, if-newer all that is as new
as there, never all that is there. --delete removes what else there is, as far as --include or --exclude cover it, once all of the
snapshot is there; never the home, nor where repositories are, nor what is on a file system that the snapshot does not have.
`;

/** What was said. */
interface RestoreWords extends ReadOptions, SnapshotFilters {
  readonly target?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly limitDownload?: string;
  readonly overwrite?: OverwriteMode | undefined;
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly verify?: boolean;
}

/** What a restore cannot do without is there. */
interface RestoreRequest extends RestoreWords {
  readonly target: string;
}

/** Somebody sits there, and has left to be asked what they could have said. */
function mayAsk({ asks, output }: Context, request: RestoreWords): boolean {
  const { include, exclude, overwrite, delete: removes, dryRun } = request;
  const said = [include, exclude, overwrite, removes, dryRun].some((one) => one !== undefined);
  return asks && !output.json && !said;
}

function missing(message: string): HoldfastError {
  return new HoldfastError('usage', message, {
    hint: 'holdfast restore SNAPSHOT --target DIR; on a terminal holdfast restore alone asks for everything',
  });
}

/** Restores what somebody at the terminal chooses, step by step. */
async function restoreByAnswers(
  context: Context,
  request: RestoreWords,
): Promise<Answer<AnswerOf<'restore'>>> {
  await using source = await openTarget(context, request, { limits: limitsOf(context, request) });
  const { askForRestore } = await import('./repository/restore-wizard.ts');
  const filter = filterOf(request, context);
  const start = { filter, target: request.target, words: placeWords(context, request) };
  const { name, ...chosen } = await askForRestore(context, source.repository, start);
  return await restoreFrom(context, source, name, { ...request, ...chosen });
}

/** The words that say where the repository is, and how fast it may be read. */
function placeWords({ home, environment, workingDirectory }: Context, request: RestoreWords): string[] {
  const { repo, passwordFile, grant, limitDownload } = request;
  return [
    ...(repo === undefined ? [] : ['--repo', repo]),
    ...(grant === undefined ? [] : ['--grant', grant]),
    ...(passwordFile === undefined ? [] : ['--password-file', passwordFile]),
    ...(limitDownload === undefined ? [] : ['--limit-download', limitDownload]),
    ...(request.verify === true ? ['--verify'] : []),
    ...(home === defaultHome(undefined, environment, workingDirectory) ? [] : ['--home', home]),
  ];
}

/** Restores a snapshot and says how it went; `restore_incomplete` when some files could not be brought back. */
export async function restoreSnapshot(
  context: Context,
  name: string,
  request: RestoreRequest,
): Promise<Answer<AnswerOf<'restore'>>> {
  await using source = await openTarget(context, request, { limits: limitsOf(context, request) });
  return await restoreFrom(context, source, name, request);
}

async function restoreFrom(
  context: Context,
  source: Target,
  name: string,
  request: RestoreRequest,
): Promise<Answer<AnswerOf<'restore'>>> {
  const snapshot = await source.repository.findSnapshotFolder(name, filterOf(request, context));
  const target = localPath(context.workingDirectory, request.target);
  const startedMs = performance.now();
  const summary = await bringBack(context, source, snapshot, { ...request, target });
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const verified =
    request.verify === true ? await readAgain(context, source, snapshot, { ...request, target }) : 0;
  const problems = summary.problems + verified;
  const value = { snapshot: snapshot.id, target, dryRun: false, ...summary, problems, seconds };
  const isProven = request.verify === true && verified === 0;
  const failure = problemsIn({ ...summary, problems }) ?? nothingIn(snapshot, request, summary);
  if (failure === undefined && summary.files + summary.skipped === 0)
    context.output.warn(`not one file was restored: ${whatHasNone(snapshot, request)}`);
  return { value, rows: [restoredRow({ ...summary, seconds, isProven })], failure };
}

interface Restored extends RestoreSummary {
  readonly seconds: number;
  /** What was restored was read again, and is equal. */
  readonly isProven: boolean;
}

function restoredRow({ seconds, isProven, ...summary }: Restored): Row {
  const { files, bytes } = summary;
  const proof = isProven && files > 0 ? ['read again, all equal'] : [];
  const parts = [plural(files, 'file'), formatBytes(bytes), formatElapsed(seconds * 1000)];
  return row('restored', ...parts, ...besideWords(summary), ...proof);
}

/** What else was done, or would be. */
function besideWords({ skipped, removed }: Pick<RestoreSummary, 'skipped' | 'removed'>): string[] {
  return [
    ...(skipped > 0 ? [`${skipped} left as they are`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
  ];
}

function whatHasNone({ id }: StoredSnapshot, { include }: RestoreRequest): string {
  const from = `snapshot ${id.slice(0, 8)}`;
  return `${include?.join(' ') ?? from} has none`;
}

/** What comes back with nothing at all is no success without a word. */
function nothingIn(
  { id }: StoredSnapshot,
  { include }: RestoreRequest,
  {
    files,
    directories,
    others,
    skipped,
  }: Pick<RestoreSummary, 'files' | 'directories' | 'others' | 'skipped'>,
): HoldfastError | undefined {
  if (include === undefined || files + directories + others + skipped > 0) return undefined;
  const message = `${include.join(' ')} leaves nothing of snapshot ${id.slice(0, 8)} to be restored`;
  return new HoldfastError('path_not_found', message, {
    hint: 'a pattern with ! takes back what those before it mean; holdfast ls SNAPSHOT shows what there is',
  });
}

/** Everything may be back, and the repository still want mending. */
function problemsIn({
  problems,
  unlistedPacks,
}: Pick<RestoreSummary, 'problems' | 'unlistedPacks'>): HoldfastError | undefined {
  if (problems > 0) {
    const message = `${plural(problems, 'problem')} in the restore, each named above`;
    return new HoldfastError('restore_incomplete', message, {
      hint: 'everything else is restored; where damage is named, holdfast check --read-data names all of it',
    });
  }
  if (unlistedPacks === 0) return undefined;
  const message = `everything is restored, ${plural(unlistedPacks, 'pack')} of it past a damaged index`;
  return new HoldfastError('repository_damaged', message, {
    hint: 'holdfast repair index writes a good one',
  });
}

async function bringBack(
  context: Context,
  source: Target,
  snapshot: StoredSnapshot,
  request: RestoreRequest,
): Promise<RestoreSummary> {
  const options = await optionsOf(context, source, request);
  const progress = context.progress('restore');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    return await restore(source.repository, snapshot, {
      ...options,
      onProgress: (state) => progress.update({ ...state, totalBytes }),
    });
  } finally {
    progress.stop();
  }
}

/** How a snapshot is restored into a target that stands as an absolute path. */
async function optionsOf(
  context: Context,
  { directory }: Target,
  { target, include = [], exclude = [], overwrite, delete: removeUnexpected = false }: RestoreRequest,
): Promise<RestoreOptions> {
  const { output, signal } = context;
  const own = removeUnexpected ? await ownDirectories(context) : [];
  return {
    target,
    include,
    exclude,
    overwrite,
    removeUnexpected,
    kept: directory === undefined ? own : [...own, directory],
    signal,
    onProblem: ({ path, message }) => output.warn(`${path}: ${message}`),
    onKept: (path, why) => output.warn(path === '' ? why : `${path} stays: ${why}`),
  };
}

/** What would be restored, each with what would be done, and at the end how much. */
function planOf(context: Context, name: string, request: RestoreRequest): AnswerStream {
  return { each: plannedDeeds(context, name, request) };
}

async function* plannedDeeds(
  context: Context,
  name: string,
  request: RestoreRequest,
): AsyncGenerator<{ value: unknown; row: Row }> {
  await using source = await openTarget(context, request, { limits: limitsOf(context, request) });
  const snapshot = await source.repository.findSnapshotFolder(name, filterOf(request, context));
  const target = localPath(context.workingDirectory, request.target);
  const startedMs = performance.now();
  const options = await optionsOf(context, source, { ...request, target });
  const deeds = planRestore(source.repository, snapshot, options);
  let next = await deeds.next();
  for (; next.done !== true; next = await deeds.next()) yield { value: next.value, row: deedRow(next.value) };
  const summary = next.value;
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  const value: AnswerOf<'restore'> = {
    snapshot: snapshot.id,
    target,
    dryRun: true,
    ...summary,
    unlistedPacks: 0,
    seconds,
  };
  yield { value, row: plannedRow(summary) };
  const failure = problemsIn({ ...summary, unlistedPacks: 0 }) ?? nothingIn(snapshot, request, summary);
  if (failure !== undefined) throw failure;
}

const deedWords = { restored: 'restore', updated: 'update ', removed: 'delete ' } as const;

function deedRow({ deed, path }: PlannedDeed): Row {
  return line(`${deedWords[deed]}  ${printable(path)}`);
}

function plannedRow(summary: Omit<RestoreSummary, 'unlistedPacks'>): Row {
  const { files, bytes } = summary;
  const parts = [plural(files, 'file'), formatBytes(bytes), ...besideWords(summary)];
  return row('dry run', ...parts, 'nothing was changed');
}

/** Compares what lies in the target with the snapshot; how many files are not equal. */
async function readAgain(
  { output, signal, progress: start }: Context,
  { repository }: Target,
  snapshot: StoredSnapshot,
  { target, include = [], exclude = [] }: RestoreRequest,
): Promise<number> {
  const progress = start('verify');
  const totalBytes = snapshot.summary?.totalBytesProcessed ?? 0;
  try {
    const { different } = await verify(repository, snapshot, {
      restoredTo: target,
      include,
      exclude,
      signal,
      onProgress: (state) => progress.update({ ...state, totalBytes }),
      onProblem: ({ path, message }) => output.warn(`${path}: ${message}`),
    });
    return different.length;
  } finally {
    progress.stop();
  }
}
