import type { Bytes } from '../../base/index.ts';
import { type ObjectIdentifier, registerOids } from '../der/index.ts';
import type { GeneralName, NameConstraints } from '../name/index.ts';
import type { AuthorityKeyId } from './authority-key-id.ts';
import type { DistributionPoint } from './distribution-points.ts';
import type { BasicConstraints, ExtendedKeyUsage, KeyUsage } from './key-usage.ts';
import type { CertificatePolicies, PolicyConstraints, PolicyMapping } from './policy-extensions.ts';

/** The extensions that are read here, and some of them written (RFC 5280 §4.2; RFC 6960 §4.2.2.2.1 for ocspNoCheck). */
export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyId: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
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
  readonly certificatePolicies?: CertificatePolicies;
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: PolicyConstraints;
  /** After how many further certificates anyPolicy stands for none (§4.2.1.14). */
  readonly inhibitAnyPolicy?: number;
  /** Where it is said whether the certificate is revoked (cRLDistributionPoints). */
  readonly crlPoints: readonly DistributionPoint[];
  /** Where what has changed since is said (freshestCRL, §4.2.1.15). */
  readonly freshestCrlPoints: readonly DistributionPoint[];
  /** Where CRLs of the issuer itself, for all reasons, are, as `crlPoints` say. */
  readonly crlUrls: readonly string[];
  /** Where the issuer answers OCSP (authorityInfoAccess). */
  readonly ocspUrls: readonly string[];
  /** Where the issuer's certificate is (authorityInfoAccess, caIssuers). */
  readonly issuerUrls: readonly string[];
  /** Of who signs OCSP answers: its own revocation is not to be asked for. */
  readonly ocspNoCheck?: true;
}
