import { type Bytes, equalBytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type Certificate,
  nameKey,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../pki/index.ts';
import type { RuleSet } from './certificate-profile.ts';
import { checkPath, type PathPurpose } from './check-path.ts';
import type { PolicyRequest } from './check-policies.ts';
import { certificateLabel, nameLabel, type PathLimits, pathLimits } from './path-limits.ts';
import type { RootList } from './root-list.ts';

export interface PathRequest {
  /** All certificates in DER. */
  readonly leaf: Bytes;
  /** In any order; what cannot be read among them is ignored, since it can only be of no use. */
  readonly intermediates: readonly Bytes[];
  readonly anchors: readonly Bytes[];
  /** The moment that the validity is judged at. */
  readonly at: Date;
  readonly purpose: PathPurpose;
  /** Of each anchor; `private` unless said. */
  readonly rules?: RuleSet | ((anchor: Certificate) => RuleSet);
  /** How many intermediate authorities, self-issued ones not counted, a path may have; 8 unless said. */
  readonly maxDepth?: number;
  /** What roots are known to have revoked; nothing unless said. */
  readonly rootLists?: readonly RootList[];
  /** The policies that it has to hold under; any, and none, will do unless said. */
  readonly policies?: PolicyRequest;
  /** What it may cost; enough for every chain in use unless said. */
  readonly limits?: PathLimits;
}

/** The leaf first, the anchor last. */
export type ValidPath = readonly [leaf: Certificate, ...issuers: Certificate[]];

const defaultMaxDepth = 8;
const maxIntermediates = 128;

/**
 * A valid path from `leaf` to one of the anchors, both included, the leaf first (RFC 5280 §6). An anchor is judged like
 * every other certificate, except for its own signature, and by what its rules say. Of revocation only the lists of the roots are looked at; no name
 * and no identity is.
 *
 * The time it takes is bounded whatever the certificates are.
 *
 * @throws HoldfastError `certificate_unknown_authority` when no chain of right signatures leads to an anchor; only
 *   when one does, what is wrong with it: `certificate_expired`, `certificate_not_yet_valid`, `certificate_not_allowed`,
 *   `issuer_revoked`
 */
export function validatePath(request: PathRequest): ValidPath {
  const { at, purpose, rules = 'private', maxDepth = defaultMaxDepth, rootLists = [] } = request;
  const { policies = {}, limits = pathLimits() } = request;
  if (Number.isNaN(at.getTime())) throw new TypeError('the moment to judge at is no date');
  const leaf = parseLeaf(request.leaf);
  const paths = candidatePaths({
    leaf,
    intermediates: readable(request.intermediates.slice(0, maxIntermediates)),
    anchors: readable(request.anchors),
    limits,
  });
  let firstProblem: HoldfastError | undefined;
  for (const path of paths) {
    const problem = checkPath(path, {
      at,
      purpose,
      rules: rulesFor(path, rules),
      maxDepth,
      policies,
      rootLists,
      limits,
    });
    if (problem === undefined) return path;
    firstProblem ??= problem;
  }
  throw firstProblem ?? unknownAuthority(`${certificateLabel(leaf)} of ${nameLabel(leaf.issuer)}`);
}

function rulesFor(path: readonly Certificate[], rules: NonNullable<PathRequest['rules']>): RuleSet {
  return typeof rules === 'string' ? rules : rules(path.at(-1) as Certificate);
}

function parseLeaf(der: Bytes): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw unknownAuthority('certificate', error);
  }
}

/** Each once: what comes along is often what is here already. */
function readable(certificates: readonly Bytes[]): Certificate[] {
  const distinct = new Map<string, Certificate>();
  for (const der of certificates) {
    const certificate = readAuthority(der);
    if (certificate !== undefined) distinct.set(certificate.fingerprint, certificate);
  }
  return [...distinct.values()];
}

/** Authorities as read, for as long as somebody has their bytes: the same few stand above every peer. */
const authorities = new WeakMap<Bytes, Certificate | undefined>();

function readAuthority(der: Bytes): Certificate | undefined {
  if (!authorities.has(der)) authorities.set(der, parseReadable(der));
  return authorities.get(der);
}

function parseReadable(der: Bytes): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return undefined;
  }
}

function unknownAuthority(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'certificate_unknown_authority',
    `${what} does not come from a trusted authority`,
    { cause },
  );
}

/** What paths are built from. */
interface PathMaterial {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly limits: Pick<PathLimits, 'signatures' | 'paths'>;
}

type Path = readonly [leaf: Certificate, ...issuers: Certificate[]];

/**
 * Every path from the leaf to an anchor whose names chain and whose signatures are right (RFC 4158, RFC 5280 §6.1.3
 * (a)(1) and (4)), the short ones that end in an anchor first; nothing else has been looked at. A path holds no
 * subject with the same key twice, so there are no cycles. Ends early when a limit is reached.
 *
 * Signatures are verified from the anchors down: a key is used once an anchor vouches for it, so that keys which a
 * stranger made cost nothing, whatever their kind, and a chain that names none of our authorities costs no signature.
 */
function* candidatePaths(material: PathMaterial): Generator<Path> {
  yield* extend([material.leaf], provenIssuers(material), material);
}

type Issuers = ReadonlyMap<Certificate, readonly Certificate[]>;

function* extend(path: Path, issuers: Issuers, material: PathMaterial): Generator<Path> {
  for (const issuer of issuers.get(path.at(-1) as Certificate) ?? []) {
    if (path.some((used) => isSameAuthority(used, issuer))) continue;
    const longer: Path = [...path, issuer];
    if (!material.anchors.includes(issuer)) yield* extend(longer, issuers, material);
    else if (material.limits.paths.spend()) yield longer;
    else return;
  }
}

/** Who signed what, as far as an anchor vouches for it; anchors come before others. */
function provenIssuers(material: PathMaterial): Issuers {
  const { leaf, anchors, limits } = material;
  const byIssuer = Map.groupBy(leadingTo(material), (each) => nameKey(each.issuer));
  const issuers = new Map<Certificate, Certificate[]>();
  const proven = new Set(anchors);
  for (const issuer of proven) {
    for (const below of byIssuer.get(nameKey(issuer.subject)) ?? []) {
      if (isSameAuthority(below, issuer)) continue;
      if (!limits.signatures.spend()) return issuers;
      if (!isSignedBy(below, issuer, below !== leaf)) continue;
      issuers.set(below, [...(issuers.get(below) ?? []), issuer]);
      if (below !== leaf) proven.add(below);
    }
  }
  return issuers;
}

/** The leaf, and those of the intermediates that stand above it by their names. */
function leadingTo({ leaf, intermediates }: PathMaterial): Iterable<Certificate> {
  const bySubject = Map.groupBy(intermediates, (each) => nameKey(each.subject));
  const found = new Set([leaf]);
  for (const { issuer } of found) {
    const name = nameKey(issuer);
    for (const above of bySubject.get(name) ?? []) found.add(above);
    bySubject.delete(name);
  }
  return found;
}

function isSameAuthority(a: Certificate, b: Certificate): boolean {
  return equalBytes(a.spki, b.spki) && nameKey(a.subject) === nameKey(b.subject);
}

/** What authorities have signed of each other, once it was looked at. */
const signed = new WeakMap<Certificate, WeakMap<Certificate, boolean>>();

/** @param isAuthority whether it stands above others, and is looked at again for each of them */
function isSignedBy(certificate: Certificate, issuer: Certificate, isAuthority: boolean): boolean {
  if (!isAuthority) return hasSigned(issuer, certificate);
  const by = signed.get(certificate) ?? new WeakMap<Certificate, boolean>();
  signed.set(certificate, by);
  const known = by.get(issuer) ?? hasSigned(issuer, certificate);
  by.set(issuer, known);
  return known;
}

/** A key or signature of a kind that is not accepted (SHA-1, RSA below 2048 bits, …) has signed nothing. */
function hasSigned(issuer: Certificate, certificate: Certificate): boolean {
  try {
    return verifyCertificateSignature(certificate, publicKeyOf(issuer));
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}
