import { type Bytes, HoldfastError, isHoldfastError, type Secret } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { openKeyFile, parseKeyFile } from './format/key-file.ts';
import type { MasterKey } from './format/master-key.ts';

/** So many keys are tried, as by restic: each takes half a second, and anybody who may write can add more. */
const defaultMaxKeys = 20;

/** How key files are searched. */
interface KeySearch {
  /** So many are tried. */
  readonly maxKeys?: number;
  readonly signal?: AbortSignal;
}

/**
 * The master keys out of the key files that the password opens, nearly always one. `repository_wrong_key` when it
 * opens none; `repository_damaged`, naming them, when not one key file is whole.
 */
export async function* openKeys(
  store: ObjectStore,
  password: Secret<string>,
  { maxKeys = defaultMaxKeys, signal }: KeySearch = {},
): AsyncGenerator<Secret<MasterKey>, void, undefined> {
  const options = signal ? { signal } : {};
  const damaged: HoldfastError[] = [];
  let opened = 0;
  const infos = await store.list('keys', options);
  for (const { name } of infos.slice(0, maxKeys)) {
    try {
      const key = await tryKey(name, await store.read({ type: 'keys', name }, options), password);
      if (key) {
        opened++;
        yield key;
      }
    } catch (error) {
      if (
        !isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'object_not_found', 'storage_failed')
      )
        throw error;
      damaged.push(error);
    }
    signal?.throwIfAborted();
  }
  if (opened === 0) throw noKey(store.location, { count: infos.length, maxKeys }, damaged);
}

async function tryKey(
  name: ObjectId,
  file: Bytes,
  password: Secret<string>,
): Promise<Secret<MasterKey> | undefined> {
  const what = `key ${name}`;
  if (idOf(file) !== name)
    throw new HoldfastError('repository_damaged', `${what} is damaged: SHA-256 differs`);
  return openKeyFile(parseKeyFile(file, what), password, what);
}

function noKey(
  location: string,
  { count, maxKeys }: { readonly count: number; readonly maxKeys: number },
  damaged: readonly HoldfastError[],
): HoldfastError {
  const details = damaged.map((error) => `; ${error.message}`).join('');
  if (count === 0 || damaged.length === count) {
    const message = `${location} has no key that can be read${details}`;
    return new HoldfastError('repository_damaged', message, {
      hint: 'bring the files of keys/ back from a copy of the repository, or use the kept master key',
    });
  }
  const tried = Math.min(count, maxKeys) - damaged.length;
  const rest = count > maxKeys ? ` (there are ${count}, only ${maxKeys} are tried)` : '';
  const message = `the password opens none of the ${tried} keys of ${location}${rest}${details}`;
  return new HoldfastError('repository_wrong_key', message, { hint: 'check the password' });
}
