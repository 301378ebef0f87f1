import { equalBytes, isHoldfastError } from '../base/index.ts';
import { type Certificate, nameKey, publicKeyOf, verifyCertificateSignature } from '../pki/index.ts';
import type { PathLimits } from './path-limits.ts';

/** What paths are built from. */
export interface PathMaterial {
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
export function* candidatePaths(material: PathMaterial): Generator<Path> {
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
      if (!isSignedBy(below, issuer)) continue;
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

/** A key or signature of a kind that is not accepted (SHA-1, RSA below 2048 bits, …) has signed nothing. */
function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return verifyCertificateSignature(certificate, publicKeyOf(issuer));
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}
