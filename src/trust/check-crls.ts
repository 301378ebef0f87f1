import { equalBytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type AnyCrl,
  allReasons,
  type Certificate,
  crlOids,
  equalNames,
  publicKeyOf,
  type ReasonFlag,
  type RevokedCertificate,
  verifyCrlSignature,
} from '../pki/index.ts';
import { isMeant, lineOf, pointsOf, reasonsOf } from './crl-scope.ts';
import { certificateLabel, nameLabel, type PathLimits } from './path-limits.ts';
import { validatePath } from './validate-path.ts';

/** What lists are judged by. */
export interface CrlRules {
  /** The moment that lists have to be good at. */
  readonly at: Date;
  /**
   * Whether lists will do that say less than RFC 5280 §5 asks of issuers: of version 1, without a number, without the time of
   * the next one.
   */
  readonly oldLists?: boolean;
}

/** What there is to judge by. */
export interface CrlMaterial {
  readonly crls: readonly AnyCrl[];
  /** Who may have signed a list, beside those of the path. */
  readonly certificates: readonly Certificate[];
}

/** Whether a certificate is revoked, by lists; `problems`: why those that were there say nothing. */
export type CrlStatus =
  | { readonly kind: 'good'; readonly lists: readonly AnyCrl[] }
  | { readonly kind: 'revoked'; readonly line: RevokedCertificate; readonly list: AnyCrl }
  | { readonly kind: 'unknown'; readonly problems: readonly HoldfastError[] };

/** How many signers of lists may be vouched for by lists of other signers, and so on. */
const maxDepth = 3;
/** More than that of each are not looked at. */
const maxLists = 256;
const maxSigners = 128;

/** Judges the certificates of one path by lists (RFC 5280 §6.3), whoever signed those, in bounded work. */
export class CrlJudge {
  readonly #path: readonly Certificate[];
  /** Those that are no changes to others. */
  readonly #complete: readonly AnyCrl[];
  readonly #material: CrlMaterial;
  readonly #rules: CrlRules;
  readonly #limits: PathLimits;
  /** Those whose status is being looked for. */
  readonly #pending: Certificate[] = [];
  readonly #signed = new Map<AnyCrl, Map<Certificate, boolean>>();

  /** @param path the leaf first, the anchor last; it is valid but for what lists say */
  constructor(path: readonly Certificate[], material: CrlMaterial, rules: CrlRules, limits: PathLimits) {
    this.#path = path;
    const crls = material.crls.slice(0, maxLists);
    this.#complete = crls.filter(({ baseNumber }) => baseNumber === undefined);
    this.#material = { crls, certificates: material.certificates.slice(0, maxSigners) };
    this.#rules = rules;
    this.#limits = limits;
  }

  /** Whether a certificate, of the path or one that signed a list, is revoked (§6.3.3). */
  statusOf(certificate: Certificate): CrlStatus {
    this.#pending.push(certificate);
    try {
      return this.#search(certificate);
    } finally {
      this.#pending.pop();
    }
  }

  #search(certificate: Certificate): CrlStatus {
    let seen: ReadonlySet<ReasonFlag> = new Set();
    const lists: AnyCrl[] = [];
    const problems: HoldfastError[] = [];
    for (const point of pointsOf(certificate)) {
      for (const crl of this.#complete) {
        const reasons = reasonsOf(crl, point);
        if (reasons.isSubsetOf(seen) || !isMeant(crl, point, certificate)) continue;
        const found = this.#ask(crl, certificate);
        if (found instanceof HoldfastError) problems.push(found);
        else if (found.line !== undefined) return { kind: 'revoked', line: found.line, list: found.by };
        else {
          lists.push(found.by);
          seen = seen.union(reasons);
        }
      }
    }
    return allReasons.isSubsetOf(seen) ? { kind: 'good', lists } : { kind: 'unknown', problems };
  }

  /** What a list, or the newest changes to it, `by` either, say of a certificate; or why it says nothing (§6.3.3 (c)–(k)). */
  #ask(crl: AnyCrl, certificate: Certificate): { line?: RevokedCertificate; by: AnyCrl } | HoldfastError {
    const problem = this.#problemOf(crl);
    if (problem !== undefined) return refused(crl, problem);
    const signer = this.#signerOf(crl);
    if (signer instanceof HoldfastError) return signer;
    const changes = this.#changesTo(crl, signer);
    const line = (changes && lineOf(changes, certificate)) ?? lineOf(crl, certificate);
    const by = changes ?? crl;
    return line === undefined || line.reason === 'removeFromCRL' ? { by } : { line, by };
  }

  #problemOf(crl: AnyCrl): string | undefined {
    const { thisUpdate, nextUpdate, number, unknownCritical, distribution, extensions } = crl;
    const { at, oldLists = false } = this.#rules;
    if (unknownCritical.length > 0) return `has the critical extension ${unknownCritical.join(', ')}`;
    if (extensions.get(crlOids.crlNumber)?.critical)
      return 'marks its number as critical, which it may not be';
    if (crl.revokedOfOthers.size > 0 && distribution?.indirect !== true)
      return 'has lines of other issuers, but does not say that it is indirect';
    if (at < thisUpdate) return `is of ${thisUpdate.toISOString()}, and it is ${at.toISOString()}`;
    if (nextUpdate !== undefined && at > nextUpdate) return `ended ${nextUpdate.toISOString()}`;
    if (oldLists) return undefined;
    if (number === undefined) return 'has no number';
    return nextUpdate === undefined ? 'does not say when the next one comes' : undefined;
  }

  /** The newest list of changes to a complete one (§6.3.3 (c) and (h), §5.2.4). */
  #changesTo(complete: AnyCrl, signer: Certificate): AnyCrl | undefined {
    const { number } = complete;
    if (number === undefined) return undefined;
    const candidates = this.#material.crls
      .filter((delta) => isChangeTo(delta, complete, number))
      .sort((a, b) => ((a.number ?? 0n) > (b.number ?? 0n) ? -1 : 1));
    return candidates.find(
      (delta) => this.#problemOf(delta) === undefined && this.#isSignedBy(delta, signer),
    );
  }

  /** Who signed a list and may: of the path, or below the same anchor and itself not revoked (§6.3.3 (f) and (g)). */
  #signerOf(crl: AnyCrl): Certificate | HoldfastError {
    const named = [...this.#path, ...this.#material.certificates].filter((each) =>
      equalNames(each.subject, crl.issuer),
    );
    const signed = named.filter((each) => this.#isSignedBy(crl, each));
    if (signed.length === 0) return refused(crl, 'is not signed by any certificate of that name');
    const may = signed.filter(({ extensions }) => extensions.keyUsage?.includes('cRLSign') !== false);
    if (may.length === 0) return refused(crl, 'is signed with a key that may not sign lists (cRLSign)');
    const signer = may.find((each) => this.#path.includes(each) || this.#isVouchedFor(each));
    return signer ?? refused(crl, 'is signed by a certificate that the root of the path does not vouch for');
  }

  #isVouchedFor(signer: Certificate): boolean {
    // Whose own revocation its own list says, as its issuer has it, would be on it.
    if (isAmong(signer, this.#pending)) return true;
    if (this.#pending.length > maxDepth) return false;
    const path = this.#pathOf(signer);
    return path?.slice(0, -1).every((each) => this.#isKnownGood(each)) === true;
  }

  #isKnownGood(certificate: Certificate): boolean {
    return isAmong(certificate, this.#path) || this.statusOf(certificate).kind === 'good';
  }

  #pathOf(signer: Certificate): readonly Certificate[] | undefined {
    const others = [...this.#path, ...this.#material.certificates];
    try {
      return validatePath({
        leaf: signer.der,
        intermediates: others.map(({ der }) => der),
        anchors: this.#path.slice(-1).map(({ der }) => der),
        at: this.#rules.at,
        purpose: 'any',
        rules: 'chosen',
        limits: this.#limits,
      });
    } catch (error) {
      if (isHoldfastError(error)) return undefined;
      throw error;
    }
  }

  #isSignedBy(crl: AnyCrl, signer: Certificate): boolean {
    const known = this.#signed.get(crl) ?? new Map<Certificate, boolean>();
    this.#signed.set(crl, known);
    const isSigned = known.get(signer) ?? (this.#limits.signatures.spend() && isSignedBy(crl, signer));
    known.set(signer, isSigned);
    return isSigned;
  }
}

function isAmong({ fingerprint }: Certificate, others: readonly Certificate[]): boolean {
  return others.some((each) => each.fingerprint === fingerprint);
}

/** An algorithm or a key that is not taken has signed nothing. */
function isSignedBy(crl: AnyCrl, signer: Certificate): boolean {
  try {
    return verifyCrlSignature(crl, publicKeyOf(signer));
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

/** §6.3.3 (c): of the same issuer, key and scope, from a list on that is not newer than the complete one, and newer itself. */
function isChangeTo(delta: AnyCrl, complete: AnyCrl, number: bigint): boolean {
  if (delta.baseNumber === undefined || delta.number === undefined) return false;
  return (
    delta.baseNumber <= number &&
    delta.number > number &&
    equalNames(delta.issuer, complete.issuer) &&
    isSame(delta.authorityKeyId?.keyId, complete.authorityKeyId?.keyId) &&
    isSame(scopeOf(delta), scopeOf(complete))
  );
}

function scopeOf({ extensions }: AnyCrl): Uint8Array | undefined {
  return extensions.get(crlOids.issuingDistributionPoint)?.value;
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

function refused({ issuer, number }: AnyCrl, problem: string): HoldfastError {
  const which = number === undefined ? '' : ` number ${number}`;
  return new HoldfastError('crl_malformed', `the revocation list${which} of ${nameLabel(issuer)} ${problem}`);
}

/** The error for a certificate that is revoked. */
export function revoked(certificate: Certificate, since: Date, reason: string): HoldfastError {
  return new HoldfastError(
    'certificate_revoked',
    `${certificateLabel(certificate)}, number ${certificate.serial}, is revoked since ${since.toISOString()}, ${reason}`,
  );
}
