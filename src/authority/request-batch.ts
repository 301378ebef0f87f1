import type { Bytes } from '../base/index.ts';

/** Requests for the thread: their DER, one after the other. */
export interface RequestBatch {
  readonly bytes: Bytes;
  readonly lengths: readonly number[];
}
