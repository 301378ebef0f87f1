import { forEachLimited, HoldfastError, isHoldfastError, type Secret } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { type KeyOrigin, parseKeyFile } from './format/key-file.ts';
import { openRepository } from './open-repository.ts';
import type { Repository } from './repository.ts';
import type { Origin } from './this-machine.ts';

/** A key file of a repository, by which one password opens it. */
export interface PasswordKey extends KeyOrigin {
  readonly id: ObjectId;
}

/** The key files of a repository. */
export interface PasswordKeys {
  /** The oldest first. */
  readonly keys: readonly PasswordKey[];
  /** Those that open nothing for anybody. */
  readonly damaged: readonly { readonly id: ObjectId; readonly error: HoldfastError }[];
}

/** Whoever may write beside us can add any number of them. */
const maxKeys = 1000;
const concurrentReads = 8;

/** Reads the key files of a repository. @throws HoldfastError `repository_damaged` where there are more than anybody has use for */
export async function listPasswordKeys({ store }: Repository, signal: AbortSignal): Promise<PasswordKeys> {
  const infos = await store.list('keys', { signal });
  if (infos.length > maxKeys) {
    const message = `${store.location} has ${infos.length} keys, expected no more than ${maxKeys}`;
    throw new HoldfastError('repository_damaged', message);
  }
  const keys: PasswordKey[] = [];
  const damaged: { id: ObjectId; error: HoldfastError }[] = [];
  await forEachLimited(infos, concurrentReads, async ({ name: id }) => {
    try {
      const file = await store.read({ type: 'keys', name: id }, { signal });
      if (idOf(file) !== id) throw new HoldfastError('repository_damaged', `key ${id}: SHA-256 differs`);
      keys.push({ id, ...parseKeyFile(file, `key ${id}`).origin });
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'object_not_found')) throw error;
      damaged.push({ id, error });
    }
  });
  return { keys: keys.toSorted((a, b) => Number(a.createdNs - b.createdNs)), damaged };
}

/**
 * Adds a key file, and opens the repository by it: before anybody counts on a password, it is known to open.
 * @throws HoldfastError why it does not, with the key file removed again where that is allowed
 */
export async function addPasswordKey(
  repository: Repository,
  password: Secret<string>,
  { signal, ...origin }: Partial<Origin> & { readonly signal: AbortSignal },
): Promise<ObjectId> {
  const id = await repository.addKey(password, { ...origin, signal });
  try {
    await openRepository(repository.store, { key: { password }, signal });
    return id;
  } catch (error) {
    if (isHoldfastError(error)) await repository.store.remove({ type: 'keys', name: id }).catch(() => {});
    throw error;
  }
}
