import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError } from '../base/index.ts';
import { parseExcludeFile } from '../files/index.ts';
import { type ArchiveSummary, archive, type Repository } from '../repository/index.ts';
import type { Context } from './context.ts';
import { formatBytes, formatElapsed, plural } from './format.ts';
import { openHome } from './home.ts';
import type { Output } from './output.ts';
import { readChosenFile } from './read-chosen-file.ts';
import type { ExcludeOptions } from './repository-options.ts';
import { readSettings, storeDirectory } from './settings.ts';
import { SizeEstimate } from './size-estimate.ts';

/** A backup as `--json` shows it; sizes in bytes. */
export interface BackupResult {
  readonly snapshot: string;
  readonly parent: string | undefined;
  readonly files: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  /** Bytes of all files in the snapshot. */
  readonly bytes: number;
  /** What was stored anew, as it lies in the repository: compressed and encrypted. */
  readonly added: number;
  /** Files and folders that could not be read. */
  readonly unreadable: number;
  readonly seconds: number;
}

/**
 * Backs absolute `paths` up and says what went wrong on the way. The home, the store, and `forbidden` are left out.
 */
export async function backUp(
  context: Context,
  repository: Repository,
  paths: readonly string[],
  options: ExcludeOptions & { readonly tag?: readonly string[]; readonly forbidden?: readonly string[] },
): Promise<BackupResult> {
  const { output } = context;
  const startedMs = performance.now();
  const progress = context.progress('backup');
  const sources = paths.map((path) => Buffer.from(path));
  const { excludeCaches } = options;
  const exclude = await readExcludes(context, options);
  const forbidden = [...(await ownDirectories(context)), ...(options.forbidden ?? [])].map((path) =>
    Buffer.from(path),
  );
  using estimate = progress.isShown
    ? new SizeEstimate({ paths: sources, exclude, excludeCaches, forbidden })
    : undefined;
  try {
    const summary = await archive(repository, {
      paths: sources,
      excludes: exclude,
      excludeCaches,
      forbidden,
      tags: options.tag ?? [],
      signal: context.signal,
      onProgress: ({ files, bytes }) => progress.update({ files, bytes, totalBytes: estimate?.bytes ?? 0 }),
      onSkipped: (path) => output.say(`  left out    ${path}: the home and the store are never backed up`),
      onUnreadable: (path, error) => output.warn(`${path}: ${error.message}`),
    });
    return toResult(summary, performance.now() - startedMs);
  } finally {
    progress.stop();
  }
}

/** The line of a finished backup. */
export function sayBackup(output: Output, route: string, result: BackupResult): void {
  output.row(
    'backup',
    plural(result.files, 'file'),
    `${formatBytes(result.bytes)} → ${formatBytes(result.added)}`,
    formatElapsed(result.seconds * 1000),
    route,
    `snapshot ${result.snapshot.slice(0, 8)}`,
  );
  if (result.unreadable > 0)
    output.warn(`${plural(result.unreadable, 'file')} could not be read; named above`);
}

/** `paths` made absolute from where the user stands; `path_not_found` names the first that is not there. */
export async function existingPaths(context: Context, paths: readonly string[]): Promise<string[]> {
  const absolute = paths.map((path) => resolve(context.workingDirectory, path));
  for (const path of absolute) {
    // A symlink is saved as what it is, wherever it leads.
    await lstat(path).catch((error: unknown) => {
      throw new HoldfastError('path_not_found', `${path} does not exist or cannot be read`, {
        hint: 'check the spelling; relative paths count from the folder you stand in',
        cause: error,
      });
    });
  }
  return absolute;
}

async function ownDirectories(context: Context): Promise<string[]> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  return [home.path, ...(settings === undefined ? [] : [storeDirectory(home, settings)])];
}

async function readExcludes(context: Context, options: ExcludeOptions): Promise<string[]> {
  const patterns = [...(options.exclude ?? [])];
  for (const file of options.excludeFile ?? []) {
    const path = resolve(context.workingDirectory, file);
    patterns.push(...parseExcludeFile(await readExcludeFile(path), context.environment));
  }
  return patterns;
}

const maxExcludeBytes = 16 * 1024 * 1024;

async function readExcludeFile(path: string): Promise<string> {
  const hint = 'name a file with patterns, one a line, that is there and can be read';
  return (await readChosenFile(path, { maxBytes: maxExcludeBytes, hint })).toString('utf8');
}

function toResult(summary: ArchiveSummary, elapsedMs: number): BackupResult {
  return {
    snapshot: summary.snapshotId,
    parent: summary.parent,
    files: summary.filesNew + summary.filesChanged + summary.filesUnmodified,
    filesNew: summary.filesNew,
    filesChanged: summary.filesChanged,
    filesUnmodified: summary.filesUnmodified,
    bytes: summary.bytesProcessed,
    added: summary.bytesAddedPacked,
    unreadable: summary.unreadable,
    seconds: Math.round(elapsedMs) / 1000,
  };
}
