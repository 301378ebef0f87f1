import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import { initRepository, openRepository, type Repository } from '../repository/index.ts';
import { LocalStore, type ObjectStore } from '../storage/index.ts';
import type { Keystore } from '../trust/index.ts';
import { openOrCreateKeystore } from './node.ts';
import { type RepositoryKey, readRepositoryKey, writeRepositoryKey } from './repository-key.ts';

/** A repository's place: where its objects are, and where its key is kept so that no password is asked again. */
export interface Place {
  /** What its key is kept under. */
  readonly label: string;
  readonly store: ObjectStore;
  readonly keystore: Keystore;
  /**
   * Leaves the password of a second key with the server, sealed to the network's recovery key.
   * Absent where there is nobody to leave it with.
   */
  readonly escrow?: (repositoryId: string, password: Secret<string>, signal: AbortSignal) => Promise<void>;
}

export interface OpenPlaceOptions {
  /** Make the repository when there is none. */
  readonly create: boolean;
  /** Needed only when the keystore does not hold the key. */
  readonly password?: Secret<string> | undefined;
  readonly signal: AbortSignal;
}

/** A repository in a directory of this machine. */
export async function localPlace(directory: string, nodeDirectory: string): Promise<Place> {
  const keystore = await openOrCreateKeystore(nodeDirectory);
  return { label: directory, store: new LocalStore(directory), keystore };
}

/**
 * Opens a repository with the key of the keystore, else with `password`, whose master key is then kept.
 * `repository_wrong_key` when neither opens it; `repository_missing` when it is not there and not to be made.
 */
export async function openRepositoryAt(place: Place, options: OpenPlaceOptions): Promise<Repository> {
  const kept = readRepositoryKey(place.keystore, labelOf(place));
  const password = options.password ?? kept?.password;
  const repository = await openOrInit(place, kept, password, options);
  const masterKey = repository.masterKey;
  const key = {
    escrowed: kept?.escrowed ?? false,
    masterKey,
    ...(kept?.password && { password: kept.password }),
  };
  if (kept?.masterKey === undefined) await writeRepositoryKey(place.keystore, labelOf(place), key);
  if (!key.escrowed) await escrowKey(place, repository, key, options.signal);
  return repository;
}

/** A password nobody has to remember: 256 random bits. */
export function randomPassword(): Secret<string> {
  return new Secret(randomBytes(32).toString('base64url'));
}

/** Who made a key, as restic's key files say it. */
export function keyOwner(): { hostname: string; username: string } {
  return { hostname: hostname(), username: userInfo().username };
}

function labelOf(place: Place): string {
  return `repository ${place.label}`;
}

async function openOrInit(
  place: Place,
  kept: RepositoryKey | undefined,
  password: Secret<string> | undefined,
  { create, signal }: OpenPlaceOptions,
): Promise<Repository> {
  try {
    if (kept?.masterKey !== undefined) {
      return await openRepository(place.store, { key: { masterKey: kept.masterKey }, signal });
    }
    if (password !== undefined) return await openRepository(place.store, { key: { password }, signal });
    await refuseWithoutKey(place, signal);
  } catch (error) {
    if (!create || !isHoldfastError(error, 'repository_missing')) throw error;
  }
  return initRepository(place.store, {
    password: password ?? (await choosePassword(place)),
    ...keyOwner(),
    signal,
  });
}

/** Tells a repository that nobody here can open from one that is not there. */
async function refuseWithoutKey(place: Place, signal: AbortSignal): Promise<never> {
  const { location } = place.store;
  const exists = await place.store.stat({ type: 'config' }, { signal }).catch((error: unknown) => {
    if (isHoldfastError(error, 'object_not_found')) return undefined;
    throw error;
  });
  if (exists === undefined) {
    throw new HoldfastError('repository_missing', `there is no repository at ${location}`, {
      hint: 'holdfast backup PATH makes this machine its own; --init makes one at --repo',
    });
  }
  throw new HoldfastError('repository_wrong_key', `no key here opens the repository at ${location}`, {
    hint: 'name a file with its password: --password-file FILE',
  });
}

/** Kept before the repository is made: a crash in between must not leave one that nobody can open. */
async function choosePassword(place: Place): Promise<Secret<string>> {
  const password = randomPassword();
  await writeRepositoryKey(place.keystore, labelOf(place), { password, escrowed: false });
  return password;
}

async function escrowKey(
  place: Place,
  repository: Repository,
  key: RepositoryKey,
  signal: AbortSignal,
): Promise<void> {
  if (place.escrow === undefined) return;
  const password = randomPassword();
  await repository.addKey(password, { ...keyOwner(), signal });
  await place.escrow(repository.id, password, signal);
  await writeRepositoryKey(place.keystore, labelOf(place), { ...key, escrowed: true });
}
