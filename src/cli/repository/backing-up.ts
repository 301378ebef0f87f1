import { Worker } from 'node:worker_threads';
import { readDamagedPacks } from '../../agent/index.ts';
import { readChosenFile, workerEntry } from '../../base/index.ts';
import { parseExcludeFile, pathText } from '../../files/index.ts';
import {
  type ArchiveOptions,
  type ArchiveSummary,
  archive,
  type BareReason,
  type Repository,
} from '../../repository/index.ts';
import { localPath, type NamedPaths } from '../files/local-path.ts';
import { homeAt } from '../home/home.ts';
import type { ExcludeOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { type Row, row, warning } from '../terminal/answer.ts';
import { formatBytes, formatElapsed, plural } from '../terminal/format.ts';
import { warnOfOwnClock } from './backup-history.ts';
import { ownDirectories } from './own-directories.ts';
import type { EstimateRequest } from './size-estimate-worker.ts';

/** A path that was named and brings no file. */
interface WithoutFiles {
  readonly path: string;
  readonly why: BareReason;
}

/** A backup as `--json` shows it; sizes in bytes. */
export interface BackupResult {
  /** The one that was made, or the last one, since nothing had changed; undefined when nothing is kept. */
  readonly snapshot: string | undefined;
  /** That nothing had changed, and no snapshot was wanted then. */
  readonly skipped?: true | undefined;
  readonly parent: string | undefined;
  readonly files: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  /** Bytes of all files in the snapshot. */
  readonly bytes: number;
  /** What was stored anew, as it lies in the repository: compressed and encrypted. */
  readonly added: number;
  /** Pieces of content of packs that are missing or damaged which were stored again, and those that no file here has any more. */
  readonly mended: number;
  readonly missing: number;
  /** Files and folders that could not be read, and those named that are missing. */
  readonly unreadable: number;
  /** Of what was named, what no file is saved of, and why. */
  readonly withoutFiles: readonly WithoutFiles[];
  readonly seconds: number;
}

/** A backup of which something is kept. */
export interface KeptBackup extends BackupResult {
  readonly snapshot: string;
}

/** What is left out of a backup, and how its snapshot is marked. */
export interface BackupChoices
  extends Pick<
    ArchiveOptions,
    | 'leftOut'
    | 'stream'
    | 'since'
    | 'isReread'
    | 'isSkippedUnchanged'
    | 'isOffline'
    | 'retryForMs'
    | 'onWaiting'
  > {
  /** Of the machine, unless said. */
  readonly hostname?: string | undefined;
  /** Now, unless said. */
  readonly timeNs?: bigint | undefined;
  /** Patterns, those of files among them. */
  readonly exclude: readonly string[];
  readonly excludeCaches: boolean;
  readonly tag?: readonly string[] | undefined;
  /** Told of what could not be read, besides whoever watches. */
  readonly onUnreadable?: ((path: string) => void) | undefined;
  /** Whether nobody watches. */
  readonly isQuiet?: boolean;
  /** Folders that are never backed up, besides the home and the store. */
  readonly forbidden?: readonly string[];
}

/**
 * Backs up what was named and says what went wrong on the way. The home, the store, and `forbidden` are left out.
 */
export async function backUp(
  context: Context,
  repository: Repository,
  { paths, missing }: NamedPaths,
  {
    exclude,
    excludeCaches,
    tag = [],
    forbidden: others = [],
    isQuiet = false,
    onUnreadable,
    ...rest
  }: BackupChoices,
): Promise<KeptBackup> {
  const { output } = context;
  const startedMs = performance.now();
  const withoutFiles: WithoutFiles[] = [];
  const progress = context.progress('backup');
  const forbidden = [...(await ownDirectories(context)), ...others].map((path) => Buffer.from(path));
  using estimate =
    progress.isShown && !isQuiet && rest.stream === undefined
      ? new SizeEstimate({ paths, exclude, excludeCaches, forbidden, ...rest.leftOut })
      : undefined;
  try {
    const summary = await archive(repository, {
      ...rest,
      paths,
      excludes: exclude,
      excludeCaches,
      forbidden,
      tags: tag,
      damagedPacks: await readDamagedPacks(homeAt(context.home).node, repository.id),
      signal: context.signal,
      onFuture: (snapshot) => warnOfOwnClock(context, snapshot),
      onProgress: ({ files, bytes }) => {
        if (!isQuiet) progress.update({ files, bytes, totalBytes: estimate?.bytes ?? 0 });
      },
      onSkipped: (path) => output.say(`  left out    ${path}: ${reasons.forbidden}`),
      onBare: (path, why) => {
        withoutFiles.push({ path, why });
        output.warn(`no file of ${path} is saved: ${reasons[why]}`);
      },
      onUnreadable: (path, error) => {
        output.warn(`${path}: ${error.message}`);
        onUnreadable?.(path);
      },
    });
    return toResult(summary, { missing, withoutFiles, elapsedMs: performance.now() - startedMs });
  } finally {
    progress.stop();
  }
}

/** The line of a finished backup. */
export function* backupRows(route: string, result: BackupResult): Iterable<Row> {
  yield row(
    'backup',
    plural(result.files, 'file'),
    `${formatBytes(result.bytes)} → ${formatBytes(result.added)}`,
    formatElapsed(result.seconds * 1000),
    route,
    whatOf(result),
  );
  if (result.mended > 0) yield row('mended', ...mendedWords(result));
  if (result.unreadable > 0)
    yield warning(`${plural(result.unreadable, 'file')} could not be read; named above`);
}

function whatOf({ snapshot, skipped }: BackupResult): string {
  if (snapshot === undefined) return 'a dry run: nothing is stored';
  return skipped === true
    ? `unchanged since snapshot ${snapshot.slice(0, 8)}`
    : `snapshot ${snapshot.slice(0, 8)}`;
}

function mendedWords({ mended, missing }: BackupResult): string[] {
  const again = `${plural(mended, 'blob')} of lost or damaged packs stored again`;
  if (missing === 0) return [again];
  return [again, `${plural(missing, 'blob')} of earlier states not: holdfast check names the files`];
}

/** The patterns that are said, and those of every file that is. @throws HoldfastError `path_not_found`, `input_invalid` */
export async function readExcludes(context: Context, options: ExcludeOptions): Promise<string[]> {
  const patterns = [...(options.exclude ?? [])];
  for (const file of options.excludeFile ?? []) {
    const path = localPath(context.workingDirectory, file);
    patterns.push(...parseExcludeFile(await readExcludeFile(path), context.environment));
  }
  return patterns;
}

const maxExcludeBytes = 16 * 1024 * 1024;

async function readExcludeFile(path: string): Promise<string> {
  const hint = 'name a file with patterns, one a line, that is there and can be read';
  return pathText(await readChosenFile(path, { maxBytes: maxExcludeBytes, hint }));
}

const reasons: Readonly<Record<BareReason, string>> = {
  forbidden: 'the home and the store are never backed up',
  excluded: 'a pattern leaves it out, though it was named',
  emptied: 'the patterns leave out all that is in it',
  empty: 'there is none in it',
};

function toResult(
  summary: ArchiveSummary,
  {
    missing,
    withoutFiles,
    elapsedMs,
  }: Pick<NamedPaths, 'missing'> & Pick<BackupResult, 'withoutFiles'> & { readonly elapsedMs: number },
): KeptBackup {
  return {
    snapshot: summary.snapshotId,
    ...(summary.isSkipped && { skipped: true }),
    parent: summary.parent,
    files: summary.filesNew + summary.filesChanged + summary.filesUnmodified,
    filesNew: summary.filesNew,
    filesChanged: summary.filesChanged,
    filesUnmodified: summary.filesUnmodified,
    bytes: summary.bytesProcessed,
    added: summary.bytesAddedPacked,
    mended: summary.blobsMended,
    missing: summary.blobsMissing,
    unreadable: summary.unreadable + missing,
    withoutFiles,
    seconds: Math.round(elapsedMs) / 1000,
  };
}

/**
 * How many bytes a backup will read, found by a walk of its own beside the backup, for people who watch: without it
 * nobody could say how long it takes. Zero until the walk is through.
 */
class SizeEstimate implements Disposable {
  readonly #worker: Worker;
  #bytes = 0;

  constructor(request: EstimateRequest) {
    this.#worker = new Worker(workerEntry(import.meta.url, './size-estimate-worker'), {
      workerData: request,
    });
    this.#worker.on('message', (bytes: number) => {
      this.#bytes = bytes;
    });
    // A guess that cannot be made is no reason to trouble the backup.
    this.#worker.on('error', () => {});
    this.#worker.unref();
  }

  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }
}
