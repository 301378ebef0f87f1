import { equalBytes } from '../../base/index.ts';
import { describePublicKey } from '../key/index.ts';
import { equalNames } from '../name/index.ts';
import type { TbsCertificate } from './certificate.ts';
import { extensionOids } from './extensions.ts';
import type { KeyUsage } from './usage-extensions.ts';

/** What is let through though RFC 5280 does not have it, where somebody has said so. */
export interface LintOptions {
  /** Host names with underscores (§4.2.1.6 has RFC 1034 §3.5). */
  readonly underscores?: boolean | undefined;
}

/** A certificate that is to be signed, as it will be read. */
export interface LintedCertificate extends TbsCertificate {
  /** The tags of notBefore and notAfter. */
  readonly timeTags: readonly number[];
  /** Whether host names with underscores are let through. */
  readonly underscores: boolean;
}

/** One rule: what is wrong, with the section of RFC 5280 that says so, or undefined. */
export type LintRule = (certificate: LintedCertificate) => string | undefined;

/** What RFC 5280 §4.2 says of extensions, but for the names in them. */
export const lintExtensions: readonly LintRule[] = [
  noneUnknown,
  criticalOnes,
  uncriticalOnes,
  authorityKey,
  subjectKey,
  basicConstraints,
  nameConstraints,
  usageOfAuthority,
  usageOfKey,
  purposes,
  purposeOfOcsp,
];

const mustBeCritical = ['basicConstraints', 'keyUsage', 'nameConstraints'] as const;
const mustNotBeCritical = [
  'authorityKeyId',
  'subjectKeyId',
  'authorityInfoAccess',
  'crlDistributionPoints',
  'extendedKeyUsage',
  'ocspNoCheck',
] as const;

/** Ours: nothing is signed that we could not judge. */
function noneUnknown({ extensions }: LintedCertificate): string | undefined {
  const unknown = [...extensions.all.keys()].find((oid) => !signed.includes(oid));
  return unknown && `it has the extension ${unknown}, which is not known here (§4.2)`;
}

/** What certificates of ours have; those of others may have more. */
const signed: readonly string[] = [...mustBeCritical, ...mustNotBeCritical, 'subjectAltNames' as const].map(
  (name) => extensionOids[name],
);

function criticalOnes(certificate: LintedCertificate): string | undefined {
  const wrong = marked(certificate, mustBeCritical, false);
  return wrong && `not critical, which they have to be: ${wrong} (§4.2.1)`;
}

function uncriticalOnes(certificate: LintedCertificate): string | undefined {
  const wrong = marked(certificate, mustNotBeCritical, true);
  return wrong && `critical, which they may not be: ${wrong} (§4.2)`;
}

/** Those of the extensions named that are there and marked so. */
function marked(
  { extensions }: LintedCertificate,
  names: readonly (keyof typeof extensionOids)[],
  critical: boolean,
): string | undefined {
  const found = names.filter((name) => extensions.all.get(extensionOids[name])?.critical === critical);
  return found.length === 0 ? undefined : found.join(', ');
}

/** Everybody names the key of the issuer by its identifier; a root may leave its own out. */
function authorityKey({ issuer, subject, extensions }: LintedCertificate): string | undefined {
  const { authorityKeyId, subjectKeyId } = extensions;
  const selfIssued = subject.length > 0 && equalNames(issuer, subject);
  if (authorityKeyId === undefined && selfIssued) return undefined;
  const { keyId, serial } = authorityKeyId ?? {};
  if (keyId === undefined || keyId.length === 0) return 'it does not name the key of its issuer (§4.2.1.1)';
  if (serial !== undefined) return 'it names its issuer by more than its key (§4.2.1.1)';
  const own = subjectKeyId !== undefined && equalBytes(keyId, subjectKeyId);
  return own && !selfIssued ? 'it names its own key as that of its issuer (§4.2.1.1)' : undefined;
}

function subjectKey({ extensions }: LintedCertificate): string | undefined {
  const { subjectKeyId } = extensions;
  return subjectKeyId === undefined || subjectKeyId.length === 0
    ? 'it has no subject key identifier (§4.2.1.2)'
    : undefined;
}

function basicConstraints({ extensions }: LintedCertificate): string | undefined {
  const { basicConstraints } = extensions;
  if (basicConstraints === undefined) return 'it has no basic constraints (§4.2.1.9)';
  const { ca, pathLength } = basicConstraints;
  return !ca && pathLength !== undefined ? 'it has a path length but is no authority (§4.2.1.9)' : undefined;
}

function nameConstraints({ extensions }: LintedCertificate): string | undefined {
  if (extensions.nameConstraints === undefined) return undefined;
  if (!isAuthority({ extensions })) return 'it has name constraints but is no authority (§4.2.1.10)';
  const { permitted, excluded } = extensions.nameConstraints;
  return [...permitted, ...excluded].some(({ kind }) => kind === 'other')
    ? 'it constrains names of a kind that has no rules (§4.2.1.10)'
    : undefined;
}

function usageOfAuthority({ extensions }: LintedCertificate): string | undefined {
  const { keyUsage = [] } = extensions;
  const signs = keyUsage.includes('keyCertSign');
  if (keyUsage.length === 0) return 'it does not say what its key is for (§4.2.1.3)';
  if (isAuthority({ extensions }))
    return signs ? undefined : 'an authority may not sign certificates (§4.2.1.3)';
  const excess = keyUsage.find((usage) => usage === 'keyCertSign' || usage === 'cRLSign');
  return excess && `it has the key usage ${excess} but is no authority (§4.2.1.3, §4.2.1.9)`;
}

const signatures: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation', 'keyCertSign', 'cRLSign'];
/** RFC 3279 §2.3.1, RFC 5480 §3, RFC 8410 §5, RFC 9881 §5. */
const usagesOf: Readonly<Record<string, readonly KeyUsage[]>> = {
  rsa: [...signatures, 'keyEncipherment', 'dataEncipherment'],
  'rsa-pss': signatures,
  ec: [...signatures, 'keyAgreement', 'encipherOnly', 'decipherOnly'],
  ed25519: signatures,
  'ml-dsa': signatures,
};

function usageOfKey({ spki, extensions }: LintedCertificate): string | undefined {
  const { kind } = describePublicKey(spki);
  const excess = extensions.keyUsage?.find((usage) => !usagesOf[kind]?.includes(usage));
  return excess && `it has the key usage ${excess}, which a key of the kind ${kind} has not (RFC 3279 §2.3)`;
}

/** Ours: a node's certificate says what it is for, and never that it is for anything. */
function purposes({ extensions }: LintedCertificate): string | undefined {
  const { extendedKeyUsage: purposes = [], keyUsage } = extensions;
  if (purposes.includes('anyExtendedKeyUsage')) return 'it is for any purpose (§4.2.1.12)';
  if (new Set(purposes).size < purposes.length) return 'it names a purpose twice (§4.2.1.12)';
  if (isAuthority({ extensions })) return undefined;
  if (purposes.length === 0) return 'it does not say what it is for (§4.2.1.12)';
  return keyUsage?.includes('digitalSignature') ? undefined : 'its key may not sign (§4.2.1.12)';
}

/** RFC 6960 §4.2.2.2: who answers OCSP does nothing else, and is not asked about itself. */
function purposeOfOcsp({ extensions }: LintedCertificate): string | undefined {
  const { extendedKeyUsage = [], ocspNoCheck } = extensions;
  if (!extendedKeyUsage.includes('OCSPSigning'))
    return ocspNoCheck === true
      ? 'it is not to be checked but answers no OCSP (RFC 6960 §4.2.2.2.1)'
      : undefined;
  return extendedKeyUsage.length === 1 && !isAuthority({ extensions })
    ? undefined
    : 'it answers OCSP and is for something else too (RFC 6960 §4.2.2.2)';
}

function isAuthority({ extensions }: Pick<LintedCertificate, 'extensions'>): boolean {
  return extensions.basicConstraints?.ca === true;
}
