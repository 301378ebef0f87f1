import type { Bytes } from '../../base/index.ts';
import { type CrlEntry, createCrl, encodeCrlEntries } from '../../pki/index.ts';
import { backdateMs, minCrlIntervalMs, revocationProfiles } from '../../policy/index.ts';
import {
  type CaCertificate,
  type IssuerRevocation,
  keyIdentifierOf,
  type Replacing,
} from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import type { Answering } from '../ocsp/index.ts';
import type { CrlRow, Records, RevokedRow } from '../records/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';

/** What revocation lists are signed with, and issuers replaced that are on them. */
export interface CrlSigning extends Answering, Replacing {}

/** Rows read and written at a time: about a millisecond of the thread that answers everybody. */
const pageSize = 500;

/**
 * Signs the list of what an issuer has revoked and publishes it by keeping it. Its key has to be here.
 *
 * The number is on record before anything is signed with it: whatever is cut short, no two lists have the same. A
 * revocation while the list is put together may be on it or not; it makes the next one due.
 *
 * @throws HoldfastError `keystore_entry_missing`, `clock_wrong`, `authority_restored`, `authority_superseded`,
 *   `authority_retired`
 */
export async function signCrl(
  context: CrlSigning,
  { label, certificate }: CaCertificate,
  { lifetimeMs }: { readonly lifetimeMs: number },
): Promise<void> {
  checkStanding(context);
  checkClock(context);
  const { records, keystore, log, clock } = context;
  const key = keystore.key(label);
  const { crl: before, revocations } = await readCrlState(records.committed, label);
  const nowMs = clock.now();
  const number = await records.transaction((tx) => tx.state.takeCrlNumber(nowMs));
  const thisUpdate = new Date(nowMs - backdateMs);
  const nextUpdate = new Date(nowMs + lifetimeMs);
  // What has expired stays until it was on one list signed after its end (RFC 5280 §3.3).
  const { entries, count } = await encodeEntries(context, label, before?.this_update ?? thisUpdate.getTime());
  const crl = createCrl(
    {
      issuer: certificate.subject,
      authorityKeyId: keyIdentifierOf(certificate),
      number: BigInt(number),
      thisUpdate,
      nextUpdate,
      entries,
    },
    key,
  );
  await records.transaction(async (tx) => {
    const times = { this_update: nowMs, next_update: nextUpdate.getTime() };
    if (!(await tx.crls.keep({ issuer: label, number, ...times, revocations, crl }))) return;
    const details = { issuer: label, number, entries: count, nextUpdate: nextUpdate.toISOString() };
    await log.decide(tx, kinds.crlSigned, { by: 'authority', details });
  });
}

interface Entries {
  readonly entries: readonly Bytes[];
  readonly count: number;
}

function encodeEntries(
  { issuer: { root, issuings }, records }: CrlSigning,
  label: string,
  sinceMs: number,
): Promise<Entries> {
  if (label === root.label) return encodeBelowRoot(records, { issuings, label, sinceMs });
  const issuing = issuings.find((each) => each.label === label);
  return encodeRevoked(records, { label, sinceMs, all: issuing?.revoked });
}

/**
 * The list of the root: issuing certificates are few, and one that has ended may stay; and what it had issued before it was
 * adopted.
 */
async function encodeBelowRoot(
  { imported }: Records,
  {
    issuings,
    label: issuer,
    sinceMs,
  }: { readonly issuings: readonly CaCertificate[]; readonly label: string; readonly sinceMs: number },
): Promise<Entries> {
  const revoked = issuings.flatMap(({ certificate: { serial }, revoked: end }) =>
    end === undefined ? [] : [{ serial, revokedAt: end.at, reason: end.reason }],
  );
  const entries: Bytes[] = [encodeCrlEntries(revoked)];
  let count = revoked.length;
  for (let after = 0; ; ) {
    const page = await imported.revokedAfter(after, { issuer, sinceMs, limit: pageSize });
    const end = page.at(-1);
    if (end === undefined) return { entries, count };
    entries.push(encodeCrlEntries(page.map((row) => entryOf(row, undefined))));
    count += page.length;
    after = end.id;
  }
}

/**
 * The entries of everything revoked that had not ended at `sinceMs`, in the order of their ends; of an issuer that is
 * revoked itself, `all` that it issued.
 */
async function encodeRevoked(
  { certificates }: Records,
  { label, sinceMs, all }: { label: string; sinceMs: number; all: IssuerRevocation | undefined },
): Promise<Entries> {
  const entries: Bytes[] = [];
  let count = 0;
  let last = { not_after: sinceMs, serial: '' };
  for (;;) {
    const page = await certificates.revokedAfter(last, {
      issuer: label,
      all: all !== undefined,
      limit: pageSize,
    });
    const end = page.at(-1);
    if (end === undefined) return { entries, count };
    entries.push(encodeCrlEntries(page.map((row) => entryOf(row, all))));
    count += page.length;
    last = end;
  }
}

function entryOf(
  { serial, revoked_at, revocation_reason }: Omit<RevokedRow, 'not_after'>,
  all: IssuerRevocation | undefined,
): CrlEntry {
  const reason = revocation_reason ?? 'unspecified';
  if (revoked_at !== null) return { serial, revokedAt: new Date(revoked_at), reason };
  if (all === undefined) throw new TypeError(`certificate ${serial} is not revoked`);
  return { serial, revokedAt: all.at, reason: all.reason };
}

/** The newest list of an issuer, when there is one, and how many revocations there were of what it issued. */
export async function readCrlState(
  { crls, issuers }: Records,
  label: string,
): Promise<{ readonly crl: CrlRow | undefined; readonly revocations: number }> {
  const [crl, issuer] = await Promise.all([crls.find(label), issuers.find(label)]);
  return { crl, revocations: issuer?.revocations ?? 0 };
}

/** What can be seen of a list without its bytes. */
export interface ListedCrl {
  /** Of its issuer. */
  readonly label: string;
  readonly number: number;
  readonly signedAt: Date;
  readonly nextUpdate: Date;
}

/** The newest list of every issuer that ever signed one. */
export async function listCrls({ crls }: Records): Promise<ListedCrl[]> {
  return (await crls.list()).map(({ issuer, number, this_update, next_update }) => ({
    label: issuer,
    number,
    signedAt: new Date(this_update),
    nextUpdate: new Date(next_update),
  }));
}

type Profile = (typeof revocationProfiles)['root' | 'issuing'];

/**
 * Signs the list of every issuer whose key is here and whose list is due: there is none, it is to be refreshed long
 * before its end, or something was revoked since, and then at most once a minute.
 */
export async function signCrlsWhenDue(context: CrlSigning): Promise<void> {
  const { present, records, clock, clockGuard } = context;
  if (present.state.standing !== 'ready' || clockGuard.problem() !== undefined) return;
  const looks = await Promise.all(
    signingIssuers(context).map(async ({ issuer, profile }) => {
      const { crl, revocations } = await readCrlState(records.committed, issuer.label);
      return isDue(crl, { revocations, profile, nowMs: clock.now() }) ? [{ issuer, profile }] : [];
    }),
  );
  // One that cannot be signed keeps no other from it.
  const signed = await Promise.allSettled(
    looks.flat().map(({ issuer, profile }) => signCrl(context, issuer, profile)),
  );
  for (const result of signed) if (result.status === 'rejected') throw result.reason;
}

/** The issuers whose lists can be signed here and are still asked for by anybody. */
export function signingIssuers({ issuer: { root, issuings }, keystore, clock }: CrlSigning): {
  readonly issuer: CaCertificate;
  readonly profile: Profile;
}[] {
  const all = [
    { issuer: root, profile: revocationProfiles.root },
    ...issuings.map((issuer) => ({ issuer, profile: revocationProfiles.issuing })),
  ];
  return all.filter(
    ({ issuer: { label, certificate } }) =>
      keystore.has(label) && clock.now() <= certificate.notAfter.getTime(),
  );
}

function isDue(
  crl: CrlRow | undefined,
  { revocations, profile, nowMs }: { revocations: number; profile: Profile; nowMs: number },
): boolean {
  if (crl === undefined) return true;
  const age = nowMs - crl.this_update;
  // One dated ahead was signed by a clock that was wrong, and is replaced like an old one.
  if (age < 0 || age >= profile.refreshMs) return true;
  return revocations > crl.revocations && age >= minCrlIntervalMs;
}
