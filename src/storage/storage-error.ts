import { HoldfastError, systemErrorCode, systemErrorHint } from '../base/index.ts';
import { formatObjectRef, type ObjectRef } from './object-store.ts';

/** That `ref` is not there. */
export function notFoundError(ref: ObjectRef, location: string, cause?: unknown): HoldfastError {
  return new HoldfastError('object_not_found', `${formatObjectRef(ref)} is not in ${location}`, { cause });
}

/** That something else is already stored under the name of `ref`. */
export function existsError(ref: ObjectRef, location: string): HoldfastError {
  return new HoldfastError(
    'object_exists',
    `${formatObjectRef(ref)} is already in ${location} with other content`,
  );
}

/**
 * What a failed system call means for a store: no room is `storage_full`, any other system error `storage_failed`.
 * Errors that already say what they mean, and bugs, are returned as they are.
 */
export function storageError(error: unknown, doing: string): unknown {
  const code = systemErrorCode(error);
  if (!(error instanceof Error) || error instanceof HoldfastError || !code?.startsWith('E')) return error;
  if (code.startsWith('ERR_')) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HoldfastError('storage_full', `${doing}: no space left`, {
      hint: 'free space where the repositories are stored, then run the same again',
      cause: error,
    });
  }
  return new HoldfastError('storage_failed', `${doing}: ${error.message}`, {
    hint: systemErrorHint,
    cause: error,
  });
}

/** Runs `work` and throws its failures as {@link storageError} explains them. */
export async function explainStorageErrors<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, doing);
  }
}
