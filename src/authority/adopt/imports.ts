import { isHoldfastError } from '../../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  equalNames,
  formatName,
  parseSerialNumber,
  publicKeyOf,
  type RevocationReason,
  revocationReasons,
  type SerialNumber,
  signed,
  verifyCrlSignature,
} from '../../pki/index.ts';

/** A certificate that a root had issued, as far as something tells of it. */
export interface ImportedCertificate {
  readonly serial: SerialNumber;
  readonly subject?: string | undefined;
  readonly notAfter?: Date | undefined;
  readonly revoked?: { readonly at: Date; readonly reason: RevocationReason } | undefined;
  readonly certificate?: Certificate | undefined;
}

/** All that a root had issued, as far as it is known, each number once. */
export interface Imports {
  readonly certificates: readonly ImportedCertificate[];
  /** The highest number of a revocation list, where it can be counted on from. */
  readonly crlNumber?: number | undefined;
  /** What is to be known of it, in sentences. */
  readonly notes: readonly string[];
}

/** What tells of the certificates of a root. */
export interface ImportSources {
  /** Certificates, of this issuer or not. */
  readonly certificates: readonly Certificate[];
  /** Texts of `index.txt`, as `openssl ca` keeps it. */
  readonly indexes: readonly string[];
  readonly crls: readonly AnyCrl[];
  /** The number of the next revocation list, as `openssl ca` keeps it. */
  readonly nextCrlNumber?: bigint | undefined;
  /** Files that should have certificates, and cannot be read. */
  readonly unread: readonly string[];
}

/**
 * Puts together what several sources tell of the certificates of `root`: whatever one of them says is revoked is, the one
 * that was first counts. What the root did not sign is passed over, and said.
 */
export function gatherImports(root: Certificate, sources: ImportSources): Imports {
  const notes: string[] = [];
  const known = new Map<SerialNumber, ImportedCertificate>();
  const add = (one: ImportedCertificate): void => {
    known.set(one.serial, merge(known.get(one.serial), one));
  };
  const all = new Map(sources.certificates.map((each) => [each.fingerprint, each]));
  all.delete(root.fingerprint);
  const own = [...all.values()];
  const issued = own.filter((each) => signed(root, each));
  const foreign = own.length - issued.length;
  if (foreign > 0)
    notes.push(
      foreign === 1
        ? '1 certificate at hand is of another issuer, and is passed over'
        : `${foreign} certificates at hand are of another issuer, and are passed over`,
    );
  for (const certificate of issued) {
    const { serial, subject, notAfter } = certificate;
    add({ serial, subject: formatName(subject), notAfter, certificate });
  }
  const { length: unread } = sources.unread;
  if (unread > 0)
    notes.push(
      `${unread} ${unread === 1 ? 'file' : 'files'} of certificates cannot be read, and none in them is on record: ${sources.unread.slice(0, 5).join(', ')}${unread > 5 ? ', …' : ''}`,
    );
  for (const index of sources.indexes) {
    const { entries, unread } = readIndex(index);
    if (unread > 0) notes.push(`${unread} lines of index.txt cannot be read`);
    for (const entry of entries) add(entry);
  }
  const lists = sources.crls.filter((crl) => isListOf(root, crl));
  if (lists.length < sources.crls.length)
    notes.push(
      `${sources.crls.length - lists.length} revocation lists are not of this root, and are passed over`,
    );
  for (const { revoked } of lists)
    for (const { serial, revokedAt, reason } of revoked.values())
      if (reason !== 'removeFromCRL')
        add({ serial, revoked: { at: revokedAt, reason: finalReason(reason) } });
  const held = lists.flatMap(({ revoked }) => [...revoked.values()]).filter(isHeld).length;
  if (held > 0) notes.push(`${held} certificates on hold are revoked from now on: nothing here is on hold`);
  notes.push(...authoritiesBelow(issued, known));
  return { certificates: [...known.values()], notes, ...crlNumberOf(lists, sources.nextCrlNumber, notes) };
}

function merge(known: ImportedCertificate | undefined, more: ImportedCertificate): ImportedCertificate {
  const revoked = earlier(known?.revoked, more.revoked);
  return {
    serial: more.serial,
    subject: known?.subject ?? more.subject,
    notAfter: known?.notAfter ?? more.notAfter,
    certificate: known?.certificate ?? more.certificate,
    revoked,
  };
}

function earlier(
  a: ImportedCertificate['revoked'],
  b: ImportedCertificate['revoked'],
): ImportedCertificate['revoked'] {
  if (a === undefined || b === undefined) return a ?? b;
  const [first, second] = a.at <= b.at ? [a, b] : [b, a];
  return first.reason === 'unspecified' ? { ...first, reason: second.reason } : first;
}

/** Those below it that are authorities themselves: nodes believe what they sign, until they are revoked. */
function authoritiesBelow(
  issued: readonly Certificate[],
  known: ReadonlyMap<SerialNumber, ImportedCertificate>,
): string[] {
  return issued
    .filter(({ serial, extensions }) => {
      const { notAfter, revoked } = known.get(serial) ?? {};
      return extensions.basicConstraints?.ca === true && notAfter !== undefined && revoked === undefined;
    })
    .map(
      ({ serial, subject }) =>
        `${formatName(subject)} is an authority below it, whose certificates the nodes will believe: ` +
        `when nobody needs it any more, holdfast cert revoke --serial ${serial}`,
    );
}

function isHeld({ reason }: { readonly reason: string }): boolean {
  return reason === 'certificateHold';
}

function finalReason(reason: string): RevocationReason {
  return revocationReasons.find((each) => each === reason) ?? 'unspecified';
}

/** Whether the root signed a list; what cannot be verified it did not. */
function isListOf(root: Certificate, crl: AnyCrl): boolean {
  if (!equalNames(crl.issuer, root.subject)) return false;
  try {
    return verifyCrlSignature(crl, publicKeyOf(root));
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

function crlNumberOf(
  lists: readonly AnyCrl[],
  next: bigint | undefined,
  notes: string[],
): { readonly crlNumber?: number } {
  const numbers = [...lists.map(({ number = 0n }) => number), ...(next === undefined ? [] : [next])];
  const highest = numbers.reduce((a, b) => (a > b ? a : b), 0n);
  if (highest === 0n) return {};
  if (highest < BigInt(Number.MAX_SAFE_INTEGER)) return { crlNumber: Number(highest) };
  notes.push(
    `its revocation list has the number ${highest}, which nothing here can count on from: ` +
      'whoever keeps that list takes ours only once it has ended',
  );
  return {};
}

/**
 * The lines of an `index.txt`: state, end, revocation and reason, serial number, file, subject, separated by tabs
 * (apps/openssl-ca(1)).
 */
function readIndex(text: string): { readonly entries: ImportedCertificate[]; readonly unread: number } {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const entries = lines.flatMap((line) => readLine(line) ?? []);
  return { entries, unread: lines.length - entries.length };
}

function readLine(line: string): ImportedCertificate | undefined {
  const [state = '', end = '', revocation = '', number = '', , subject = ''] = line.split('\t');
  const serial = parseSerialNumber(number);
  const notAfter = readTime(end);
  if (!['V', 'E', 'R'].includes(state) || serial === undefined || notAfter === undefined) return undefined;
  const [time = '', word = 'unspecified'] = revocation.split(',');
  const at = readTime(time);
  if (state === 'R' && at === undefined) return undefined;
  const revoked = state === 'R' && at !== undefined ? { at, reason: reasonOf(word) } : undefined;
  return { serial, notAfter, subject: subjectOf(subject), revoked };
}

/** OpenSSL writes `/C=DE/CN=alpha`, and reads of it what we write as `C=DE, CN=alpha`. */
function subjectOf(text: string): string | undefined {
  const attributes: string[] = [];
  for (const part of text.split('/').slice(1)) {
    const last = attributes.pop();
    // A value may have a slash in it.
    if (last === undefined || /^[A-Za-z0-9.]+=/.test(part))
      attributes.push(...(last === undefined ? [] : [last]), part);
    else attributes.push(`${last}/${part}`);
  }
  return attributes.length === 0 ? undefined : attributes.join(', ');
}

/** In the words of openssl, which writes some of them another way. */
function reasonOf(word: string): RevocationReason {
  const wanted = word.toLowerCase();
  if (wanted === 'cakeytime') return 'cACompromise';
  if (wanted === 'keytime') return 'keyCompromise';
  return revocationReasons.find((each) => each.toLowerCase() === wanted) ?? 'unspecified';
}

/** `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`; of two digits those from 50 on are of the last century (RFC 5280 §4.1.2.5.1). */
function readTime(text: string): Date | undefined {
  const [, year = '', month, day, hour, minute, second] =
    /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  if (month === undefined) return undefined;
  const century = Number(year) >= 50 ? '19' : '20';
  const full = year.length === 4 ? year : century + year;
  const date = new Date(`${full}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
