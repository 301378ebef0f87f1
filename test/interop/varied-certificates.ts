import type { Authorisation } from '../../src/authority/issue/authorisation.ts';
import { leafTemplate } from '../../src/authority/issue/leaf-contents.ts';
import {
  createIssuingCertificate,
  createRootCertificate,
} from '../../src/authority/issuers/ca-certificates.ts';
import type { Issuer } from '../../src/authority/issuers/issuer.ts';
import { permittingNames } from '../../src/authority/issuers/permitted-names.ts';
import { createOcspSignerCertificate } from '../../src/authority/ocsp/ocsp-signers.ts';
import { type Bytes, dayMs } from '../../src/base/index.ts';
import {
  createLintedCertificate,
  createName,
  createSubject,
  exportPublicKey,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  keyAlgorithms,
  type Name,
  parseCertificate,
  type Role,
  roles,
  type SubjectAttributes,
} from '../../src/pki/index.ts';
import { defaultProfiles, parseRequestedNames, type RequestedNames } from '../../src/policy/index.ts';
import { Prng } from '../rig/prng.ts';

/** A certificate, and what to look for when something is wrong with it. */
export interface VariedCertificate {
  readonly what: string;
  readonly der: Bytes;
}

/**
 * `count` certificates, made as the authority makes them: of roots and issuing ones with every kind of key, with and
 * without name constraints, and below them leaves of every role and kind of key, with names and subjects of all sorts,
 * some cut short by the end of their issuer, and of who answers OCSP. The same for the same seed, but for keys and serial
 * numbers.
 */
export async function variedCertificates(count: number, seed: string): Promise<VariedCertificate[]> {
  const random = new Prng(seed);
  const keys = await makeKeys();
  const authorities = networks.flatMap((network) =>
    keyAlgorithms.flatMap((algorithm) =>
      [[], permitted].map((entries) => makeAuthority({ network, entries, random }, keys[algorithm])),
    ),
  );
  const made = authorities.flatMap(({ certificates }) => certificates);
  while (made.length < count) {
    const { issuer, what } = pick(random, authorities);
    const algorithm = pick(random, keyAlgorithms);
    const spki = exportPublicKey(pick(random, keys[algorithm].slice(2)).publicKey);
    const leaf = random.below(20) === 0 ? ocspSigner(issuer, spki, random) : node(issuer, spki, random);
    made.push({ what: `${leaf.what}, ${algorithm}, below ${what}`, der: leaf.der });
  }
  return made;
}

const networks = ['backup.example', 'b.corp', `${'a'.repeat(60)}.${'b'.repeat(60)}.example`];
const permitted = ['example.com', 'corp', '10.0.0.0/8', '2001:db8::/32'];
const begin = Date.parse('2026-11-21T00:00:00Z');

type Keys = Readonly<Record<KeyAlgorithm, readonly KeyPair[]>>;

/** The first two of each kind are for authorities. Few of RSA, whose primes take long to find. */
async function makeKeys(): Promise<Keys> {
  const entries = keyAlgorithms.map(async (algorithm) => {
    const number = algorithm.startsWith('rsa') ? 4 : 20;
    return [algorithm, await Promise.all(Array.from({ length: number }, () => generateKeyPair(algorithm)))];
  });
  return Object.fromEntries(await Promise.all(entries)) as Keys;
}

interface VariedAuthority {
  readonly what: string;
  readonly issuer: Issuer;
  readonly certificates: readonly VariedCertificate[];
}

/** Made at some time in twenty years, so that ends lie before and after 2050. */
function makeAuthority(
  { network, entries, random }: { network: string; entries: readonly string[]; random: Prng },
  [rootKeys, issuingKeys]: readonly KeyPair[],
): VariedAuthority {
  if (rootKeys === undefined || issuingKeys === undefined) throw new TypeError('an authority needs two keys');
  const nowMs = begin + random.below(20 * 365) * dayMs;
  const statusAddress = pick(random, [
    'http://status.example:8445',
    'https://[2001:db8::1]',
    'http://192.0.2.1:1',
  ]);
  const nameConstraints = entries.length === 0 ? undefined : permittingNames(entries);
  const options = { network, statusAddress, nowMs, nameConstraints };
  const root = parseCertificate(createRootCertificate('root-1', rootKeys.privateKey, options));
  const signer = { root, rootLabel: 'root-1', rootKey: rootKeys.privateKey };
  const issuing = parseCertificate(
    createIssuingCertificate('issuing-1', issuingKeys.publicKey, signer, options),
  );
  const issuer: Issuer = {
    network,
    statusAddress,
    root: { label: 'root-1', certificate: root },
    issuing: { label: 'issuing-1', certificate: issuing },
    issuingKey: issuingKeys.privateKey,
    above: [issuing.der],
    issuings: [{ label: 'issuing-1', certificate: issuing }],
  };
  const what = `${network} of ${new Date(nowMs).getUTCFullYear()}, names ${entries.join(' ') || 'as they are'}`;
  const certificates = [
    { what: `root of ${what}`, der: root.der },
    { what: `issuing of ${what}`, der: issuing.der },
  ];
  return { what, issuer, certificates };
}

/** A moment in the life of the issuing certificate, often near its end. */
function momentOf({ issuing: { certificate } }: Issuer, random: Prng): number {
  const days = Math.floor((certificate.notAfter.getTime() - certificate.notBefore.getTime()) / dayMs) - 2;
  const day = random.below(3) === 0 ? days - random.below(30) : random.below(days);
  return certificate.notBefore.getTime() + (1 + day) * dayMs;
}

function ocspSigner(issuer: Issuer, spki: Bytes, random: Prng): VariedCertificate {
  const order = { spki, nowMs: momentOf(issuer, random) };
  return { what: 'OCSP', der: createOcspSignerCertificate(issuer.issuing, issuer.issuingKey, order) };
}

function node(issuer: Issuer, spki: Bytes, random: Prng): VariedCertificate {
  const role: Role = pick(random, roles);
  const name = pick(random, ['alpha', 'db-1.office', 'n', 'x'.repeat(63), 'a_b']);
  const hasNames = defaultProfiles[role].nameKinds.length > 0;
  const { names, commonName }: RequestedNames = hasNames ? someNames(random) : { names: [] };
  const subject = someSubject(random, { name, commonName, hasNames });
  const authorisation: Authorisation = { identity: { network: issuer.network, role, name }, names, subject };
  const profile = { ...defaultProfiles[role], subject: 'asked' } as const;
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs: momentOf(issuer, random) });
  const said = names.length > 5 ? `${names.length} names` : names.map(({ value }) => value).join(' ');
  return { what: `${role}/${name} ${said}`, der: createLintedCertificate(template, issuer.issuingKey) };
}

const hosts = [
  'alpha',
  'alpha.example.com',
  '*.example.com',
  '*.a.b.corp',
  'Bücher.example.com',
  '*.日本.example.com',
  'xn--bcher-kva.corp',
  '3com.example.com',
  'a--b.example.com',
  `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example.com`,
  '10.0.0.5',
  '192.168.1.*',
  '2001:db8::7',
  '::1',
  '::ffff:192.0.2.1',
];

function someNames(random: Prng): RequestedNames {
  return parseRequestedNames(Array.from({ length: random.below(6) }, () => pick(random, hosts)));
}

const texts = ['x', 'Ünion Söhne', '株式会社', '𝄞 clef', 'a, b + "c" <d>; e\\ #=', 'z'.repeat(16)];

/** The identity's name, the first name asked for, all that a person can have, some of it, or nothing at all. */
function someSubject(
  random: Prng,
  { name, commonName, hasNames }: { name: string; commonName: string | undefined; hasNames: boolean },
): Name {
  const kind = random.below(4);
  if (kind === 0) return createName({ CN: name });
  if (kind === 1) return commonName === undefined ? [] : createName({ CN: commonName });
  const full = fullSubject(random, hasNames ? (commonName ?? 'server') : pick(random, texts));
  return createSubject(
    kind === 2 ? full : Object.fromEntries(Object.entries(full).filter(() => random.below(2))),
  );
}

function fullSubject(random: Prng, CN: string): SubjectAttributes {
  const some = () => pick(random, texts);
  const person = { title: some(), name: some(), SN: some(), GN: some(), initials: some(), pseudonym: some() };
  const place = {
    C: pick(random, ['DE', 'us', 'CH']),
    ST: some(),
    L: some(),
    postalCode: '80331',
    street: some(),
  };
  const numbers = { serialNumber: '47-11', dnQualifier: 'A1+b/c=', generationQualifier: 'III', UID: some() };
  const mail = { emailAddress: 'ann@example.com', DC: ['com', 'example'] };
  return { ...person, ...place, ...numbers, ...mail, O: some(), OU: [some(), 'y'.repeat(64)], CN };
}

function pick<T>(random: Prng, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}
