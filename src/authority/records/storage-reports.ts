import type { Queries } from '../../db/index.ts';

/** What a storage node said last of itself. Its word, but for when it came. */
export interface StorageReportRow {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** As it came, JSON. */
  readonly report: string;
}

/** What storage nodes said last of themselves: one row for each. */
export class StorageReportRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Of two servers that were told the later counts. */
  async put({ name, received_at, report }: StorageReportRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO storage_reports (name, received_at, report) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET received_at = excluded.received_at, report = excluded.report
          WHERE excluded.received_at >= storage_reports.received_at`,
      name,
      received_at,
      report,
    );
  }

  find(name: string): Promise<StorageReportRow | undefined> {
    return this.#queries.get<StorageReportRow>(
      'SELECT name, received_at, report FROM storage_reports WHERE name = ?',
      name,
    );
  }

  all(): Promise<StorageReportRow[]> {
    return this.#queries.all<StorageReportRow>(
      'SELECT name, received_at, report FROM storage_reports ORDER BY name',
    );
  }
}
