import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import type { EscrowFingerprint } from '../enrol/index.ts';
import {
  initRepository,
  openRepository,
  type Polynomial,
  type Repository,
  randomPasswordCost,
  thisMachine,
} from '../repository/index.ts';
import {
  CachedStore,
  LimitedStore,
  LocalStore,
  type ObjectStore,
  type TransferLimits,
} from '../storage/index.ts';
import type { Keystore } from '../trust/index.ts';
import { openOrCreateKeystore } from './node.ts';
import {
  begunAt,
  type KeptKey,
  keepBegun,
  keepKey,
  keysAt,
  masterKeyDigest,
  type RepositoryKey,
  repositoryGone,
  repositoryStrange,
} from './repository-keys.ts';

/** A repository's place: where its objects are, and where its key is kept so that no password is asked again. */
export interface RepositoryLocation {
  /** What its key is kept under. */
  readonly label: string;
  readonly store: ObjectStore;
  readonly keystore: Keystore;
  /**
   * Leaves the password of a second key with the server, sealed to the network's recovery key.
   * Absent where there is nobody to leave it with; gives nothing where that has to wait for another time.
   */
  readonly escrow?: (
    repositoryId: string,
    password: Secret<string>,
    signal: AbortSignal,
  ) => Promise<EscrowFingerprint | undefined>;
}

export interface OpenRepositoryOptions {
  /** Make the repository when this machine knows of none there. */
  readonly create: boolean;
  /** Make another one where the one that this machine knows is gone. */
  readonly startOver?: boolean;
  /** How one that is made cuts files; in a way of its own unless said. */
  readonly polynomial?: Polynomial | undefined;
  /** Needed only when the keystore does not hold the key. */
  readonly password?: Secret<string>;
  /** Told what was left with the server, where that was done now. */
  readonly onEscrowed?: ((fingerprint: EscrowFingerprint) => void) | undefined;
  readonly signal: AbortSignal;
}

/** A repository in a directory of this machine. */
export async function localRepository(
  directory: string,
  nodeDirectory: string,
  limits: TransferLimits = {},
): Promise<RepositoryLocation> {
  const keystore = await openOrCreateKeystore(nodeDirectory);
  return { label: directory, store: new LimitedStore(new LocalStore(directory), limits), keystore };
}

/** What is kept of a store on this machine, and how fast anything may go there and back. */
export interface KeepingOptions {
  /** Where copies of metadata are kept; none are unless said. */
  readonly cache: string | undefined;
  readonly limits?: TransferLimits;
}

/** A repository in a store that is elsewhere. Its key is kept by `label`, and its second key with nobody. */
export async function remoteRepository(
  store: ObjectStore,
  {
    label,
    directory,
    cache,
    limits = {},
  }: KeepingOptions & { readonly label: string; readonly directory: string },
): Promise<RepositoryLocation> {
  const limited = new LimitedStore(store, limits);
  const at = cache === undefined ? undefined : join(cache, cacheName(label));
  return {
    label,
    store: at === undefined ? limited : await CachedStore.open(limited, at),
    keystore: await openOrCreateKeystore(directory),
  };
}

/** What file systems take as a name. */
const longestName = 200;

function cacheName(label: string): string {
  const name = encodeURIComponent(label);
  return name.length <= longestName ? name : createHash('sha256').update(label).digest('hex');
}

/**
 * Opens a repository with one of the keys that opened the one at this place before, or with `password` when that is not one
 * they came with; its key is then kept beside them, for ever. Nothing is taken for a beginning where one was before.
 *
 * @throws HoldfastError `repository_gone` when one was here and none is now, `repository_missing` when none was and none is
 *   to be made, `repository_wrong_key` when it does not open, `repository_exists` when it is there and was to be made anew
 */
export async function openRepositoryAt(
  place: RepositoryLocation,
  options: OpenRepositoryOptions,
): Promise<Repository> {
  const known = keysAt(place.keystore, place.label);
  const opened = (await openByKept(place, known, options)) ?? (await openOrInit(place, known, options));
  if (options.startOver === true && opened.kind !== 'made') throw isThere(place, opened.repository);
  const key = opened.kind === 'kept' ? opened.key : await keepOpened(place, opened);
  if (!key.escrowed) await escrowKey(place, opened.repository, key, options);
  return opened.repository;
}

/** A password nobody has to remember: 256 random bits. */
export function randomPassword(): Secret<string> {
  return new Secret(randomBytes(32).toString('base64url'));
}

/** Keeps what opens `repository` at `place` from now on, and what it says about itself. */
export async function keepOwnKey(
  place: RepositoryLocation,
  repository: Repository,
  key: Pick<RepositoryKey, 'password' | 'keyFile' | 'escrowed' | 'escrow' | 'escrowKeyFile'>,
): Promise<KeptKey> {
  const { masterKey } = repository;
  const digest = masterKeyDigest(masterKey);
  const before = keysAt(place.keystore, place.label).find((one) => masterKeyDigest(one.masterKey) === digest);
  const kept: KeptKey = {
    since: new Date(repository.clock.now()).toISOString(),
    ...before,
    repository: repository.id,
    config: repository.configText,
    ...key,
    masterKey,
    place: place.label,
  };
  await keepKey(place.keystore, kept);
  return kept;
}

type Opened =
  | { readonly kind: 'kept'; readonly repository: Repository; readonly key: KeptKey }
  | {
      readonly kind: 'by password' | 'made';
      readonly repository: Repository;
      readonly password: Secret<string>;
    };

/** Without scrypt; undefined when no key is kept, a password was given that none came with, or another is to be made. */
async function openByKept(
  place: RepositoryLocation,
  known: readonly KeptKey[],
  { password, startOver, signal }: OpenRepositoryOptions,
): Promise<Opened | undefined> {
  const isMeant = (key: KeptKey): boolean =>
    password === undefined || password.reveal() === key.password?.reveal();
  for (const key of known.filter(isMeant)) {
    try {
      const { masterKey, config } = key;
      const how = { key: { masterKey }, keptConfig: config, signal };
      return { kind: 'kept', repository: await openRepository(place.store, how), key };
    } catch (error) {
      // One of the others may open it, or a password.
      if (isHoldfastError(error, 'repository_wrong_key')) continue;
      if (!isHoldfastError(error, 'repository_missing')) throw error;
      if (startOver === true) return undefined;
      throw repositoryGone(place.store.location, known, error);
    }
  }
  if (known.length === 0 || password !== undefined) return undefined;
  await tryPasswords(place, known, signal);
  throw repositoryStrange(place.store.location, known);
}

/**
 * In a repository with nothing in it only the key files tell whether it is ours. One that a kept password opens is another
 * all the same: that is for a person to say. @throws HoldfastError `repository_damaged` for ours with a damaged `config`
 */
async function tryPasswords(
  { store }: RepositoryLocation,
  known: readonly KeptKey[],
  signal: AbortSignal,
): Promise<void> {
  for (const { password } of known) {
    if (password === undefined) continue;
    await openRepository(store, { key: { password }, signal }).catch((error: unknown) => {
      if (!isHoldfastError(error, 'repository_wrong_key')) throw error;
    });
  }
}

async function openOrInit(
  place: RepositoryLocation,
  known: readonly KeptKey[],
  { create, startOver, polynomial, password: said, signal }: OpenRepositoryOptions,
): Promise<Opened> {
  const password = said ?? begunAt(place.keystore, place.label)?.password;
  try {
    if (password === undefined) await refuseWithoutKey(place, signal);
    else
      return {
        kind: 'by password',
        password,
        repository: await openRepository(place.store, { key: { password }, signal }),
      };
  } catch (error) {
    if (!isHoldfastError(error, 'repository_missing')) throw error;
    if (known.length > 0 && startOver !== true) throw repositoryGone(place.store.location, known, error);
    if (!create) throw error;
  }
  const first = password ?? (await choosePassword(place));
  // One that was said may be one that somebody remembers.
  const cost = said === undefined ? randomPasswordCost : undefined;
  const made = { password: first, cost, polynomial, ...thisMachine(), signal };
  try {
    return { kind: 'made', repository: await initRepository(place.store, made), password: first };
  } catch (error) {
    if (startOver === true || !isHoldfastError(error, 'repository_exists')) throw error;
    return await openMadeMeanwhile(place, first, { error, signal });
  }
}

/**
 * Opens the repository that another process of this machine has made at the same moment, as when two of its sets begin at once: by the
 * same password, or the key that it has kept by now. @throws what is given where it is another one
 */
async function openMadeMeanwhile(
  place: RepositoryLocation,
  password: Secret<string>,
  { error, signal }: { readonly error: HoldfastError; readonly signal: AbortSignal },
): Promise<Opened> {
  try {
    const known = keysAt(place.keystore, place.label);
    const kept = known.length > 0 ? await openByKept(place, known, { create: false, signal }) : undefined;
    if (kept !== undefined) return kept;
    const repository = await openRepository(place.store, { key: { password }, signal });
    return { kind: 'by password', repository, password };
  } catch (cause) {
    if (isHoldfastError(cause, 'repository_missing', 'repository_wrong_key', 'repository_gone')) throw error;
    throw cause;
  }
}

/** Tells a repository that nobody here can open from one that is not there. */
async function refuseWithoutKey(place: RepositoryLocation, signal: AbortSignal): Promise<void> {
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
async function choosePassword(place: RepositoryLocation): Promise<Secret<string>> {
  const password = randomPassword();
  await keepBegun(place.keystore, place.label, { password, escrowed: false });
  return begunAt(place.keystore, place.label)?.password ?? password;
}

/** The key of one that was just made, or is opened from here for the first time. */
async function keepOpened(
  place: RepositoryLocation,
  { repository, password }: Exclude<Opened, { kind: 'kept' }>,
): Promise<KeptKey> {
  const digest = masterKeyDigest(repository.masterKey);
  const before = keysAt(place.keystore, place.label).find((key) => masterKeyDigest(key.masterKey) === digest);
  const { escrowed = false, escrow, escrowKeyFile } = before ?? {};
  const keyFile = repository.openedBy;
  return await keepOwnKey(place, repository, { password, keyFile, escrowed, escrow, escrowKeyFile });
}

function isThere({ store }: RepositoryLocation, { id }: Repository): HoldfastError {
  const message = `the repository ${id.slice(0, 8)} is at ${store.location}: nothing is to be begun there`;
  return new HoldfastError('repository_exists', message, { hint: 'leave --start-over away' });
}

/** Taken up where an earlier run left it, so that a server out of reach does not cost a key each time. */
async function escrowKey(
  place: RepositoryLocation,
  repository: Repository,
  key: KeptKey,
  { onEscrowed, signal }: OpenRepositoryOptions,
): Promise<void> {
  if (place.escrow === undefined) return;
  const secondPassword = key.secondPassword ?? randomPassword();
  let { escrowKeyFile } = key;
  if (key.secondPassword === undefined) {
    const origin = thisMachine();
    escrowKeyFile = await repository.addKey(secondPassword, { ...origin, cost: randomPasswordCost, signal });
    await keepKey(place.keystore, { ...key, secondPassword, escrowKeyFile });
  }
  const escrow = await place.escrow(repository.id, secondPassword, signal);
  if (escrow === undefined) return;
  const left = { secondPassword: undefined, escrowed: true, escrow, escrowKeyFile };
  await keepKey(place.keystore, { ...key, ...left });
  onEscrowed?.(escrow);
}
