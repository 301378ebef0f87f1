import type { Bytes } from '../base/index.ts';
import type { BasicConstraints } from './basic-constraints.ts';
import type { ExtendedKeyUsage } from './extended-key-usage.ts';
import type { GeneralName } from './general-name.ts';
import type { KeyUsage } from './key-usage.ts';
import type { NameConstraints } from './name-constraints.ts';

/** The extensions of a certificate to be written; what is undefined or an empty list is left out. */
export interface ExtensionTemplate {
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly subjectAltNames?: readonly GeneralName[];
  /** `keyIdentifier` of the subject's key when it is not given. */
  readonly subjectKeyId?: Bytes;
  /** The issuer's subject key identifier. */
  readonly authorityKeyId?: Bytes;
  readonly nameConstraints?: NameConstraints;
  readonly crlUrls?: readonly string[];
  readonly ocspUrls?: readonly string[];
  readonly issuerUrls?: readonly string[];
}
