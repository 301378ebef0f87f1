import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** A certificate of another authority that stands above the root. */
export interface OutsideCertificateRow {
  readonly fingerprint: string;
  /** DER. */
  readonly certificate: Bytes;
}

/** The certificates above a root that another authority signed; nobody of the network trusts them. */
export class OutsideCertificateRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<OutsideCertificateRow[]> {
    return this.#queries.all<OutsideCertificateRow>(
      'SELECT fingerprint, certificate FROM outside_certificates ORDER BY fingerprint',
    );
  }

  /** One that is there already stays. */
  async insert({ fingerprint, certificate }: OutsideCertificateRow): Promise<void> {
    await this.#queries.run(
      'INSERT INTO outside_certificates (fingerprint, certificate) VALUES (?, ?) ON CONFLICT (fingerprint) DO NOTHING',
      fingerprint,
      certificate,
    );
  }
}
