import type { Repository } from '../repository/index.ts';
import { describe, type KeptKey, keepKey, keysAt, masterKeyDigest } from './repository-keys.ts';
import type { RepositoryLocation } from './repository-location.ts';

/** What a machine finds in its repository other than it left it. */
export interface SetBack {
  /** Each a sentence. */
  readonly warnings: readonly string[];
  /** The newest snapshot of this machine, where it is not there any more. */
  readonly missed: KeptKey['lastBackup'];
}

/**
 * Compares an open repository with what this machine knows of it: whether the snapshot that it made last is there, and
 * whether it is the repository it used last. Says nothing where all is as it was.
 */
export async function findSetBack(
  place: RepositoryLocation,
  repository: Repository,
  signal: AbortSignal,
): Promise<SetBack> {
  const known = keysAt(place.keystore, place.label);
  const own = known.find((key) => isKeyOf(repository, key));
  const [newest] = known;
  const { location } = place.store;
  const warnings =
    newest === undefined || newest === own
      ? []
      : [`${location} is an earlier repository of this machine again; ${describe(newest)} is not there`];
  const last = own?.lastBackup;
  if (last === undefined) return { warnings, missed: undefined };
  const stored = await repository.files.list('snapshots', { signal });
  if (stored.some(({ name }) => name === last.snapshot)) return { warnings, missed: undefined };
  return { warnings: [...warnings, missedWords(location, last)], missed: last };
}

/** Keeps that this machine made a snapshot, and what it missed before. */
export async function noteBackup(
  place: RepositoryLocation,
  repository: Repository,
  { snapshot, missed }: { readonly snapshot: string; readonly missed: KeptKey['lastBackup'] },
): Promise<void> {
  const own = keysAt(place.keystore, place.label).find((key) => isKeyOf(repository, key));
  if (own === undefined) return;
  const time = new Date(repository.clock.now()).toISOString();
  await keepKey(place.keystore, {
    since: time,
    ...own,
    repository: repository.id,
    config: repository.configText,
    lastBackup: { snapshot, time },
    ...(missed !== undefined && { missed: { ...missed, seen: time } }),
  });
}

/** Keeps that the snapshot which this machine made last has another name now, where it is one of those that have. */
export async function noteRenamed(
  place: RepositoryLocation,
  repository: Repository,
  renamed: ReadonlyMap<string, string>,
): Promise<void> {
  const own = keysAt(place.keystore, place.label).find((key) => isKeyOf(repository, key));
  const snapshot = renamed.get(own?.lastBackup?.snapshot ?? '');
  if (own?.lastBackup === undefined || snapshot === undefined) return;
  await keepKey(place.keystore, { ...own, lastBackup: { ...own.lastBackup, snapshot } });
}

/** The sentence on a snapshot of this machine that is not in its repository any more. */
export function missedWords(where: string, { snapshot, time }: NonNullable<KeptKey['lastBackup']>): string {
  return (
    `snapshot ${snapshot.slice(0, 8)} of ${time}, the last of this machine at that time, is not at ${where} any more: ` +
    'it was removed, or what is stored there was set back to an older state'
  );
}

function isKeyOf({ masterKey }: Repository, key: KeptKey): boolean {
  return masterKeyDigest(key.masterKey) === masterKeyDigest(masterKey);
}
