import { type Bytes, type Clock, HoldfastError, isHoldfastError, type Secret } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { parseConfig } from './format/config.ts';
import { openKeyFile, parseKeyFile } from './format/key-file.ts';
import type { MasterKey, UnitCipher } from './format/unit.ts';
import { newCipher, Repository } from './repository.ts';

/** What opens a repository: a password of one of its key files, or the master key itself, which needs no scrypt. */
type RepositoryKey = { readonly password: Secret<string> } | { readonly masterKey: Secret<MasterKey> };

interface OpenOptions {
  readonly key: RepositoryKey;
  /** The most key files that a password is tried on; 20 unless said. */
  readonly maxKeys?: number;
  /** What the `config` said once (`Repository.configText`), for a repository that a master key opens and whose `config` is damaged. */
  readonly keptConfig?: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Opens a repository. `repository_missing` when nothing is there, `repository_wrong_key` when the key is not one of
 * its keys, `repository_unsupported` for a format of the future, `repository_damaged` naming what is.
 */
export async function openRepository(store: ObjectStore, options: OpenOptions): Promise<Repository> {
  const { key, maxKeys, clock, signal } = options;
  const cancel = signal ? { signal } : {};
  const file = await readConfig(store, cancel);
  const keys: Iterable<OpenedKey> | AsyncIterable<OpenedKey> =
    'masterKey' in key ? [{ masterKey: key.masterKey }] : openKeys(store, key.password, { maxKeys, signal });
  // More than one key opens only where two runs made the repository at once; the config tells which of them won.
  if (!(file instanceof HoldfastError)) {
    for await (const { masterKey, id: openedBy } of keys) {
      const json = newCipher(masterKey).unseal(file);
      if (!json) continue;
      const config = parseConfig(json, store.location);
      return new Repository({ store, config, masterKey, openedBy, clock });
    }
  }
  if ('masterKey' in key && (await sealedAny(store, newCipher(key.masterKey), cancel)))
    return openByKept(store, key.masterKey, damagedConfig(store, file), options);
  if (file instanceof HoldfastError) throw file;
  throw 'masterKey' in key ? wrongMasterKey(store) : damagedConfig(store, file);
}

/** Its bytes, or that there are none. */
async function readConfig(
  store: ObjectStore,
  options: { signal?: AbortSignal },
): Promise<Uint8Array | HoldfastError> {
  try {
    return await store.read({ type: 'config' }, options);
  } catch (cause) {
    if (!isHoldfastError(cause, 'object_not_found')) throw cause;
    return new HoldfastError('repository_missing', `there is no repository at ${store.location}`, {
      hint: 'check the location; holdfast backup --init PATH makes a new repository',
      cause,
    });
  }
}

/** The config is small and never changes: a kept copy is as good. */
function openByKept(
  store: ObjectStore,
  masterKey: Secret<MasterKey>,
  damage: HoldfastError,
  { keptConfig, clock }: OpenOptions,
): Repository {
  if (keptConfig === undefined) throw damage;
  const config = parseConfig(Buffer.from(keptConfig), 'the kept copy');
  const said = `${damage.message}; the copy that this machine keeps is used: bring the file back, for other programs`;
  return new Repository({ store, config, masterKey, damage: said, clock });
}

function wrongMasterKey(store: ObjectStore): HoldfastError {
  const message = `the kept key does not open the repository at ${store.location}`;
  return new HoldfastError('repository_wrong_key', message, {
    hint: 'it is another repository than before; name a file with its password: --password-file FILE',
  });
}

function damagedConfig(store: ObjectStore, file: Uint8Array | HoldfastError): HoldfastError {
  const found =
    file instanceof HoldfastError
      ? 'is gone, and other files of it are there'
      : `is damaged: its ${file.length} bytes are not those that were written`;
  return new HoldfastError('repository_damaged', `the config of ${store.location} ${found}`, {
    hint: 'keys, packs, indexes and snapshots are readable without it; bring config back from a copy of the repository',
  });
}

/** The kinds of files that are one sealed unit, the smallest first. */
const sealedTypes = ['snapshots', 'locks', 'index'] as const;
/** Whoever can write beside us could put any number of files of their own there. */
const maxLooks = 16;

/**
 * Whether a file of this repository, of those whose bytes are still what their name says, was sealed with this key. It tells a
 * damaged `config`, which has no name of that kind, from that of another repository.
 */
async function sealedAny(
  store: ObjectStore,
  cipher: UnitCipher,
  cancel: { readonly signal?: AbortSignal },
): Promise<boolean> {
  for (const type of sealedTypes) {
    for (const { name } of (await store.list(type, cancel)).slice(0, maxLooks)) {
      const file = await store.read({ type, name }, cancel).catch((error: unknown) => {
        if (isHoldfastError(error, 'object_not_found', 'object_corrupt')) return undefined;
        throw error;
      });
      if (file !== undefined && idOf(file) === name && cipher.unseal(file) !== undefined) return true;
    }
  }
  return false;
}

/** So many keys are tried, as by restic: each takes half a second, and anybody who may write can add more. */
const defaultMaxKeys = 20;

/** How key files are searched. */
interface KeySearch {
  /** So many are tried. */
  readonly maxKeys?: number;
  readonly signal?: AbortSignal;
}

/** A master key, and the key file that it came out of where a password opened one. */
interface OpenedKey {
  readonly masterKey: Secret<MasterKey>;
  readonly id?: ObjectId;
}

/**
 * The master keys out of the key files that the password opens, nearly always one. `repository_wrong_key` when it
 * opens none; `repository_damaged`, naming them, when not one key file is whole.
 */
export async function* openKeys(
  store: ObjectStore,
  password: Secret<string>,
  { maxKeys = defaultMaxKeys, signal }: KeySearch = {},
): AsyncGenerator<Required<OpenedKey>, void, undefined> {
  const options = signal ? { signal } : {};
  const damaged: HoldfastError[] = [];
  let opened = 0;
  const infos = await store.list('keys', options);
  for (const { name } of infos.slice(0, maxKeys)) {
    try {
      const masterKey = await tryKey(name, await store.read({ type: 'keys', name }, options), password);
      if (masterKey) {
        opened++;
        yield { masterKey, id: name };
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
