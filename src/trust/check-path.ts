import { HoldfastError, isHoldfastError, secondMs } from '../base/index.ts';
import { type Certificate, describePublicKey, isSelfIssued } from '../pki/index.ts';
import { checkProfile, type Place, type RuleSet } from './certificate-profile.ts';
import { checkNameConstraints } from './check-name-constraints.ts';
import { checkPolicies, type PolicyRequest } from './check-policies.ts';
import { certificateLabel, notAllowed, type PathLimits } from './path-limits.ts';
import { isRevokedByRoot, type RootList } from './root-list.ts';

interface PathRules {
  readonly at: Date;
  readonly purpose: PathPurpose;
  readonly rules: RuleSet;
  /** How many intermediate authorities, self-issued ones not counted, there may be. */
  readonly maxDepth: number;
  /** What roots have revoked. */
  readonly rootLists: readonly RootList[];
  readonly policies: PolicyRequest;
  readonly limits: Pick<PathLimits, 'comparisons' | 'policies'>;
}

/**
 * What is wrong with a path whose names and signatures chain (leaf first, anchor last), or undefined (RFC 5280 §6.1.3
 * and §6.1.4). It is judged from the anchor down, so that the first thing said is the one that all below rests on.
 */
export function checkPath(path: readonly Certificate[], rules: PathRules): HoldfastError | undefined {
  try {
    // Certificates know whole seconds, and their last one is their own (§4.1.2.5).
    const at = new Date(Math.floor(rules.at.getTime() / secondMs) * secondMs);
    checkDepth(path, rules.maxDepth);
    for (const [below, certificate] of [...path.entries()].reverse()) {
      checkKey(certificate);
      checkProfile(certificate, placeOf(path, below), rules.rules);
      if (below > 0) checkAuthority(path, below, rules.rules);
      if (rules.purpose !== 'any') checkPurpose(certificate, rules.purpose);
      checkValidity(certificate, at);
    }
    checkRootLists(path, rules.rootLists);
    checkNameConstraints(path, rules.limits);
    checkPolicies(path, rules.policies, rules.limits);
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

function placeOf(path: readonly Certificate[], below: number): Place {
  if (below === 0) return 'leaf';
  return below === path.length - 1 ? 'anchor' : 'between';
}

function checkDepth(path: readonly Certificate[], maxDepth: number): void {
  const depth = path.slice(1, -1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (depth > maxDepth)
    throw notAllowed(
      path[0] as Certificate,
      `has ${depth} authorities above it, at most ${maxDepth} are allowed`,
    );
}

/** Keys that are weak or of no accepted kind are refused (CA/B baseline requirements §6.1.5). @throws HoldfastError `certificate_not_allowed` */
export function checkKey(certificate: Certificate): void {
  const key = describeKey(certificate);
  if ('modulusBits' in key && key.modulusBits % 8 !== 0) {
    throw notAllowed(certificate, `has an RSA key of ${key.modulusBits} bits, not a multiple of 8`);
  }
}

function describeKey(certificate: Certificate): ReturnType<typeof describePublicKey> {
  try {
    return describePublicKey(certificate.spki);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw notAllowed(certificate, `has a key that is not accepted: ${error.message}`, error);
  }
}

/** RFC 5280 §6.1.4 (k)–(n) for the certificate at `index` of a path, which has issued the one before it. */
function checkAuthority(path: readonly Certificate[], index: number, rules: RuleSet): void {
  const certificate = path[index] as Certificate;
  const { basicConstraints, keyUsage } = certificate.extensions;
  if (basicConstraints?.ca !== true && !isOldRoot(path, index, rules))
    throw notAllowed(certificate, 'is not an authority, but has issued certificates');
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    throw notAllowed(certificate, 'may not sign certificates (keyCertSign), but has');
  }
  const depth = path.slice(1, index).filter((each) => !isSelfIssued(each)).length;
  const allowed = basicConstraints?.pathLength ?? Number.POSITIVE_INFINITY;
  if (depth > allowed)
    throw notAllowed(certificate, `allows ${allowed} authorities below it, found ${depth}`);
}

/** §6.1.4 (k): before version 3 no certificate could say that it is an authority; whoever chose it as a root has said so. */
function isOldRoot(path: readonly Certificate[], index: number, rules: RuleSet): boolean {
  return rules === 'chosen' && index === path.length - 1 && (path[index] as Certificate).version < 3;
}

/** @throws HoldfastError `certificate_not_yet_valid`, `certificate_expired` */
export function checkValidity(certificate: Certificate, at: Date): void {
  const { notBefore, notAfter } = certificate;
  if (at < notBefore) {
    throw new HoldfastError(
      'certificate_not_yet_valid',
      `${certificateLabel(certificate)} is valid from ${notBefore.toISOString()}, and it is ${at.toISOString()}`,
      { hint: 'check the clock of this machine' },
    );
  }
  if (at > notAfter) {
    throw new HoldfastError(
      'certificate_expired',
      `${certificateLabel(certificate)} expired at ${notAfter.toISOString()}, and it is ${at.toISOString()}`,
    );
  }
}

/**
 * Refuses a path (leaf first, anchor last) whose anchor has revoked what it issued of it. When that was does not count:
 * whoever has the key dates what it signs as he likes.
 * @throws HoldfastError `issuer_revoked`
 */
function checkRootLists(path: readonly Certificate[], lists: readonly RootList[]): void {
  const [issued, anchor] = path.slice(-2);
  if (issued === undefined || anchor === undefined) return;
  if (!isRevokedByRoot(lists, anchor.fingerprint, issued)) return;
  throw new HoldfastError(
    'issuer_revoked',
    `${certificateLabel(issued)}, number ${issued.serial}, was revoked by ${certificateLabel(anchor)}`,
  );
}

/**
 * The purposes of an authority limit those of all below it; none named means all (RFC 5280 §4.2.1.12).
 * @throws HoldfastError `certificate_not_allowed`
 */
function checkPurpose(certificate: Certificate, purpose: Exclude<PathPurpose, 'any'>): void {
  const { extendedKeyUsage } = certificate.extensions;
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes('anyExtendedKeyUsage')) return;
  if (!extendedKeyUsage.includes(purpose)) {
    throw notAllowed(certificate, `is for ${extendedKeyUsage.join(', ')}, not for ${purpose}`);
  }
}

/**
 * Whether a certificate's key may sign, as every cipher suite in use needs it of either side (RFC 5280 §4.2.1.3, RFC 8446
 * §4.4.2.2).
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkKeyUse(leaf: Certificate): void {
  const { keyUsage } = leaf.extensions;
  if (keyUsage === undefined || keyUsage.includes('digitalSignature')) return;
  throw notAllowed(leaf, `has a key for ${keyUsage.join(', ')}, expected digitalSignature among its uses`);
}

/**
 * Whether a chain, leaf first, is one that a server can show: every certificate for that purpose, and a key that signs. Who
 * signed what and when it holds is not looked at.
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkServerUse(chain: readonly Certificate[]): void {
  for (const certificate of chain) checkPurpose(certificate, 'serverAuth');
  const [leaf] = chain;
  if (leaf !== undefined) checkKeyUse(leaf);
}

/** What a certificate is used for in a connection: the side that is called, or the one that calls. */
export type Purpose = 'serverAuth' | 'clientAuth';

/** What a path is judged for: `any` for what signs lists and answers. */
export type PathPurpose = Purpose | 'codeSigning' | 'any';
