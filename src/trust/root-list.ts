import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Bytes, HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';
import {
  type Certificate,
  type Crl,
  crlPem,
  equalNames,
  type Fingerprint,
  fingerprint,
  parseCertificate,
  parseCrl,
  parsePem,
  publicKeyOf,
  verifyCrlSignature,
} from '../pki/index.ts';
import { writeSharedFile } from './private-file.ts';

/**
 * What a root may vouch for: every identity of one network, or servers of these names. A certificate that is no authority
 * vouches for itself alone: for servers of these names, or for the one at an address, `host:port`, since it was accepted there.
 */
type SpeaksFor =
  | { readonly kind: 'network'; readonly network: string }
  | { readonly kind: 'server'; readonly names: readonly string[] }
  | {
      readonly kind: 'address';
      readonly address: string;
      /** ISO 8601: when somebody accepted it. */
      readonly accepted: string;
    };

/** A root that is trusted, within bounds. */
export interface TrustAnchor {
  /** DER. */
  readonly certificate: Bytes;
  readonly fingerprint: Fingerprint;
  readonly speaksFor: SpeaksFor;
}

/** An anchor for a root in DER. */
export function trustAnchor(certificate: Bytes, speaksFor: SpeaksFor): TrustAnchor {
  return { certificate, fingerprint: fingerprint(certificate), speaksFor };
}

/** What a root has said of the issuing certificates below it, verified. */
export interface RootList {
  readonly root: Fingerprint;
  readonly crl: Crl;
}

/**
 * A revocation list that one of these roots signed; how old it is does not count, since nothing is ever taken back.
 * @throws HoldfastError `crl_malformed`, also when none of them did, or when it says what is not understood here
 */
export function readRootList(der: Bytes, anchors: readonly TrustAnchor[]): RootList {
  const crl = parseCrl(der);
  if (crl.unknownCritical.length > 0)
    throw malformed(`has the critical extension ${crl.unknownCritical.join(', ')}`);
  const anchor = anchors.find((each) => isSignedBy(crl, each));
  if (anchor === undefined) throw malformed('is not signed by a root of this network');
  return { root: anchor.fingerprint, crl };
}

/**
 * The lists to be kept from now on; the same array when `next` tells nothing new. A list is let go only for a newer one
 * of its root that has all that it has: what was once revoked stays so, whoever brings what list.
 */
export function withRootList(known: readonly RootList[], next: RootList): readonly RootList[] {
  const isCovered = known.some((each) => each.crl.number >= next.crl.number && covers(each, next));
  if (isCovered) return known;
  return [...known.filter((each) => each.crl.number > next.crl.number || !covers(next, each)), next];
}

/** Whether a list has anything that those known before do not have. */
export function tellsMore(known: readonly RootList[], { root, crl }: RootList): boolean {
  return [...crl.revoked.keys()].some((serial) => !isRevokedByRoot(known, root, { serial }));
}

/** Whether a root has said that a certificate which it issued is not to be believed any more. */
export function isRevokedByRoot(
  lists: readonly RootList[],
  root: Fingerprint,
  { serial }: Pick<Certificate, 'serial'>,
): boolean {
  return lists.some((list) => list.root === root && list.crl.revoked.has(serial));
}

function isSignedBy(crl: Crl, { certificate, speaksFor }: TrustAnchor): boolean {
  if (speaksFor.kind !== 'network') return false;
  const root = parseCertificate(certificate);
  if (!equalNames(crl.issuer, root.subject)) return false;
  try {
    return verifyCrlSignature(crl, publicKeyOf(root));
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

function covers(list: RootList, other: RootList): boolean {
  return (
    list.root === other.root && [...other.crl.revoked.keys()].every((serial) => list.crl.revoked.has(serial))
  );
}

function malformed(problem: string): HoldfastError {
  return new HoldfastError('crl_malformed', `the revocation list ${problem}`);
}

/**
 * The lists in a file; none when there is no file.
 * @throws HoldfastError `trust_bundle_damaged` for anything else than lists of these roots
 */
export async function loadRootLists(
  path: string,
  anchors: readonly TrustAnchor[],
): Promise<readonly RootList[]> {
  try {
    const text = withoutDigestLine(await readFile(path, 'utf8'), '-----BEGIN ');
    if (text === undefined)
      throw new HoldfastError('crl_malformed', 'it is not what its first line, a SHA-256, is of');
    const lists = parsePem(text).map(({ der }) => readRootList(der, anchors));
    if (lists.length === 0) throw new HoldfastError('crl_malformed', 'there is no list in it');
    return lists;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError('trust_bundle_damaged', `${path}: ${error.message}`, {
      hint: 'put the file back from a backup, or remove it: the server gives the newest list again',
      cause: error,
    });
  }
}

/** Writes lists, at once and durably, as PEM that other programs read too, after a line with its SHA-256. */
export async function saveRootLists(path: string, lists: readonly RootList[]): Promise<void> {
  await writeSharedFile(path, withDigestLine(lists.map(({ crl }) => crlPem(crl.der)).join('')));
}

/** A text after a line with its SHA-256, so that no byte of it changes unseen. */
export function withDigestLine(text: string): string {
  return `${digestLine(text)}${text}`;
}

/** The text that {@link withDigestLine} wrote; one of before, which begins with `begin`, has no such line. Undefined for all else. */
export function withoutDigestLine(file: string, begin: string): string | undefined {
  if (file.startsWith(begin)) return file;
  const text = file.slice(digestLine('').length);
  return file === withDigestLine(text) ? text : undefined;
}

function digestLine(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex')}\n`;
}
