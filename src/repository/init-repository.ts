import { type Clock, HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';
import { encodeConfig, newConfig, type Polynomial } from './format/config.ts';
import type { ScryptCost } from './format/key-file.ts';
import { generateMasterKey, type MasterKey } from './format/unit.ts';
import { openKeys } from './open-repository.ts';
import { Repository } from './repository.ts';
import type { Origin } from './this-machine.ts';

export interface InitOptions extends Partial<Origin> {
  readonly password: Secret<string>;
  /** What scrypt costs; measured so that it takes half a second unless given. */
  readonly cost?: ScryptCost;
  /** Of another repository, so that both cut files alike; one of its own unless said. */
  readonly polynomial?: Polynomial | undefined;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Makes a repository of version 2 and opens it. `repository_exists` when one is there, or what is left of one:
 * a repository that has data but no config wants repair, not a new beginning.
 *
 * A run that was interrupted before its last step, which writes the config, is taken up where it stopped.
 */
export async function initRepository(store: ObjectStore, options: InitOptions): Promise<Repository> {
  const { password, polynomial, clock, signal, ...newKey } = options;
  const cancel = signal ? { signal } : {};
  await refuseIfThere(store, cancel);
  await store.create(cancel);
  await refuseConfig(store, cancel);
  const begun = await findBegunKey(store, password, cancel);
  const masterKey = begun?.masterKey ?? new Secret(generateMasterKey());
  const config = newConfig(polynomial);
  const beginning = new Repository({ store, config, masterKey, clock });
  const key = begun ? undefined : await beginning.addKey(password, { ...newKey, ...cancel });
  const repository = new Repository({ store, config, masterKey, openedBy: begun?.id ?? key, clock });
  try {
    await writeConfig(store, repository.cipher.seal(encodeConfig(config)), cancel);
  } catch (error) {
    // Somebody else made the repository in the meantime; a key that opens nothing would confuse other clients.
    if (key && isHoldfastError(error, 'repository_exists')) await removeKey(store, key);
    throw error;
  }
  return repository;
}

async function refuseIfThere(store: ObjectStore, options: { signal?: AbortSignal }): Promise<void> {
  await refuseConfig(store, options);
  for (const type of ['snapshots', 'index', 'data'] as const) {
    const { length } = await store.list(type, options);
    if (length === 0) continue;
    const message = `${store.location} has no config, but ${length} files in ${type}`;
    throw new HoldfastError('repository_exists', message, {
      hint: 'bring its config back from a copy, or choose another location',
    });
  }
}

async function refuseConfig(store: ObjectStore, options: { signal?: AbortSignal }): Promise<void> {
  try {
    await store.stat({ type: 'config' }, options);
  } catch (error) {
    if (isHoldfastError(error, 'object_not_found')) return;
    throw error;
  }
  throw exists(store);
}

/** The master key of a run that got as far as its key file, when this password opens it. */
async function findBegunKey(
  store: ObjectStore,
  password: Secret<string>,
  options: { signal?: AbortSignal },
): Promise<{ readonly masterKey: Secret<MasterKey>; readonly id: ObjectId } | undefined> {
  try {
    for await (const key of openKeys(store, password, options)) return key;
    return undefined;
  } catch (error) {
    // Keys that do not open are of nobody's data; they stay, since a store may not allow their removal.
    if (isHoldfastError(error, 'repository_wrong_key', 'repository_damaged')) return undefined;
    throw error;
  }
}

async function writeConfig(
  store: ObjectStore,
  file: Uint8Array,
  options: { signal?: AbortSignal },
): Promise<void> {
  try {
    await store.write({ type: 'config' }, [file], { ...options, size: file.length });
  } catch (error) {
    if (isHoldfastError(error, 'object_exists')) throw exists(store);
    throw error;
  }
}

async function removeKey(store: ObjectStore, name: ObjectId): Promise<void> {
  try {
    await store.remove({ type: 'keys', name });
  } catch (error) {
    // Append-only storage keeps it; whoever opens the repository tells the keys apart by the config.
    if (!isHoldfastError(error)) throw error;
  }
}

function exists(store: ObjectStore): HoldfastError {
  return new HoldfastError('repository_exists', `there is a repository at ${store.location} already`);
}
