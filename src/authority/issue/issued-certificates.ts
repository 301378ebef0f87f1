import { type Clock, mapInTurns } from '../../base/index.ts';
import {
  type Certificate,
  parseCertificate,
  type RevocationReason,
  type Role,
  type SerialNumber,
} from '../../pki/index.ts';
import type {
  CertificateFilter,
  CertificateRow,
  ImportedCertificateRow,
  ImportedFilter,
  ListedCertificateRow,
  RecordedState,
  Records,
} from '../records/index.ts';

/** What can be seen of a certificate on record. */
export interface CertificateRecord {
  readonly serial: SerialNumber;
  readonly role: Role;
  readonly name: string;
  readonly state: RecordedState;
  readonly issuedAt: Date;
  readonly revokedAt?: Date;
  /** With `revokedAt`. */
  readonly revocationReason?: RevocationReason;
  /** There when it is revoked because its issuer is, and not by itself: it may still be renewed. */
  readonly byIssuer?: true;
  readonly certificate: Certificate;
}

const defaultLimit = 1000;

/** A certificate that the root had issued before it was adopted. */
export interface ImportedRecord {
  /** Its row, by which the next page is asked for. */
  readonly id: number;
  readonly serial: SerialNumber;
  readonly subject: string | undefined;
  readonly notAfter: Date | undefined;
  readonly state: RecordedState;
  readonly revokedAt?: Date;
  /** With `revokedAt`. */
  readonly revocationReason?: RevocationReason;
  /** Where it was at hand. */
  readonly certificate: Certificate | undefined;
}

/** What was issued, for looking at. */
export class IssuedCertificates {
  readonly #records: Records;
  readonly #clock: Clock;

  constructor(records: Records, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** The certificates that `filter` lets through, the newest first; of those that end soon, the soonest. */
  async list(filter: CertificateFilter = {}): Promise<CertificateRecord[]> {
    const nowMs = this.#clock.now();
    const rows = await this.#records.certificates.list(filter, nowMs, filter.limit ?? defaultLimit);
    return await mapInTurns(rows, (row) => toRecord(row, nowMs));
  }

  /** What the root had issued before it was adopted, in the order it was imported. */
  async listImported(
    filter: Omit<ImportedFilter, 'limit'> & { readonly limit?: number } = {},
  ): Promise<ImportedRecord[]> {
    const nowMs = this.#clock.now();
    const { limit = defaultLimit } = filter;
    const rows = await this.#records.imported.list({ ...filter, limit }, nowMs);
    return await mapInTurns(rows, (row) => toImported(row, nowMs));
  }

  /** One of those by its serial number, or undefined. */
  async showImported(serial: SerialNumber): Promise<ImportedRecord | undefined> {
    const row = await this.#records.imported.find(serial);
    return row && toImported(row, this.#clock.now());
  }

  /** The certificate with this serial number, or undefined. */
  async show(serial: SerialNumber): Promise<CertificateRecord | undefined> {
    const [record] = await this.list({ serial, limit: 1 });
    return record;
  }
}

function toImported(row: ImportedCertificateRow, nowMs: number): ImportedRecord {
  const { id, serial, subject, not_after, revoked_at, revocation_reason, certificate } = row;
  const live = not_after === null || not_after >= nowMs ? 'valid' : 'expired';
  return {
    id,
    serial,
    subject: subject ?? undefined,
    notAfter: not_after === null ? undefined : new Date(not_after),
    state: revoked_at === null ? live : 'revoked',
    ...(revoked_at !== null && {
      revokedAt: new Date(revoked_at),
      revocationReason: revocation_reason ?? 'unspecified',
    }),
    certificate: certificate === null ? undefined : parseCertificate(certificate),
  };
}

function toRecord(row: ListedCertificateRow, nowMs: number): CertificateRecord {
  const { serial, role, name, issued_at, revoked_at, revocation_reason, certificate } = row;
  const live = isLive(row, nowMs) ? 'valid' : 'expired';
  return {
    serial,
    role,
    name,
    state: revoked_at === null ? live : 'revoked',
    issuedAt: new Date(issued_at),
    ...(revoked_at !== null && {
      revokedAt: new Date(revoked_at),
      revocationReason: revocation_reason ?? 'unspecified',
    }),
    ...(row.by_issuer === 1 && { byIssuer: true as const }),
    certificate: parseCertificate(certificate),
  };
}

/** Whether a certificate can still be used at `nowMs`. */
export function isLive(
  { revoked_at, not_after }: Pick<CertificateRow, 'revoked_at' | 'not_after'>,
  nowMs: number,
): boolean {
  return revoked_at === null && nowMs <= not_after;
}
