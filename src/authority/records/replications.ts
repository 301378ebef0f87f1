import type { Queries } from '../../db/index.ts';

/** Where what a node stores is copied to. Times are milliseconds. */
export interface ReplicationRow {
  /** The node whose repositories are copied; it has no more than one rule. */
  readonly from_name: string;
  /** JSON: names of nodes. */
  readonly to_names: string;
  /** How many of them have a copy of each repository. */
  readonly keep: number;
  /** How long what the source has no more stays in the copies. */
  readonly remove_after: number;
  /** As `parseTransferRate` takes it, and the zone of its hours; null where any number may go. */
  readonly rate: string | null;
  readonly zone: string;
  readonly added_by: string;
  readonly added_at: number;
}

/** Which nodes have copies of which. */
export class ReplicationRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(from: string): Promise<ReplicationRow | undefined> {
    return this.#queries.get<ReplicationRow>(`SELECT ${columns} FROM replications WHERE from_name = ?`, from);
  }

  all(): Promise<ReplicationRow[]> {
    return this.#queries.all<ReplicationRow>(`SELECT ${columns} FROM replications ORDER BY from_name`);
  }

  async insert(row: ReplicationRow): Promise<void> {
    const { from_name, to_names, keep, remove_after, rate, zone, added_by, added_at } = row;
    await this.#queries.run(
      `INSERT INTO replications (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      from_name,
      to_names,
      keep,
      remove_after,
      rate,
      zone,
      added_by,
      added_at,
    );
  }

  async remove(from: string): Promise<void> {
    await this.#queries.run('DELETE FROM replications WHERE from_name = ?', from);
  }
}

const columns = 'from_name, to_names, keep, remove_after, rate, zone, added_by, added_at';
