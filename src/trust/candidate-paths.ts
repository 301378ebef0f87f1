import { equalBytes, isHoldfastError } from '../base/index.ts';
import { type Certificate, nameKey, publicKeyOf, verifyCertificateSignature } from '../pki/index.ts';
import type { WorkLimit } from './work-limit.ts';

/** What paths are built from. */
export interface PathMaterial {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  /** How many signatures may be verified, over all paths together. */
  readonly signatures: WorkLimit;
}

type Path = readonly [leaf: Certificate, ...issuers: Certificate[]];

/**
 * Every path from the leaf to an anchor whose names chain and whose signatures are right (RFC 4158, RFC 5280 §6.1.3
 * (a)(1) and (4)), the short ones that end in an anchor first; nothing else has been looked at. A path holds no
 * subject with the same key twice, so there are no cycles. Ends early when the signatures are used up.
 */
export function* candidatePaths(material: PathMaterial): Generator<Path> {
  yield* extend([material.leaf], material);
}

function* extend(path: Path, material: PathMaterial): Generator<Path> {
  const top = path.at(-1) as Certificate;
  for (const anchor of issuersOf(top, path, material.anchors)) {
    if (!material.signatures.spend()) return;
    if (isSignedBy(top, anchor)) yield [...path, anchor];
  }
  for (const intermediate of issuersOf(top, path, material.intermediates)) {
    if (!material.signatures.spend()) return;
    if (isSignedBy(top, intermediate)) yield* extend([...path, intermediate], material);
  }
}

/** Who may have issued `certificate` by its name; those whose key identifier it names come first. */
function issuersOf(certificate: Certificate, path: Path, candidates: readonly Certificate[]): Certificate[] {
  const wanted = nameKey(certificate.issuer);
  const keyId = certificate.extensions.authorityKeyId?.keyId;
  const isNamed = ({ extensions }: Certificate): boolean =>
    keyId !== undefined &&
    extensions.subjectKeyId !== undefined &&
    equalBytes(keyId, extensions.subjectKeyId);
  return candidates
    .filter((candidate) => nameKey(candidate.subject) === wanted)
    .filter((candidate) => !path.some((used) => isSameAuthority(used, candidate)))
    .sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
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
