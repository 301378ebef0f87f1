import { type Clock, isHoldfastError, type Secret } from '../../base/index.ts';
import type { ObjectStore } from '../../storage/index.ts';
import { encodeConfig, parseConfig } from '../format/config.ts';
import type { MasterKey } from '../format/unit.ts';
import { openRepository } from '../open-repository.ts';
import { newCipher, type Repository } from '../repository.ts';

/** Of which repository something is kept. */
interface SpoolOptions {
  readonly masterKey: Secret<MasterKey>;
  /** What its `config` says (`Repository.configText`). */
  readonly configText: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Opens a store in which new files of a repository wait that is out of reach, with its key and its config, so that each can be
 * stored there as it is; makes it where there is none.
 */
export async function openSpool(store: ObjectStore, options: SpoolOptions): Promise<Repository> {
  const { masterKey, configText, signal, ...rest } = options;
  const cancel = signal ? { signal } : {};
  const key = { masterKey };
  try {
    return await openRepository(store, { key, ...rest, ...cancel });
  } catch (error) {
    if (!isHoldfastError(error, 'repository_missing')) throw error;
  }
  await store.create(cancel);
  const config = encodeConfig(parseConfig(Buffer.from(configText), 'the kept config'));
  const file = newCipher(masterKey).seal(config);
  await store.write({ type: 'config' }, [file], { size: file.length, ...cancel });
  return await openRepository(store, { key, ...rest, ...cancel });
}
