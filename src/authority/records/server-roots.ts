import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** A root from elsewhere, and a host that clients are to believe it for. */
export interface ServerRootRow {
  readonly host: string;
  readonly fingerprint: string;
  readonly certificate: Bytes;
}

/** Roots from elsewhere, each for the host names that clients are to believe it. */
export class ServerRootRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<ServerRootRow[]> {
    return this.#queries.all<ServerRootRow>(
      'SELECT host, fingerprint, certificate FROM server_roots ORDER BY fingerprint, host',
    );
  }

  /** One that is there already stays. */
  async insert({ host, fingerprint, certificate }: ServerRootRow): Promise<void> {
    await this.#queries.run(
      'INSERT INTO server_roots (host, fingerprint, certificate) VALUES (?, ?, ?) ON CONFLICT (host, fingerprint) DO NOTHING',
      host,
      fingerprint,
      certificate,
    );
  }

  async removeOf(host: string): Promise<void> {
    await this.#queries.run('DELETE FROM server_roots WHERE host = ?', host);
  }
}
