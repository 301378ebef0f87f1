import type { Queries } from '../../db/index.ts';

/** What certificates are found by besides their serial numbers and their nodes' names: host names and fingerprints. */
export class CertificateNameRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** @param certificate its row; every certificate has a name, its fingerprint at least */
  async insert(certificate: number, names: readonly string[]): Promise<void> {
    const rows = names.map(() => '(?, ?)').join(', ');
    const sql = `INSERT INTO certificate_names (name, certificate) VALUES ${rows}`;
    await this.#queries.run(sql, ...names.flatMap((name) => [name, certificate]));
  }

  /** Whether there is none, as in a home from before certificates were found by names. */
  async isEmpty(): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM certificate_names LIMIT 1')) === undefined;
  }
}

/** Under which name a fingerprint stands beside the host names of a certificate: `sha256:4f1c…`. */
export function fingerprintName(fingerprint: string): string {
  return `sha256:${fingerprint.slice('SHA256:'.length).replaceAll(':', '')}`;
}
