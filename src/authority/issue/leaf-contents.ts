import { type Bytes, type Clock, HoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type Certificate,
  type CertificateTemplate,
  certificateToSign,
  createName,
  describePublicKey,
  generateSerialNumber,
  isHostName,
  type KeyUsage,
  keyIdentifier,
  type Name,
  type NameAttribute,
  type NameConstraints,
  type SerialNumber,
} from '../../pki/index.ts';
import type { NetworkPolicy, ProfilePolicy } from '../../policy/index.ts';
import { forbiddenName } from '../../trust/index.ts';
import { checkOutside, type Issuer, statusPaths } from '../issuers/index.ts';
import { identityLabel } from '../records/index.ts';
import { type ClockGuard, checkClock, type Present } from '../standing/index.ts';
import { type Authorisation, subjectAltNamesOf } from './authorisation.ts';

/** How a node's certificate is made. */
interface LeafOptions {
  readonly profile: ProfilePolicy;
  readonly spki: Bytes;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * What the certificate of a node says, by `profile`, that of its role, from `nowMs` on. Its end is that of the issuing
 * certificate when that comes first.
 */
export function leafTemplate(
  issuer: Issuer,
  authorisation: Authorisation,
  { profile, spki, nowMs }: LeafOptions,
): CertificateTemplate & { readonly serial: SerialNumber } {
  const { lifetimeMs, backdateMs, extendedKeyUsage } = profile;
  const { certificate, label } = issuer.issuing;
  const { statusAddress } = issuer;
  return {
    serial: generateSerialNumber(nowMs),
    issuer: certificate.subject,
    subject: leafSubject(certificate, authorisation, profile),
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(Math.min(nowMs + lifetimeMs, certificate.notAfter.getTime())),
    spki,
    extensions: {
      basicConstraints: { ca: false },
      keyUsage: keyUsageFor(extendedKeyUsage, spki),
      extendedKeyUsage,
      subjectAltNames: subjectAltNamesOf(authorisation),
      authorityKeyId: keyIdentifierOf(certificate),
      crlUrls: [statusAddress + statusPaths.crl(label)],
      ocspUrls: [statusAddress + statusPaths.ocsp],
      issuerUrls: [statusAddress + statusPaths.certificate(label)],
    },
  };
}

/** TLS 1.3 uses signatures alone, but programs with NSS ask of a server with an RSA key that it may encipher keys too. */
function keyUsageFor(purposes: ProfilePolicy['extendedKeyUsage'], spki: Bytes): readonly KeyUsage[] {
  const enciphers = purposes.includes('serverAuth') && describePublicKey(spki).kind === 'rsa';
  return enciphers ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
}

const keyIdentifiers = new WeakMap<Certificate, Bytes>();

function keyIdentifierOf(issuing: Certificate): Bytes {
  const known = keyIdentifiers.get(issuing) ?? keyIdentifier(issuing.spki);
  keyIdentifiers.set(issuing, known);
  return known;
}

/** RFC 5280 Appendix A.1, ub-common-name. */
const maxCommonNameLength = 64;

/** The subject of a node's certificate below `issuing`: by its profile what was authorised, or the identity's name alone. */
export function leafSubject(
  { extensions }: Certificate,
  authorisation: Authorisation,
  profile: ProfilePolicy,
): Name {
  const subject = profile.subject === 'name' ? undefined : authorisation.subject;
  const wanted = subject ?? createName({ CN: authorisation.identity.name });
  const { nameConstraints } = extensions;
  if (nameConstraints === undefined) return wanted;
  const label = identityLabel(authorisation.identity);
  if (!profile.extendedKeyUsage.includes('serverAuth')) return withoutHostName(wanted, label);
  const isCalledByHost = authorisation.names.some(({ kind }) => kind === 'dns');
  return isCalledByHost ? wanted : withoutForeignName(wanted, label, nameConstraints);
}

/**
 * OpenSSL, GnuTLS and Java take the common name of a server that has addresses alone for a host name, and `192.168.1.*` or the
 * machine's name is below no domain: such a server is called by its user id instead.
 */
function withoutForeignName(subject: Name, label: string, constraints: NameConstraints): Name {
  const isForeign = ({ oid, value }: NameAttribute): boolean =>
    oid === attributeOids.CN && forbiddenName([{ kind: 'dns', value }], constraints) !== undefined;
  if (!subject.flat().some(isForeign)) return subject;
  const others = without(subject, isForeign);
  return others.length > 0 ? others : createName({ UID: label });
}

/**
 * Java judges a common name that could be a host's by the constraints on hosts, also in the certificate of a client
 * that has none: `client/laptop` in the place of `laptop` cannot be taken for one.
 */
function withoutHostName(subject: Name, label: string): Name {
  const isHost = ({ oid, value }: NameAttribute): boolean => oid === attributeOids.CN && isHostName(value);
  if (!subject.flat().some(isHost)) return subject;
  const others = without(subject, isHost);
  return label.length > maxCommonNameLength ? others : [...others, ...createName({ CN: label })];
}

function without(subject: Name, isLeftOut: (attribute: NameAttribute) => boolean): Name {
  return subject
    .map((rdn) => rdn.filter((attribute) => !isLeftOut(attribute)))
    .filter(({ length }) => length > 0);
}

/** What a certificate is written with. */
export interface Drafting {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  readonly present: Present;
}

/** A certificate as it is to be signed. It leaves only by `issue`, which decides whether it may, and records it. */
export interface LeafDraft {
  readonly authorisation: Authorisation;
  readonly template: CertificateTemplate & { readonly serial: SerialNumber };
  /** TBSCertificate (RFC 5280 §4.1.2), DER. */
  readonly tbs: Bytes;
  /** What it was written by. */
  readonly issuer: Issuer;
  readonly policy: NetworkPolicy;
  /** Whether its host names may have underscores, as its profile says. */
  readonly underscores: boolean;
}

/**
 * Writes what the certificate of a node will say, from now on.
 * @throws HoldfastError `clock_wrong`, `issuer_revoked` when the issuing certificate was revoked and there is no other,
 *   `certificate_expired`, `certificate_not_yet_valid` when that has ended or not begun; those of `checkOutside` and
 *   `certificateToSign`
 */
export function draftLeaf(context: Drafting, authorisation: Authorisation, spki: Bytes): LeafDraft {
  const { issuer, clock } = context;
  const { policy } = context.present;
  const nowMs = clock.now();
  checkClock(context);
  checkIssuing(context, nowMs);
  const profile = policy.profiles[authorisation.identity.role];
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs });
  const tbs = certificateToSign(template, issuer.issuingKey);
  return { authorisation, template, tbs, issuer, policy, underscores: profile.underscores === 'on' };
}

/** Whether a draft would be written alike now, but for its time. */
export function stands({ issuer, policy }: LeafDraft, context: Drafting): boolean {
  return issuer === context.issuer && policy === context.present.policy;
}

/**
 * Refuses while the issuing certificate may not sign.
 * @throws HoldfastError `issuer_revoked`, `certificate_expired`, `certificate_not_yet_valid`, and those of `checkOutside`
 */
export function checkIssuing({ issuer, present }: Pick<Drafting, 'issuer' | 'present'>, nowMs: number): void {
  checkOutside(issuer, { mode: present.policy.outsideRevocation, nowMs });
  const { label, revoked, certificate } = issuer.issuing;
  const { notAfter, notBefore } = certificate;
  if (revoked !== undefined) {
    throw new HoldfastError(
      'issuer_revoked',
      `the issuing certificate ${label} is revoked, and the key of no other one is here`,
      { hint: 'the root signs another one as soon as its own key is here: holdfast ca online FILE' },
    );
  }
  if (nowMs < notBefore.getTime()) {
    throw new HoldfastError(
      'certificate_not_yet_valid',
      `the issuing certificate begins ${notBefore.toISOString()}, this machine's clock says ${new Date(nowMs).toISOString()}`,
      { hint: 'set the clock of this machine' },
    );
  }
  if (nowMs < notAfter.getTime()) return;
  throw new HoldfastError('certificate_expired', `the issuing certificate ended ${notAfter.toISOString()}`);
}
