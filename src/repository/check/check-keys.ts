import { isHoldfastError } from '../../base/index.ts';
import type { ObjectStore } from '../../storage/index.ts';
import { idOf } from '../format/blob.ts';
import { parseKeyFile } from '../format/key-file.ts';
import type { CheckReport } from './check-report.ts';

/** Looks at every key file as far as one can without its password. */
export async function checkKeys(
  store: ObjectStore,
  report: CheckReport,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  for (const { name } of await store.list('keys', options)) {
    try {
      const file = await store.read({ type: 'keys', name }, options);
      if (idOf(file) !== name) report.error('key', name, `key ${name} is damaged: SHA-256 differs`);
      else parseKeyFile(file, `key ${name}`);
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'storage_failed')) throw error;
      report.error('key', name, error.message);
    }
  }
}
