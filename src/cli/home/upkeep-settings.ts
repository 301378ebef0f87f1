import { readdir } from 'node:fs/promises';
import {
  type BackupPlace,
  DirectoryMirror,
  type LogMirror,
  lookForLog,
  type UpkeepSettings,
} from '../../authority/index.ts';
import { dayMs, HoldfastError, parseDuration, systemErrorCode, whyNotRead } from '../../base/index.ts';
import { HttpFiles } from '../../remote/index.ts';
import { Line } from '../../transport/index.ts';
import { isUrl, localPath } from '../files/local-path.ts';
import type { Home } from './home.ts';
import type { Settings } from './settings.ts';

/** What the settings of a home ask of its authority's upkeep. Relative places count from the home. */
export function upkeepSettings(home: Home, { authority = {} }: Pick<Settings, 'authority'>): UpkeepSettings {
  const { logMirrors = [], backupTo, backupEvery, backupKeep = defaultKeep, rehearseEvery } = authority;
  return {
    settingsFile: home.settings,
    recoveryKit: home.recoveryKit,
    mirrors: logMirrors.map((place) => mirrorAt(place, home.path)),
    ...(backupTo !== undefined && {
      backups: {
        place: backupPlace(backupTo, home.path),
        everyMs: parseDuration(backupEvery ?? '') ?? dayMs,
        keep: backupKeep,
      },
    }),
    ...(rehearseEvery !== undefined && { rehearseEveryMs: parseDuration(rehearseEvery) ?? 30 * dayMs }),
  };
}

/** A mirror of the log: a directory, relative to `from`, or a URL. */
export function mirrorAt(place: string, from: string): LogMirror {
  return isUrl(place) ? new HttpFiles(place) : new DirectoryMirror(localPath(from, place));
}

/**
 * What somebody names as a mirror is there, and answers: who goes on without it may go on without the very records that it
 * was named for.
 * @throws HoldfastError `path_not_found` for a folder; for a URL what asking it gives, `connection_refused` say
 */
export async function checkMirror(place: string, from: string): Promise<void> {
  if (isUrl(place)) return await askMirror(mirrorAt(place, from));
  const path = localPath(from, place);
  await readdir(path).catch((error: unknown) => {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
    throw noMirror(isMissing ? `there is no folder ${path}` : `${path}: ${whyNotRead(error)}`, error);
  });
}

async function askMirror(mirror: LogMirror): Promise<void> {
  try {
    await lookForLog(mirror);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new HoldfastError(error.code, `--mirror: ${mirror.name}: ${error.message}; nothing was changed`, {
      hint: 'see that it answers there, and run this again; or leave it out, if nothing can be in it alone',
      cause: error,
    });
  } finally {
    mirror.close?.();
  }
}

function noMirror(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('path_not_found', `--mirror: ${why}; nothing was changed`, {
    hint: 'mount its disk, or correct the path',
    cause,
  });
}

/** Where backups are kept: a directory, relative to `from`, or a URL. */
export function backupPlace(place: string, from: string, line = new Line()): BackupPlace {
  if (!isUrl(place)) return { kind: 'directory', path: localPath(from, place) };
  return remotePlace(new HttpFiles(place), line);
}

/** Each of these may be done twice. A mirror needs no line: it is written again whenever it could not be. */
function remotePlace(files: HttpFiles, line: Line): BackupPlace {
  const patiently = (work: () => Promise<void>): Promise<void> => line.attempt({ isKnown: false }, work);
  return {
    kind: 'remote',
    name: files.name,
    store: (name, path) => patiently(() => files.store(name, path)),
    fetch: (name, path, maxBytes) => patiently(() => files.fetch(name, path, maxBytes)),
    remove: (name) => patiently(() => files.remove(name)),
  };
}

/** How many backups of the authority a place keeps when nothing is said. */
export const defaultKeep = 14;
