import { equalBytes } from '../base/index.ts';
import {
  type Certificate,
  commonName,
  extensionOids,
  formatGeneralName,
  isHostName,
  isSelfIssued,
  looksLikeHost,
} from '../pki/index.ts';
import { notAllowed } from './path-limits.ts';

/**
 * By what a certificate is judged beside the path itself. `private`: the profile of RFC 5280 §4, by the letter. `public`: that,
 * and what the baseline requirements of the CA/Browser Forum ask of the public web; for roots that browsers come with.
 * `chosen`: the path alone (RFC 5280 §6), for roots that a person of this network has chosen by their fingerprint: what the
 * profile asks of whoever issues, and nobody is harmed by when it is missing, is not asked of them.
 */
export type RuleSet = 'private' | 'public' | 'chosen';

/** Where in a path a certificate stands. */
export type Place = 'leaf' | 'between' | 'anchor';

/**
 * Checks that the fields and extensions of a certificate say what they may say (RFC 5280 §4).
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkProfile(certificate: Certificate, place: Place, rules: RuleSet): void {
  for (const rule of rulesOf[rules]) {
    const problem = rule(certificate, place);
    if (problem !== undefined) throw notAllowed(certificate, problem);
  }
}

/** One rule: what is wrong, as the sentence goes on after the certificate's name, or undefined. */
type ProfileRule = (certificate: Certificate, place: Place) => string | undefined;

const everywhere: readonly ProfileRule[] = [
  serialNumber,
  unknownCritical,
  neverCritical,
  emptyKeyUsage,
  policyQualifiers,
  constraintsOfLeaf,
  subject,
  issuer,
];

const ofIssuers: readonly ProfileRule[] = [
  criticalBasicsOfRoot,
  subjectKey,
  authorityKey,
  signingWithoutAuthority,
  hostNames,
];

const ofPublicWeb: readonly ProfileRule[] = [
  criticalBasics,
  rootNamesItsKey,
  rootPurpose,
  leafIsNoAuthority,
  leafPurpose,
  leafNames,
  leafCommonName,
];

const rulesOf: Readonly<Record<RuleSet, readonly ProfileRule[]>> = {
  chosen: everywhere,
  private: [...everywhere, ...ofIssuers, criticalNameConstraints],
  public: [...everywhere, ...ofIssuers, ...ofPublicWeb],
};

/** §4.1.2.2; a few old roots have it. */
function serialNumber({ serial }: Certificate, place: Place): string | undefined {
  return place !== 'anchor' && serial === '00' ? 'has the serial number zero' : undefined;
}

/** §4.2. */
function unknownCritical({ extensions }: Certificate): string | undefined {
  const { unknownCritical } = extensions;
  if (unknownCritical.length === 0) return undefined;
  return `has critical extensions that are not known here: ${unknownCritical.join(', ')}`;
}

/** §4.2.1.1, §4.2.1.2, §4.2.1.15, §4.2.2.1. */
function neverCritical({ extensions }: Certificate): string | undefined {
  const found = (['authorityKeyId', 'subjectKeyId', 'authorityInfoAccess', 'freshestCrl'] as const).find(
    (name) => isCritical(extensions, name),
  );
  return found && `marks its ${found} as critical, which it may not be`;
}

/** §4.2.1.3: a key that is for nothing. */
function emptyKeyUsage({ extensions }: Certificate): string | undefined {
  return extensions.keyUsage?.length === 0 ? 'has a key usage without a single use' : undefined;
}

/** §4.2.1.4: what is critical has to be understood whole. */
function policyQualifiers({ extensions }: Certificate): string | undefined {
  const { certificatePolicies } = extensions;
  if (!certificatePolicies?.hasUnknownQualifier || !isCritical(extensions, 'certificatePolicies'))
    return undefined;
  return 'qualifies its policies, which are critical, in a way that is not known here';
}

/** §4.2.1.10. */
function constraintsOfLeaf({ extensions }: Certificate): string | undefined {
  const { nameConstraints, basicConstraints } = extensions;
  if (nameConstraints === undefined || basicConstraints?.ca === true) return undefined;
  return 'has name constraints but is not an authority';
}

/** §4.1.2.6. */
function subject({ subject, extensions }: Certificate): string | undefined {
  if (subject.length > 0) return undefined;
  if (extensions.basicConstraints?.ca === true) return 'is an authority without a name';
  return isCritical(extensions, 'subjectAltNames')
    ? undefined
    : 'has neither a subject nor critical alternative names';
}

/** §4.1.2.4. */
function issuer({ issuer }: Certificate): string | undefined {
  return issuer.length === 0 ? 'has no issuer' : undefined;
}

/** §4.2.1.9, of what is chosen to be believed; a path below asks no more than that it is there (§6.1.4 (k)). */
function criticalBasicsOfRoot(certificate: Certificate, place: Place): string | undefined {
  return place === 'anchor' ? criticalBasics(certificate) : undefined;
}

/** Baseline requirements §7.1.2.10.4. */
function criticalBasics({ extensions }: Certificate): string | undefined {
  const { basicConstraints } = extensions;
  if (basicConstraints?.ca !== true || isCritical(extensions, 'basicConstraints')) return undefined;
  return 'does not mark as critical that it is an authority (basicConstraints)';
}

/** §4.2.1.10; the baseline requirements (§7.1.2.10.8) leave it open. */
function criticalNameConstraints({ extensions }: Certificate): string | undefined {
  const { nameConstraints } = extensions;
  if (nameConstraints === undefined || isCritical(extensions, 'nameConstraints')) return undefined;
  return 'does not mark its name constraints as critical';
}

/** §4.2.1.2. */
function subjectKey({ extensions }: Certificate): string | undefined {
  const { basicConstraints, subjectKeyId } = extensions;
  if (basicConstraints?.ca !== true || subjectKeyId !== undefined) return undefined;
  return 'is an authority without a subject key identifier';
}

/** §4.2.1.1: a certificate names its issuer's key; nothing is looked for from an anchor. */
function authorityKey(certificate: Certificate, place: Place): string | undefined {
  if (place === 'anchor') return undefined;
  return certificate.extensions.authorityKeyId?.keyId === undefined
    ? 'does not name the key of its issuer'
    : undefined;
}

/** §4.2.1.3, §4.2.1.9. */
function signingWithoutAuthority({ extensions }: Certificate): string | undefined {
  const { basicConstraints, keyUsage } = extensions;
  if (basicConstraints?.ca === true || !keyUsage?.includes('keyCertSign')) return undefined;
  return 'has a key that may sign certificates (keyCertSign), but is not an authority';
}

/** §4.2.1.6: the preferred syntax, without underscores, but for a wildcard. */
function hostNames({ extensions }: Certificate, place: Place): string | undefined {
  if (place !== 'leaf') return undefined;
  const wrong = extensions.subjectAltNames.find(
    (name) => name.kind === 'dns' && !isHostName(name.value.replace(/^\*\./, '')),
  );
  return wrong && `has the name ${formatGeneralName(wrong)}, which is no host name`;
}

/** Baseline requirements §7.1.2.1.3. */
function rootNamesItsKey(certificate: Certificate, place: Place): string | undefined {
  const { authorityKeyId, subjectKeyId } = certificate.extensions;
  if (place !== 'anchor' || authorityKeyId === undefined || !isSelfIssued(certificate)) return undefined;
  const { keyId, issuer, serial } = authorityKeyId;
  if (issuer !== undefined || serial !== undefined || keyId === undefined)
    return 'names its own key by something else than its identifier';
  return subjectKeyId === undefined || !equalBytes(keyId, subjectKeyId)
    ? 'is a root but names the key of another'
    : undefined;
}

/** Baseline requirements §7.1.2.1.2. */
function rootPurpose({ extensions }: Certificate, place: Place): string | undefined {
  return place === 'anchor' && extensions.extendedKeyUsage !== undefined
    ? 'is a root that names purposes'
    : undefined;
}

/** Baseline requirements §7.1.2.7.8. */
function leafIsNoAuthority({ extensions }: Certificate, place: Place): string | undefined {
  return place === 'leaf' && extensions.basicConstraints?.ca === true
    ? 'is an authority and not a server'
    : undefined;
}

/** Baseline requirements §7.1.2.7.6, §7.1.2.7.10. */
function leafPurpose({ extensions }: Certificate, place: Place): string | undefined {
  if (place !== 'leaf') return undefined;
  const { extendedKeyUsage } = extensions;
  if (extendedKeyUsage === undefined) return 'does not say what it is for';
  if (extendedKeyUsage.includes('anyExtendedKeyUsage')) return 'is for any purpose';
  return isCritical(extensions, 'extendedKeyUsage') ? 'marks its purposes as critical' : undefined;
}

/** Baseline requirements §7.1.2.7.12. */
function leafNames({ subject, extensions }: Certificate, place: Place): string | undefined {
  return place === 'leaf' && subject.length > 0 && isCritical(extensions, 'subjectAltNames')
    ? 'marks its names as critical though it has a subject'
    : undefined;
}

/**
 * Baseline requirements §7.1.4.3: a copy of one of the names, character by character. What nobody takes for a host, a domain
 * above the names, and a host beside addresses alone are let be, as those who test the web by published cases have it.
 */
function leafCommonName({ subject, extensions }: Certificate, place: Place): string | undefined {
  const common = commonName(subject);
  if (place !== 'leaf' || common === undefined) return undefined;
  const isAddress = common.includes(':') || /^[\d.]+$/.test(common) || /^0x[\da-f]+$/i.test(common);
  const kind = isAddress ? 'ip' : 'dns';
  if (kind === 'dns' && !looksLikeHost(common)) return undefined;
  const names = extensions.subjectAltNames.flatMap((name) => (name.kind === kind ? [name.value] : []));
  if (names.length === 0 || names.some((name) => name === common || name.endsWith(`.${common}`)))
    return undefined;
  return `calls itself ${JSON.stringify(common)}, which is none of its names: ${names.join(', ')}`;
}

function isCritical({ all }: Certificate['extensions'], name: keyof typeof extensionOids): boolean {
  return all.get(extensionOids[name])?.critical === true;
}
