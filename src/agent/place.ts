import { randomBytes } from 'node:crypto';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import type { EscrowFingerprint } from '../enrol/index.ts';
import { initRepository, openRepository, type Repository, thisMachine } from '../repository/index.ts';
import { LocalStore, type ObjectStore } from '../storage/index.ts';
import type { Keystore } from '../trust/index.ts';
import { openOrCreateKeystore } from './node.ts';
import {
  type RepositoryKey,
  readRepositoryKey,
  repositoryLabel,
  writeRepositoryKey,
} from './repository-key.ts';

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
  readonly escrow?: (
    repositoryId: string,
    password: Secret<string>,
    signal: AbortSignal,
  ) => Promise<EscrowFingerprint>;
}

export interface OpenPlaceOptions {
  /** Make the repository when there is none. */
  readonly create: boolean;
  /** Needed only when the keystore does not hold the key. */
  readonly password?: Secret<string> | undefined;
  /** Told what was left with the server, where that was done now. */
  readonly onEscrowed?: ((fingerprint: EscrowFingerprint) => void) | undefined;
  readonly signal: AbortSignal;
}

/** A repository in a directory of this machine. */
export async function localPlace(directory: string, nodeDirectory: string): Promise<Place> {
  const keystore = await openOrCreateKeystore(nodeDirectory);
  return { label: directory, store: new LocalStore(directory), keystore };
}

/**
 * Opens a repository with the key of the keystore, or with `password` when that is not the one the key came from; its
 * master key is then kept. `repository_wrong_key` when it does not open, `repository_missing` when it is not there and not to be
 * made.
 */
export async function openRepositoryAt(place: Place, options: OpenPlaceOptions): Promise<Repository> {
  const { password } = options;
  const kept = readRepositoryKey(place.keystore, labelOf(place));
  const byKeptKey = await openByKeptKey(place, kept, options);
  const repository = byKeptKey ?? (await openOrInit(place, password ?? kept?.password, options));
  const key: RepositoryKey = {
    password: password ?? kept?.password,
    masterKey: repository.masterKey,
    secondPassword: byKeptKey && kept?.secondPassword,
    escrowed: byKeptKey !== undefined && kept?.escrowed === true,
    escrow: byKeptKey && kept?.escrow,
  };
  if (byKeptKey === undefined) await writeRepositoryKey(place.keystore, labelOf(place), key);
  if (!key.escrowed) await escrowKey(place, repository, key, options);
  return repository;
}

/** A password nobody has to remember: 256 random bits. */
export function randomPassword(): Secret<string> {
  return new Secret(randomBytes(32).toString('base64url'));
}

/** Keeps `key` as what opens the repository at `place` from now on. */
export function keepOwnKey(place: Place, key: RepositoryKey): Promise<void> {
  return writeRepositoryKey(place.keystore, labelOf(place), key);
}

function labelOf(place: Place): string {
  return repositoryLabel(place.label);
}

/** Without scrypt; undefined when there is no kept key, or a password was given that it does not come from. */
async function openByKeptKey(
  { store }: Place,
  kept: RepositoryKey | undefined,
  { password, signal }: OpenPlaceOptions,
): Promise<Repository | undefined> {
  if (kept?.masterKey === undefined) return undefined;
  if (password !== undefined && password.reveal() !== kept.password?.reveal()) return undefined;
  try {
    return await openRepository(store, { key: { masterKey: kept.masterKey }, signal });
  } catch (error) {
    // Another repository was made in its place, perhaps with the same password.
    if (password !== undefined && isHoldfastError(error, 'repository_wrong_key')) return undefined;
    if (isHoldfastError(error, 'repository_missing')) return undefined;
    throw error;
  }
}

async function openOrInit(
  place: Place,
  password: Secret<string> | undefined,
  { create, signal }: OpenPlaceOptions,
): Promise<Repository> {
  try {
    if (password !== undefined) return await openRepository(place.store, { key: { password }, signal });
    await refuseWithoutKey(place, signal);
  } catch (error) {
    if (!create || !isHoldfastError(error, 'repository_missing')) throw error;
  }
  const first = password ?? (await choosePassword(place));
  return initRepository(place.store, { password: first, ...thisMachine(), signal });
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
    hint:
      place.escrow === undefined
        ? 'name a file with its password: --password-file FILE'
        : 'the recovery kit opens it: holdfast recover --kit FILE; one with a password that somebody knows: --password-file FILE',
  });
}

/** Kept before the repository is made: a crash in between must not leave one that nobody can open. */
async function choosePassword(place: Place): Promise<Secret<string>> {
  const password = randomPassword();
  await writeRepositoryKey(place.keystore, labelOf(place), { password, escrowed: false });
  return password;
}

/** Taken up where an earlier run left it, so that a server out of reach does not cost a key each time. */
async function escrowKey(
  place: Place,
  repository: Repository,
  key: RepositoryKey,
  { onEscrowed, signal }: OpenPlaceOptions,
): Promise<void> {
  if (place.escrow === undefined) return;
  const secondPassword = key.secondPassword ?? randomPassword();
  if (key.secondPassword === undefined) {
    await repository.addKey(secondPassword, { ...thisMachine(), signal });
    await writeRepositoryKey(place.keystore, labelOf(place), { ...key, secondPassword });
  }
  const escrow = await place.escrow(repository.id, secondPassword, signal);
  await writeRepositoryKey(place.keystore, labelOf(place), {
    ...key,
    secondPassword: undefined,
    escrowed: true,
    escrow,
  });
  onEscrowed?.(escrow);
}
