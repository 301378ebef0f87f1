import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dayMs, equalBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  commonName,
  createLintedCertificate,
  createName,
  describePublicKey,
  exportPublicKey,
  formatName,
  type GeneralName,
  generateSerialNumber,
  identityUri,
  type NameConstraints,
  networkUri,
  parseCertificate,
  publicKeyOf,
  type Role,
  verifyCertificateSignature,
  weaknessOfKey,
} from '../../pki/index.ts';
import { defaultProfiles, parseRequestedNames } from '../../policy/index.ts';
import { type Purpose, singleRootBundle, validatePath, verifyIdentity } from '../../trust/index.ts';
import { createIssuingCertificate, isSelfSigned, keyIdentifierOf } from '../issuers/index.ts';
import type { AdoptedRoot } from './adopted-root.ts';

/** What the authority is to be, that a certificate shall become the root of. */
export interface RootExpectation {
  readonly network: string;
  readonly statusAddress: string;
  /** Of its server. */
  readonly names: readonly string[];
  readonly nameConstraints: NameConstraints | undefined;
  readonly nowMs: number;
  /** How what stands above it is named, e.g. `--chain FILE`. */
  readonly aboveBy: string;
  /** What issues below it already; one is made for the trial unless given. */
  readonly issuing?: Issuing;
  /** What else stands against it, in sentences. */
  readonly also?: readonly string[];
}

interface Issuing {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

/** A certificate that shall become a root; its key where that is at hand. */
export type JudgedRoot = Pick<AdoptedRoot, 'certificate' | 'outside'> & Partial<Pick<AdoptedRoot, 'key'>>;

/** What was found of a certificate that is to become a root. */
export interface RootJudgement {
  /** Why it cannot carry what is needed, in sentences; empty when it can. */
  readonly problems: readonly string[];
  /** What is to be known of it, in sentences. */
  readonly notes: readonly string[];
}

/** Less is no time to move a network to another root. */
const leastLifeMs = 90 * dayMs;
const shortLifeMs = 730 * dayMs;

/**
 * Judges whether a certificate can be the root of an authority, and finds everything that stands against it: what it says of
 * itself, and, where that will do, whether certificates as they would be issued below it are valid, for the nodes that trust
 * it and for those who trust the authority outside. Nothing is kept.
 */
function judgeRoot(root: JudgedRoot, expected: RootExpectation): RootJudgement {
  const { certificate, outside } = root;
  const own = [
    ...keyProblems(root),
    ...authorityProblems(certificate),
    ...timeProblems(certificate, expected.nowMs),
    ...networkProblems(certificate, expected.network),
    ...chainProblems(certificate, outside, expected.aboveBy),
    ...depthProblems(outside),
    ...(expected.also ?? []),
  ];
  const problems = own.length > 0 ? own : trialProblems(root, expected);
  return { problems: [...new Set(problems)], notes: notesOf(certificate, expected.nowMs) };
}

/** Refuses a certificate that cannot be a root. @throws HoldfastError `root_unfit`, with all that stands against it */
export function checkRoot(root: JudgedRoot, expected: RootExpectation): RootJudgement {
  const judgement = judgeRoot(root, expected);
  if (judgement.problems.length === 0) return judgement;
  throw new HoldfastError(
    'root_unfit',
    `${nameOf(root.certificate)} cannot be the root of ${expected.network}: ${judgement.problems.join('; ')}`,
    {
      hint: 'nothing was changed; have it issued anew without this, or begin with a root of its own: holdfast init',
    },
  );
}

function keyProblems({ certificate, key }: JudgedRoot): string[] {
  const publicKey = key && createPublicKey(key).export({ format: 'der', type: 'spki' });
  const weakness = weaknessOfKey(certificate.spki);
  const isOther = publicKey !== undefined && !equalBytes(publicKey, certificate.spki);
  return [
    ...(isOther ? ['the private key is not that of the certificate'] : []),
    ...(weakness === undefined ? kindProblems(certificate) : [`its key has ${weakness}`]),
  ];
}

function kindProblems({ spki }: Certificate): string[] {
  try {
    describePublicKey(spki);
    return [];
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [error.message];
  }
}

function authorityProblems({ version, extensions }: Certificate): string[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectKeyId, unknownCritical } = extensions;
  const needed = (['keyCertSign', 'cRLSign'] as const).filter((usage) => keyUsage?.includes(usage) === false);
  const purposes = (['serverAuth', 'clientAuth'] as const).filter(
    (purpose) =>
      extendedKeyUsage !== undefined &&
      !extendedKeyUsage.includes('anyExtendedKeyUsage') &&
      !extendedKeyUsage.includes(purpose),
  );
  return [
    ...(version === 3
      ? []
      : [`it is of version ${version}, and only version 3 can say that it is an authority`]),
    ...(version !== 3 || basicConstraints?.ca === true ? [] : ['it is no authority (basic constraints, CA)']),
    ...(basicConstraints?.pathLength === 0
      ? [
          'its path length is 0, so that no issuing certificate can stand below it: expected 1 or more, or none',
        ]
      : []),
    ...(needed.length === 0
      ? []
      : [`its key usage is ${keyUsage?.join(', ')}, and lacks ${needed.join(' and ')}`]),
    ...(purposes.length === 0
      ? []
      : [`it is for ${extendedKeyUsage?.join(', ')} alone, and lacks ${purposes.join(' and ')}`]),
    ...(subjectKeyId === undefined && version === 3 ? ['it has no subject key identifier'] : []),
    ...unknownCritical.map((oid) => `it has the critical extension ${oid}, which is not known here`),
  ];
}

function timeProblems({ notBefore, notAfter }: Certificate, nowMs: number): string[] {
  if (notBefore.getTime() > nowMs) return [`it is valid from ${notBefore.toISOString()} on only`];
  const leftMs = notAfter.getTime() - nowMs;
  if (leftMs < 0) return [`it expired ${notAfter.toISOString()}`];
  if (leftMs >= leastLifeMs) return [];
  return [`it ends ${notAfter.toISOString()}, in ${Math.floor(leftMs / dayMs)} days: expected 90 at least`];
}

/** One that says whose authority it is says so for ever. */
function networkProblems({ extensions }: Certificate, network: string): string[] {
  const uris = extensions.subjectAltNames.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
  const others = uris.filter((uri) => uri.startsWith('spiffe://') && uri !== networkUri(network));
  return others.map((uri) => `it is of another network: found ${uri}, expected ${networkUri(network)}`);
}

/** Below each certificate above it stand the root and an issuing certificate, and those in between. */
function depthProblems(outside: readonly Certificate[]): string[] {
  return outside.flatMap((certificate, index) => {
    const { pathLength } = certificate.extensions.basicConstraints ?? {};
    const needed = index + 2;
    if (pathLength === undefined || pathLength >= needed) return [];
    return [
      `the path length of ${nameOf(certificate)} above it is ${pathLength}: expected ${needed} or more, or none, for it and an issuing certificate below`,
    ];
  });
}

/** Who signed a root that is not its own issuer has to be there, up to one that is. */
function chainProblems(certificate: Certificate, outside: readonly Certificate[], aboveBy: string): string[] {
  const problems: string[] = [];
  let last = certificate;
  while (!isSelfSigned(last) && problems.length === 0) {
    const { issuer } = last;
    const above = outside.find((each) => formatName(each.subject) === formatName(issuer) && each !== last);
    if (above === undefined)
      problems.push(`its issuer ${formatName(issuer)} is not here: name it with ${aboveBy}`);
    else problems.push(...signatureProblems(last, above));
    if (above !== undefined) last = above;
  }
  return problems;
}

function signatureProblems(below: Certificate, above: Certificate): string[] {
  try {
    if (verifyCertificateSignature(below, publicKeyOf(above))) return [];
    return [`${nameOf(below)} was not signed by ${nameOf(above)}`];
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [`${nameOf(below)}: ${error.message}`];
  }
}

/** What is said of certificates like those that would be issued, by whoever trusts the root and whoever trusts who is above it. */
function trialProblems(root: JudgedRoot, expected: RootExpectation): string[] {
  const at = new Date(expected.nowMs);
  return attempt(() => {
    const { certificate: issuing, key } = expected.issuing ?? trialIssuing(root, expected);
    const bundle = singleRootBundle(expected.network, root.certificate.der);
    return trials.flatMap(({ role, purpose }) =>
      attempt(() => {
        const leaf = trialLeaf(issuing, key, { ...expected, role });
        verifyIdentity({ chain: [leaf, issuing.der], bundle, roles: [role], purpose, at });
        const top = root.outside.filter(isSelfSigned).map(({ der }) => der);
        const intermediates = [issuing, root.certificate, ...root.outside].map(({ der }) => der);
        if (top.length > 0) validatePath({ leaf, intermediates, anchors: top, at, purpose, rules: 'chosen' });
        return [];
      }),
    );
  });
}

function trialIssuing({ certificate: root, key: rootKey }: JudgedRoot, expected: RootExpectation): Issuing {
  if (rootKey === undefined) throw new TypeError('neither the key of the root nor an issuing certificate');
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = { root, rootLabel: 'root-1', rootKey };
  const der = createIssuingCertificate('issuing-1', publicKey, signer, expected);
  return { certificate: parseCertificate(der), key: privateKey };
}

const trials: readonly { readonly role: Role; readonly purpose: Purpose }[] = [
  { role: 'server', purpose: 'serverAuth' },
  { role: 'client', purpose: 'clientAuth' },
];

function trialLeaf(
  issuing: Certificate,
  issuingKey: KeyObject,
  { network, names, nowMs, role }: RootExpectation & { readonly role: Role },
): Uint8Array {
  const uri: GeneralName = { kind: 'uri', value: identityUri({ network, role, name: 'trial' }) };
  const own = role === 'server' ? parseRequestedNames(names).names : [];
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: issuing.subject,
      subject: createName({ CN: 'trial' }),
      notBefore: new Date(nowMs),
      notAfter: new Date(nowMs + dayMs),
      spki: exportPublicKey(publicKey),
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: defaultProfiles[role].extendedKeyUsage,
        subjectAltNames: [uri, ...own],
        authorityKeyId: keyIdentifierOf(issuing),
      },
    },
    issuingKey,
  );
}

function attempt(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [`a certificate below it would be refused: ${error.message}`];
  }
}

function notesOf(certificate: Certificate, nowMs: number): string[] {
  const { notAfter, signatureAlgorithm, extensions, spki } = certificate;
  const key = kindProblems(certificate).length > 0 ? undefined : describePublicKey(spki);
  const leftDays = Math.floor((notAfter.getTime() - nowMs) / dayMs);
  return [
    ...(notAfter.getTime() - nowMs < shortLifeMs
      ? [`it ends ${notAfter.toISOString().slice(0, 10)}, in ${leftDays} days`]
      : []),
    ...(signatureAlgorithm.scheme === undefined && isSelfSigned(certificate)
      ? [
          `it signed itself with ${signatureAlgorithm.name}, which proves nothing; whoever trusts it does not look at that`,
        ]
      : []),
    ...(extensions.nameConstraints === undefined
      ? []
      : ['it has name constraints: what lies outside them cannot be certified']),
    ...(key?.kind === 'ml-dsa'
      ? [
          `its key is ${key.parameterSet}, which holdfast verifies everywhere; what speaks TLS by Go (restic) or by OpenSSL before 3.5 (curl) believes nothing below it`,
        ]
      : []),
  ];
}

function nameOf({ subject }: Certificate): string {
  return commonName(subject) ?? formatName(subject);
}
