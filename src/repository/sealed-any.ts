import { isHoldfastError } from '../base/index.ts';
import type { ObjectStore } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import type { UnitCipher } from './format/unit.ts';

/** The kinds of files that are one sealed unit, the smallest first. */
const sealedTypes = ['snapshots', 'locks', 'index'] as const;
/** Whoever can write beside us could put any number of files of their own there. */
const maxLooks = 16;

/**
 * Whether a file of this repository, of those whose bytes are still what their name says, was sealed with this key. It tells a
 * damaged `config`, which has no name of that kind, from that of another repository.
 */
export async function sealedAny(
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
