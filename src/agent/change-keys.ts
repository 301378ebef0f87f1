import { HoldfastError, type Secret } from '../base/index.ts';
import {
  addPasswordKey,
  listPasswordKeys,
  type PasswordKey,
  type PasswordKeys,
  type Repository,
  thisMachine,
} from '../repository/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { type KeptKey, keysAt, masterKeyDigest } from './repository-keys.ts';
import { keepOwnKey, type RepositoryLocation } from './repository-location.ts';

/** A repository and where it is. */
interface OpenPlace {
  readonly place: RepositoryLocation;
  readonly repository: Repository;
}

/** A key file, and what this machine knows it is for. */
export interface KnownKey extends PasswordKey {
  /** By its password this machine opens the repository. */
  readonly inUse: boolean;
  /** By its password the recovery kit does. */
  readonly ofKit: boolean;
}

/** How long whoever works on the repository is waited for. */
interface ChangeOptions {
  readonly signal: AbortSignal;
  readonly retryForMs?: number;
  readonly onWaiting: (error: HoldfastError) => void;
}

/** The key files of a repository, and those that are damaged. */
export async function knownKeys(
  at: OpenPlace,
  signal: AbortSignal,
): Promise<{ readonly keys: readonly KnownKey[]; readonly damaged: PasswordKeys['damaged'] }> {
  const { keys, damaged } = await listPasswordKeys(at.repository, signal);
  const inUse = keyInUse(at);
  const ofKit = keptOf(at)?.escrowKeyFile;
  return { keys: keys.map((key) => ({ ...key, inUse: key.id === inUse, ofKit: key.id === ofKit })), damaged };
}

/**
 * Removes the key file whose id begins so: its password opens the repository no more.
 * @throws HoldfastError `key_missing`, `key_ambiguous`, `key_needed`; `append_only` where the storage keeps all it has
 */
export async function removeKey(at: OpenPlace, prefix: string, options: ChangeOptions): Promise<ObjectId> {
  await using lock = await at.repository.lock({ exclusive: true, ...options });
  const signal = AbortSignal.any([options.signal, lock.lost]);
  const { keys, damaged } = await knownKeys(at, signal);
  const id = findKey(
    [...keys, ...damaged].map((key) => key.id),
    prefix,
  );
  const key = keys.find((one) => one.id === id);
  if (key !== undefined) refuseNeeded(at, key, keys.length);
  await at.repository.store.remove({ type: 'keys', name: id }, { signal });
  return id;
}

/** What a change of the password did. */
export interface ChangedPassword {
  readonly added: ObjectId;
  /** The key file of the password of before; undefined where it is not on record which one that is, and it stays. */
  readonly removed: ObjectId | undefined;
}

/**
 * Puts a key file of another password in the place of the one that this machine opens the repository with. The new one is known
 * to open it, and kept here, before the old one goes.
 * @throws HoldfastError `append_only`, with nothing changed, where the storage keeps all it has
 */
export async function changePassword(
  at: OpenPlace,
  password: Secret<string>,
  options: ChangeOptions,
): Promise<ChangedPassword> {
  const { place, repository } = at;
  await using lock = await repository.lock({ exclusive: true, ...options });
  const signal = AbortSignal.any([options.signal, lock.lost]);
  const before = keyInUse(at);
  const { escrowed = false, escrow, escrowKeyFile } = keptOf(at) ?? {};
  const removed = before === escrowKeyFile ? undefined : before;
  await checkRemovable(repository, signal);
  const added = await addPasswordKey(repository, password, { ...thisMachine(), signal });
  await keepOwnKey(place, repository, { password, keyFile: added, escrowed, escrow, escrowKeyFile });
  if (removed !== undefined) await repository.store.remove({ type: 'keys', name: removed }, { signal });
  return { added, removed };
}

/** To remove what is not there succeeds wherever something may be removed. */
async function checkRemovable({ store }: Repository, signal: AbortSignal): Promise<void> {
  await store.remove({ type: 'keys', name: '0'.repeat(64) as ObjectId }, { signal });
}

function keyInUse(at: OpenPlace): ObjectId | undefined {
  return at.repository.openedBy ?? (keptOf(at)?.keyFile as ObjectId | undefined);
}

function keptOf({ place, repository }: OpenPlace): KeptKey | undefined {
  const digest = masterKeyDigest(repository.masterKey);
  return keysAt(place.keystore, place.label).find(({ masterKey }) => masterKeyDigest(masterKey) === digest);
}

function findKey(ids: readonly ObjectId[], prefix: string): ObjectId {
  const [found, ...others] = ids.filter((id) => id.startsWith(prefix));
  if (found === undefined)
    throw new HoldfastError('key_missing', `no key of the repository begins with ${prefix}`);
  if (others.length === 0) return found;
  throw new HoldfastError(
    'key_ambiguous',
    `${others.length + 1} keys of the repository begin with ${prefix}`,
  );
}

/** @throws HoldfastError `key_needed` for one without which somebody could not come back to the repository */
function refuseNeeded(at: OpenPlace, key: KnownKey, count: number): void {
  const kept = keptOf(at);
  const why = key.inUse
    ? 'is the one that this machine opens the repository with'
    : key.ofKit
      ? 'is that of the recovery kit, by which a lost machine comes back'
      : count === 1
        ? 'is the only one, and nobody could open the repository any more'
        : kept?.escrowed === true && kept.escrowKeyFile === undefined
          ? 'may be that of the recovery kit: which one that is, is not on record here'
          : undefined;
  if (why !== undefined) throw new HoldfastError('key_needed', `key ${key.id.slice(0, 8)} ${why}`);
}
