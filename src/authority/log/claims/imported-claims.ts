import { minuteMs } from '../../../base/index.ts';
import {
  type Fingerprint,
  fingerprint,
  type RevocationReason,
  type SerialNumber,
} from '../../../pki/index.ts';
import type { ImportedCertificateRow, Records } from '../../records/index.ts';
import type { LogRecord } from '../log-record.ts';
import type { Claims } from './claims.ts';

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

const lookedUpAtOnce = 500;

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
