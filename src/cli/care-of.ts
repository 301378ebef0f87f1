import { type BackupPlace, type Care, DirectoryMirror, type LogMirror } from '../authority/index.ts';
import { dayMs } from '../base/index.ts';
import { HttpFiles } from '../remote/index.ts';
import { defaultKeep } from './default-keep.ts';
import { parseDuration } from './format.ts';
import type { Home } from './home.ts';
import { isUrl, localPath } from './local-path.ts';
import type { Settings } from './settings.ts';

/** What the settings of a home ask of its authority's upkeep. Relative places count from the home. */
export function careOf(home: Home, { authority = {} }: Pick<Settings, 'authority'>): Care {
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

/** Where backups are kept: a directory, relative to `from`, or a URL. */
export function backupPlace(place: string, from: string): BackupPlace {
  if (!isUrl(place)) return { kind: 'directory', path: localPath(from, place) };
  return remotePlace(new HttpFiles(place));
}

function remotePlace(files: HttpFiles): BackupPlace {
  return {
    kind: 'remote',
    name: files.name,
    store: (name, path) => files.store(name, path),
    fetch: (name, path, maxBytes) => files.fetch(name, path, maxBytes),
    remove: (name) => files.remove(name),
  };
}
