import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

/** Work for the thread: pieces of memory, one after the other, two for each request. */
export interface IssuingBatch {
  /** Of each request its DER, and the certificate that is to be signed (TBSCertificate), empty where there is none. */
  readonly bytes: Bytes;
  readonly lengths: readonly number[];
  /** What signs; undefined when there is nothing to sign. */
  readonly key: KeyObject | undefined;
}

/** What the thread found, for each request: that it does not prove its key, that it does, or the signature besides. */
export type IssuingResult = false | true | Bytes;
