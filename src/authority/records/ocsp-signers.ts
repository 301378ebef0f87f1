import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** The name of the key that signs OCSP answers for an issuer: `ocsp-issuing-1`. */
export function ocspSignerLabel(issuer: string): string {
  return `ocsp-${issuer}`;
}

/** A certificate that signs OCSP answers for an issuer. */
export interface OcspSignerRow {
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
    return this.#queries.get<OcspSignerRow>(`SELECT ${columns} FROM ocsp_signers WHERE label = ?`, label);
  }

  list(): Promise<OcspSignerRow[]> {
    return this.#queries.all<OcspSignerRow>(`SELECT ${columns} FROM ocsp_signers ORDER BY label`);
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

const columns = 'label, issuer, not_after, certificate';
