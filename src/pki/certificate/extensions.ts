import type { Bytes } from '../../base/index.ts';
import { type ObjectIdentifier, registerOids } from '../der/index.ts';
import type { GeneralName, NameConstraints } from '../name/index.ts';
import type { AuthorityKeyId } from './authority-key-id.ts';
import type { BasicConstraints, ExtendedKeyUsage, KeyUsage } from './key-usage.ts';

/** The extensions that are read and written here (RFC 5280 §4.2; RFC 6960 §4.2.2.2.1 for ocspNoCheck). */
export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(extensionOids));

/** One extension as it stands in the certificate or request. */
export interface Extension {
  readonly oid: ObjectIdentifier;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Bytes;
}

/** The extensions of a certificate, or those a request asks for. Lists are empty when the extension is not there. */
export interface Extensions {
  /** All, in their order; `all.get(extensionOids.keyUsage)?.critical` tells whether one is critical. */
  readonly all: ReadonlyMap<ObjectIdentifier, Extension>;
  /** Critical and not among {@link extensionOids}: whoever relies on the certificate must refuse it (RFC 5280 §4.2). */
  readonly unknownCritical: readonly ObjectIdentifier[];
  readonly basicConstraints?: BasicConstraints;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly subjectAltNames: readonly GeneralName[];
  readonly subjectKeyId?: Bytes;
  readonly authorityKeyId?: AuthorityKeyId;
  readonly nameConstraints?: NameConstraints;
  /** Where CRLs of the issuer itself, for all reasons, are (cRLDistributionPoints). */
  readonly crlUrls: readonly string[];
  /** Where the issuer answers OCSP (authorityInfoAccess). */
  readonly ocspUrls: readonly string[];
  /** Where the issuer's certificate is (authorityInfoAccess, caIssuers). */
  readonly issuerUrls: readonly string[];
  /** Of who signs OCSP answers: its own revocation is not to be asked for. */
  readonly ocspNoCheck?: true;
}
