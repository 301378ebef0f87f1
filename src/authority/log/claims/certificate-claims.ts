import { minuteMs, secondMs } from '../../../base/index.ts';
import {
  type Fingerprint,
  fingerprint,
  type RevocationReason,
  type SerialNumber,
} from '../../../pki/index.ts';
import type { ImportedCertificateRow, LoggedRow, Records, RevokedRow } from '../../records/index.ts';
import { type LogRecord, parseRecord, type RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/**
 * Certificates: what was issued is there as it was issued, with the use of its join code, and nothing else is; what was
 * revoked is revoked, and nothing else is. Of a million no more than a page is in memory.
 */
export function certificateClaims(): Claims {
  let page: Noted[] = [];
  let issued = 0;
  let revoked = 0;
  return {
    note(record) {
      if (isIssuing(record)) issued += 1;
      else if (isRevoking(record)) revoked += record.details.serials.length;
      else return;
      page.push(record);
    },
    async lookUp(records) {
      const noted = page;
      page = [];
      return [
        ...(await lookUpIssued(records, noted.filter(isIssuing))),
        ...(await lookUpRevoked(records, noted.filter(isRevoking))),
      ];
    },
    async compare(records) {
      const { certificates } = records;
      return [
        ...((await certificates.count()) <= issued ? [] : await unlogged(records, allIssued)),
        ...((await certificates.countRevoked()) <= revoked ? [] : await unlogged(records, allRevoked)),
      ];
    },
  };
}

type Issuing = RecordNamed<'issued' | 'renewed'>;
type Revoking = RecordNamed<'revoked'>;
type Noted = Issuing | Revoking;

function isIssuing(record: LogRecord): record is Issuing {
  return record.kind === 'issued' || record.kind === 'renewed';
}

function isRevoking(record: LogRecord): record is Revoking {
  return record.kind === 'revoked';
}

async function lookUpIssued(records: Records, noted: readonly Issuing[]): Promise<string[]> {
  const found = Map.groupBy(await records.certificates.logged(noted.map(serialOf)), ({ serial }) => serial);
  const named = noted.map(({ details }) => details.token).filter((token) => token !== undefined);
  const codes = new Set(await records.joinCodes.among(named));
  return noted.flatMap((record) => issuedProblem(record, found.get(serialOf(record)) ?? [], codes) ?? []);
}

function serialOf({ details }: Issuing): SerialNumber {
  return details.serial;
}

/** @param rows of its certificate, one for each join code that its key came by */
function issuedProblem(
  { details, sequence }: Issuing,
  rows: readonly LoggedRow[],
  codes: ReadonlySet<number>,
): string | undefined {
  const { serial, identity, fingerprint: made, notAfter, token } = details;
  const of = `certificate ${serial} of ${identity} (record ${sequence})`;
  const [row] = rows;
  if (row === undefined) return `${of} was issued and is not on record`;
  if (fingerprint(row.certificate) !== made) return `${of} is another one than was issued`;
  if (row.identity !== identity) return `${of} is on record as one of ${row.identity}`;
  if (Math.abs(row.not_after - Date.parse(notAfter)) >= secondMs)
    return `${of} is on record with another end`;
  if (token !== undefined && codes.has(token) && !rows.some((each) => each.join_code === token))
    return `${of} came by join code ${token}, which does not know of it`;
  return undefined;
}

async function lookUpRevoked(records: Records, noted: readonly Revoking[]): Promise<string[]> {
  const bySerial = new Map(
    noted.flatMap((record) => record.details.serials.map((serial) => [serial, record])),
  );
  const problems: (string | never[])[] = [];
  const serials = [...bySerial.keys()];
  for (let from = 0; from < serials.length; from += lookedUpAtOnce) {
    const some = serials.slice(from, from + lookedUpAtOnce);
    const found = new Map((await records.certificates.logged(some)).map((row) => [row.serial, row]));
    for (const serial of some)
      problems.push(revokedProblem(serial, bySerial.get(serial), found.get(serial)) ?? []);
  }
  return problems.flat();
}

const lookedUpAtOnce = 500;

/** The clock was asked twice in one transaction. */
const toleranceMs = minuteMs;

function revokedProblem(
  serial: SerialNumber,
  record: Revoking | undefined,
  row: RevokedRow | undefined,
): string | undefined {
  if (record === undefined) return undefined;
  const { revoked_at = null, revocation_reason } = row ?? {};
  const { details, sequence, at } = record;
  const of = `certificate ${serial} (record ${sequence})`;
  if (revoked_at === null) return `${of} was revoked, and is not revoked on record`;
  if (Math.abs(revoked_at - Date.parse(at)) > toleranceMs)
    return `${of} is on record as revoked at another time`;
  if (revocation_reason !== details.reason) return `${of} is on record as revoked for another reason`;
  return undefined;
}

/** Which certificates there may be, and how the log names them. */
interface Unlogged {
  readonly which: 'all' | 'revoked';
  readonly namedIn: (record: LogRecord) => readonly string[];
  readonly problem: string;
}

const allIssued: Unlogged = {
  which: 'all',
  namedIn: (record) => (isIssuing(record) ? [serialOf(record)] : []),
  problem: 'is on record, and the log does not say that it was issued',
};

const allRevoked: Unlogged = {
  which: 'revoked',
  namedIn: (record) => (isRevoking(record) ? record.details.serials : []),
  problem: 'is revoked on record, and the log does not say so',
};

const pageSize = 1000;
const maxNamed = 100;

/** All that the log names is there: as many rows are no others. Only when there are more is it looked which. */
async function unlogged(
  { log, certificates }: Records,
  { which, namedIn, problem }: Unlogged,
): Promise<string[]> {
  const named = new Set<string>();
  for (let after = 0; ; ) {
    const rows = await log.after(after, pageSize);
    for (const { record } of rows) for (const serial of namesIn(record, namedIn)) named.add(serial);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.sequence;
  }
  const problems: string[] = [];
  for (let after = 0; problems.length < maxNamed; ) {
    const rows = await certificates.pageOf(which, { after, limit: pageSize });
    for (const { serial } of rows) if (!named.has(serial)) problems.push(`certificate ${serial} ${problem}`);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  return problems;
}

function namesIn(text: string, namedIn: Unlogged['namedIn']): readonly string[] {
  const record = parseRecord(text);
  return record === undefined ? [] : namedIn(record);
}

/** What the log says of a certificate of before. */
interface Imported {
  readonly serial: SerialNumber;
  readonly fingerprint?: Fingerprint;
  readonly revoked?: { readonly at: string; readonly reason: RevocationReason };
  readonly sequence: number;
}

/** What a root had issued before it was adopted: all of it is on record as it was imported or revoked since, and nothing else. */
export function importedClaims(): Claims {
  let page: Imported[] = [];
  const revokedSince = new Map<SerialNumber, Imported>();
  let imported = 0;
  let revoked = 0;
  return {
    note(record) {
      const added = importedBy(record);
      imported += added.length;
      revoked += added.filter((each) => each.revoked !== undefined).length;
      page.push(...added);
      const ended = revokedBy(record);
      if (ended !== undefined) revokedSince.set(ended.serial, ended);
    },
    async lookUp(records) {
      const noted = page;
      page = [];
      return await lookUpAll(records, noted);
    },
    async compare(records) {
      const count = await records.imported.count();
      const said = revoked + revokedSince.size;
      return [
        ...(await lookUpAll(records, [...revokedSince.values()])),
        ...(count.all > imported
          ? [
              `${count.all} certificates of before are on record, and the log says that ${imported} were imported`,
            ]
          : []),
        ...(count.revoked > said
          ? [`${count.revoked} certificates of before are revoked on record, and the log says it of ${said}`]
          : []),
      ];
    },
  };
}

/** Who stands above the root: those that were recorded, and no others but what the root itself had before. */
export function outsideClaims(): Claims {
  const recorded = new Set<Fingerprint>();
  const former = new Set<Fingerprint>();
  // Then there are certificates from before the log.
  let fromKeys = true;
  return {
    note(record) {
      if (record.kind === 'authority created') fromKeys = false;
      if (record.kind === 'root certificate renewed') former.add(record.details.replaces);
      if (record.kind === 'outside certificate recorded') recorded.add(record.details.fingerprint);
    },
    async compare(records) {
      const found = (await records.outside.list()).map(({ certificate }) => fingerprint(certificate));
      return [
        ...[...recorded]
          .filter((one) => !found.includes(one))
          .map((one) => `the outside certificate ${one} is not on record`),
        ...found
          .filter((one) => !fromKeys && !recorded.has(one) && !former.has(one))
          .map((one) => `the outside certificate ${one} is on record, and the log does not say so`),
      ];
    },
  };
}

/** What authorities outside have revoked: what the log says, and nothing else. */
export function outsideStatusClaims(): Claims {
  const revoked = new Map<string, string>();
  return {
    note({ kind, details }) {
      if (kind === 'outside certificate revoked') revoked.set(details.fingerprint, details.reason);
      if (kind === 'outside hold lifted') revoked.delete(details.fingerprint);
    },
    async compare(records) {
      const rows = await records.outsideStatuses.list();
      const found = new Map(rows.map((row) => [row.fingerprint, row.revocation_reason ?? undefined]));
      return [...new Set([...revoked.keys(), ...found.keys()])]
        .filter((one) => found.get(one) !== revoked.get(one))
        .map(
          (one) =>
            `the outside certificate ${one} is ${found.get(one) ?? 'not revoked'} on record, and ${revoked.get(one) ?? 'not revoked'} in the log`,
        );
    },
  };
}

function importedBy({ kind, details, sequence }: LogRecord): Imported[] {
  if (kind === 'certificate imported') return [{ ...details, sequence }];
  if (kind !== 'serial numbers imported') return [];
  return details.numbers.map(({ serial, revoked }) => ({ serial, ...(revoked && { revoked }), sequence }));
}

function revokedBy({ kind, details, sequence, at }: LogRecord): Imported | undefined {
  if (kind !== 'imported certificate revoked') return undefined;
  return { serial: details.serial, revoked: { at, reason: details.reason }, sequence };
}

async function lookUpAll({ imported }: Records, noted: readonly Imported[]): Promise<string[]> {
  const problems: string[] = [];
  for (let from = 0; from < noted.length; from += lookedUpAtOnce) {
    const some = noted.slice(from, from + lookedUpAtOnce);
    const rows = await imported.logged(some.map(({ serial }) => serial));
    const bySerial = new Map(rows.map((row) => [row.serial, row]));
    for (const each of some) problems.push(...problemOf(each, bySerial.get(each.serial)));
  }
  return problems;
}

function problemOf(said: Imported, row: ImportedCertificateRow | undefined): string[] {
  const of = `the certificate of before ${said.serial} (record ${said.sequence})`;
  if (row === undefined) return [`${of} is not on record`];
  const { certificate, revoked_at, revocation_reason } = row;
  if (
    said.fingerprint !== undefined &&
    (certificate === null || fingerprint(certificate) !== said.fingerprint)
  )
    return [`${of} is another one than was imported`];
  if (said.revoked === undefined) return [];
  if (revoked_at === null) return [`${of} was revoked, and is not revoked on record`];
  const isThen = Math.abs(revoked_at - Date.parse(said.revoked.at)) <= minuteMs;
  return isThen && revocation_reason === said.revoked.reason
    ? []
    : [`${of} is on record as revoked at another time or for another reason`];
}
