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
    return this.#queries.get<CrlRow>(`SELECT ${columns} FROM crls WHERE issuer = ?`, issuer);
  }

  /** The same with its DER. */
  read(issuer: string): Promise<(CrlRow & { readonly crl: Bytes }) | undefined> {
    return this.#queries.get(`SELECT ${columns}, crl FROM crls WHERE issuer = ?`, issuer);
  }

  list(): Promise<CrlRow[]> {
    return this.#queries.all<CrlRow>(`SELECT ${columns} FROM crls ORDER BY issuer`);
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

const columns = 'issuer, number, this_update, next_update, revocations';
