import type { Queries } from '../../db/index.ts';

/** What a client said last of its backup sets. Its word, but for when it came and what arrived. */
export interface NodeReportRow {
  readonly name: string;
  readonly received_at: number;
  /** As it came, JSON. */
  readonly report: string;
  /** By set, when the snapshot came that it names: JSON. */
  readonly arrivals: string;
}

/** What clients said last of their backup sets: one row for each. */
export class NodeReportRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Of two servers that were told the later counts. */
  async put({ name, received_at, report, arrivals }: NodeReportRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO node_reports (name, received_at, report, arrivals) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET received_at = excluded.received_at, report = excluded.report,
          arrivals = excluded.arrivals
          WHERE excluded.received_at >= node_reports.received_at`,
      name,
      received_at,
      report,
      arrivals,
    );
  }

  find(name: string): Promise<NodeReportRow | undefined> {
    return this.#queries.get<NodeReportRow>(
      'SELECT name, received_at, report, arrivals FROM node_reports WHERE name = ?',
      name,
    );
  }

  /** Of clients from one to another, themselves included. */
  between(first: string, last: string): Promise<NodeReportRow[]> {
    return this.#queries.all<NodeReportRow>(
      'SELECT name, received_at, report, arrivals FROM node_reports WHERE name >= ? AND name <= ? ORDER BY name',
      first,
      last,
    );
  }
}
