import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

/** What a node proves its identity with. */
export interface Credentials {
  /** As it is sent: DER, the leaf, then the issuing certificate. */
  readonly chain: readonly Bytes[];
  readonly privateKey: KeyObject;
  /** The OCSP answer about the leaf to be stapled, in DER; undefined while there is none. */
  readonly staple?: () => Promise<Bytes | undefined>;
}
