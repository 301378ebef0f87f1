import { dayMs, HoldfastError, hourMs, minuteMs } from '../../base/index.ts';
import { type Certificate, commonName, formatName, parseCertificate, signed } from '../../pki/index.ts';
import type { NetworkPolicy } from '../../policy/index.ts';
import type { OutsideReason, OutsideStatusRow, Records } from '../records/index.ts';
import { isSelfSigned } from './ca-certificates.ts';

/** The certificates above the root, the next one first, up to one that signed itself; none above a root that did so. */
export async function readOutside({ outside }: Records, root: Certificate): Promise<Certificate[]> {
  const known = (await outside.list()).map(({ certificate }) => parseCertificate(certificate));
  return signersAbove(root, known);
}

/** More than stand above any authority, so that what comes costs a bounded number of signatures. */
const maxAbove = 8;

/**
 * Of certificates in any order those above one, the next one first, by name and signature, up to one that signed itself; where
 * one was renewed the newest.
 */
export function signersAbove(certificate: Certificate, all: readonly Certificate[]): Certificate[] {
  const candidates = all.toSorted((a, b) => b.notAfter.getTime() - a.notAfter.getTime());
  const above: Certificate[] = [];
  for (let last = certificate; !isSelfSigned(last) && above.length < maxAbove; ) {
    const below = last;
    const next = candidates.find((each) => !above.includes(each) && signed(each, below));
    if (next === undefined) break;
    above.push(next);
    last = next;
  }
  return above;
}

/** What is known of whether a certificate is revoked that an authority outside has signed. */
export interface OutsideStatus {
  readonly certificate: Certificate;
  readonly revoked?: OutsideRevocation;
  /** When it was asked last; `failures`: how often in a row nothing could be learnt, and why not the last time. */
  readonly asked?: { readonly at: Date; readonly failures: number; readonly problem?: string };
  /** When it was learnt last that it is not revoked, and until when that counts. */
  readonly known?: { readonly at: Date; readonly until: Date };
}

interface OutsideRevocation {
  readonly at: Date;
  readonly reason: OutsideReason;
  /** Of when the list or the answer is that says so. */
  readonly saidAt: Date;
}

/** Of the root, and of those above it, each that an authority outside has signed; none of a root that signed itself. */
export async function readOutsideStatuses(records: Records, root: Certificate): Promise<OutsideStatus[]> {
  if (isSelfSigned(root)) return [];
  const path = [root, ...(await readOutside(records, root))];
  const rows = new Map((await records.outsideStatuses.list()).map((row) => [row.fingerprint, row]));
  return path.slice(0, -1).map((certificate) => statusOf(certificate, rows.get(certificate.fingerprint)));
}

function statusOf(certificate: Certificate, row: OutsideStatusRow | undefined): OutsideStatus {
  if (row === undefined) return { certificate };
  const { revoked_at, revocation_reason, said_at, asked_at, failures, problem, known_at, known_until } = row;
  return {
    certificate,
    ...(revoked_at !== null && {
      revoked: {
        at: new Date(revoked_at),
        reason: revocation_reason ?? 'unspecified',
        saidAt: new Date(said_at ?? revoked_at),
      },
    }),
    ...(asked_at !== null && {
      asked: { at: new Date(asked_at), failures, ...(problem !== null && { problem }) },
    }),
    ...(known_at !== null && { known: { at: new Date(known_at), until: new Date(known_until ?? known_at) } }),
  };
}

/** Whether a certificate says where it can be asked whether it is revoked. */
export function namesPlace({ extensions }: Certificate): boolean {
  return extensions.crlPoints.length + extensions.ocspUrls.length > 0;
}

const askEveryMs = dayMs;
/** A hold is lifted on a day that nobody knows, and until then nothing is issued. */
const askHeldEveryMs = hourMs;
/** So long before a list ends the next one is looked for. */
const aheadMs = hourMs;
const leastMs = 10 * minuteMs;
const longestSilenceMs = 6 * hourMs;

/** When it is to be asked again, in milliseconds since 1970: once a day, when the list ends, and later and later where nobody answers. */
export function askAgainAt({ asked, known, revoked }: OutsideStatus): number {
  if (asked === undefined) return 0;
  const { failures } = asked;
  const atMs = asked.at.getTime();
  if (failures > 0) return atMs + Math.min(longestSilenceMs, leastMs * 2 ** Math.min(failures - 1, 16));
  if (revoked?.reason === 'certificateHold') return atMs + askHeldEveryMs;
  const endMs = known === undefined ? Number.POSITIVE_INFINITY : known.until.getTime() - aheadMs;
  return Math.max(atMs + leastMs, Math.min(atMs + askEveryMs, endMs));
}

type Mode = NetworkPolicy['outsideRevocation'];

/** What is known of those that an authority outside has signed. */
interface Statuses {
  readonly outside?: readonly OutsideStatus[];
}

/**
 * Refuses to issue below what an authority outside has revoked, and by the policy `hard` below what is not known to be good.
 * @throws HoldfastError `root_revoked`, `root_unproven`
 */
export function checkOutside(
  { outside = [] }: Statuses,
  { mode, nowMs }: { mode: Mode; nowMs: number },
): void {
  for (const status of outside) {
    if (status.revoked !== undefined)
      throw new HoldfastError('root_revoked', sayRevoked(status, status.revoked), { hint: wayOut(status) });
    if (mode !== 'hard' || isKnown(status, nowMs)) continue;
    throw new HoldfastError('root_unproven', sayUnknown(status), {
      hint: 'make its list reachable, the server asks again by itself; or go on without: holdfast policy set outsideRevocation soft',
    });
  }
}

/** What is to be said of those that an authority outside has signed, in sentences. */
export function outsideWarnings(
  { outside = [] }: Statuses,
  { mode, nowMs }: { mode: Mode; nowMs: number },
): string[] {
  return outside.flatMap((status) => {
    if (status.revoked !== undefined)
      return [`${sayRevoked(status, status.revoked)}; nothing is issued: ${wayOut(status)}`];
    if (mode === 'off' || isKnown(status, nowMs)) return staleWarnings(status, nowMs);
    const said = namesPlace(status.certificate) || mode === 'hard';
    return said && (status.asked !== undefined || mode === 'hard')
      ? [`${sayUnknown(status)}${mode === 'hard' ? '; nothing is issued' : ''}`]
      : [];
  });
}

/** A list that goes on being good for weeks may still have a newer one after it, which says more. */
function staleWarnings({ certificate, asked, known }: OutsideStatus, nowMs: number): string[] {
  if (asked?.problem === undefined || known === undefined) return [];
  const days = Math.floor((nowMs - known.at.getTime()) / dayMs);
  if (days < 2) return [];
  return [
    `whether ${nameOf(certificate)} is revoked was learnt last ${days} days ago, and could not be since: ${asked.problem}`,
  ];
}

function isKnown({ known }: OutsideStatus, nowMs: number): boolean {
  return known !== undefined && nowMs <= known.until.getTime();
}

function sayRevoked({ certificate }: OutsideStatus, { at, reason }: OutsideRevocation): string {
  const did = reason === 'certificateHold' ? 'has put' : 'has revoked';
  const how = reason === 'certificateHold' ? ' on hold' : '';
  return `${formatName(certificate.issuer)} ${did} the certificate of ${nameOf(certificate)}${how}, number ${certificate.serial}, on ${at.toISOString()} (${reason})`;
}

function wayOut({ revoked, certificate }: OutsideStatus): string {
  const another =
    'holdfast ca request --out FILE asks for another certificate, and holdfast ca complete FILE puts it in';
  const reason = revoked?.reason;
  if (reason === 'certificateHold')
    return `when ${formatName(certificate.issuer)} lifts that, issuing goes on by itself; else ${another}`;
  if (reason === 'keyCompromise' || reason === 'cACompromise')
    return 'somebody else may have its key: ask who revoked it; begin an authority with another key, holdfast ca create --subordinate --home DIR, and let the machines join that one';
  return another;
}

function sayUnknown({ certificate, asked, known }: OutsideStatus): string {
  const since = known === undefined ? 'is not known' : `is not known since ${known.until.toISOString()}`;
  return `whether ${nameOf(certificate)} is revoked ${since}: ${whyUnknown(certificate, asked)}`;
}

function whyUnknown(certificate: Certificate, asked: OutsideStatus['asked']): string {
  if (!namesPlace(certificate)) return 'it names no revocation list and no OCSP address';
  if (asked === undefined) return 'nobody was asked yet, which the server does: holdfast serve';
  return `${asked.problem ?? 'what was learnt has ended'}, asked ${asked.at.toISOString()}`;
}

function nameOf({ subject }: Certificate): string {
  return commonName(subject) ?? formatName(subject);
}
