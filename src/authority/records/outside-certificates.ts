import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** A certificate of another authority that stands above the root, or one that the root itself had before. */
export interface OutsideCertificateRow {
  readonly fingerprint: string;
  /** DER. */
  readonly certificate: Bytes;
}

/**
 * The certificates above a root that another authority signed, which nobody of the network trusts, and those of before of
 * the root's own key.
 */
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
