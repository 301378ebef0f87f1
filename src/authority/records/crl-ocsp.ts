import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** A revocation list on record, without its bytes. Times are milliseconds since 1970. */
export interface CrlRow {
  /** Label of its issuer. */
  readonly issuer: string;
  readonly number: number;
  readonly this_update: number;
  readonly next_update: number;
  /** How many revocations of the issuer it knows of. */
  readonly revocations: number;
}

/** The newest revocation list of each issuer. */
export class CrlRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** By the label of the issuer; undefined when nothing was signed yet. */
  find(issuer: string): Promise<CrlRow | undefined> {
    return this.#queries.get<CrlRow>(`SELECT ${crlColumns} FROM crls WHERE issuer = ?`, issuer);
  }

  /** The same with its DER. */
  read(issuer: string): Promise<(CrlRow & { readonly crl: Bytes }) | undefined> {
    return this.#queries.get(`SELECT ${crlColumns}, crl FROM crls WHERE issuer = ?`, issuer);
  }

  list(): Promise<CrlRow[]> {
    return this.#queries.all<CrlRow>(`SELECT ${crlColumns} FROM crls ORDER BY issuer`);
  }

  /** False when a newer one is there, which stays. */
  async keep({
    issuer,
    number,
    this_update,
    next_update,
    revocations,
    crl,
  }: CrlRow & { readonly crl: Bytes }): Promise<boolean> {
    const { changes } = await this.#queries.run(
      `INSERT INTO crls (issuer, number, this_update, next_update, revocations, crl) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (issuer) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
          next_update = excluded.next_update, revocations = excluded.revocations, crl = excluded.crl
        WHERE excluded.number > crls.number`,
      issuer,
      number,
      this_update,
      next_update,
      revocations,
      crl,
    );
    return changes > 0;
  }
}

const crlColumns = 'issuer, number, this_update, next_update, revocations';

/** The name of the key that signs OCSP answers for an issuer: `ocsp-issuing-1`. */
export function ocspSignerLabel(issuer: string): string {
  return `ocsp-${issuer}`;
}

/** A certificate that signs OCSP answers for an issuer. */
interface OcspSignerRow {
  readonly label: string;
  /** Label of the issuer. */
  readonly issuer: string;
  readonly not_after: number;
  readonly certificate: Bytes;
}

/** What signs OCSP answers now. */
export class OcspSignerRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(label: string): Promise<OcspSignerRow | undefined> {
    return this.#queries.get<OcspSignerRow>(
      `SELECT ${ocspSignerColumns} FROM ocsp_signers WHERE label = ?`,
      label,
    );
  }

  list(): Promise<OcspSignerRow[]> {
    return this.#queries.all<OcspSignerRow>(`SELECT ${ocspSignerColumns} FROM ocsp_signers ORDER BY label`);
  }

  /** In the place of the one with its label. */
  async put({ label, issuer, not_after, certificate }: OcspSignerRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO ocsp_signers (label, issuer, not_after, certificate) VALUES (?, ?, ?, ?)
        ON CONFLICT (label) DO UPDATE SET issuer = excluded.issuer, not_after = excluded.not_after,
          certificate = excluded.certificate`,
      label,
      issuer,
      not_after,
      certificate,
    );
  }
}

const ocspSignerColumns = 'label, issuer, not_after, certificate';
