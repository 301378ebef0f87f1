import type { Queries } from '../../db/index.ts';
import { gaveRow } from './statement.ts';

/**
 * Whether an authority may work: `ready`; `restored` from a backup and not told yet what happened since; `superseded`,
 * because one with a higher epoch was met; `retired`, because it was moved to another machine.
 */
export type Standing = 'ready' | 'restored' | 'superseded' | 'retired';

/** What is on record of the authority as a whole. Times are milliseconds since 1970. */
export interface StateRow {
  readonly network: string;
  readonly status_address: string;
  readonly recovery_recipient: string;
  readonly epoch: number;
  readonly crl_number: number;
  readonly created_at: number;
  readonly standing: Standing;
  /** Restored from keys alone: certificates that began before this are trusted without being on record. */
  readonly trusts_before: number | null;
  /** Which store the repositories are in. */
  readonly store: string | null;
  /** A moment by the clock and by the time since this boot. */
  readonly clock_boot: string | null;
  readonly clock_uptime: number | null;
  readonly clock_wall: number | null;
}

/** What a new authority is put on record with; of keys alone it is `restored`, at a time that its clock was right. */
export type NewState = Pick<
  StateRow,
  'network' | 'status_address' | 'recovery_recipient' | 'epoch' | 'created_at' | 'standing' | 'clock_wall'
>;

/** The one row that is about the authority as a whole. */
export class StateRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Undefined where no authority was put on record. */
  read(): Promise<StateRow | undefined> {
    return this.#queries.get<StateRow>(
      `SELECT network, status_address, recovery_recipient, epoch, crl_number, created_at, standing, trusts_before, store,
        clock_boot, clock_uptime, clock_wall FROM authority`,
    );
  }

  async create({ network, epoch, standing, ...row }: NewState): Promise<void> {
    await this.#queries.run(
      `INSERT INTO authority
        (id, network, status_address, recovery_recipient, epoch, crl_number, created_at, standing, clock_wall)
        VALUES (1, ?, ?, ?, ?, 0, ?, ?, ?)`,
      network,
      row.status_address,
      row.recovery_recipient,
      epoch,
      row.created_at,
      standing,
      row.clock_wall,
    );
  }

  async setStanding(standing: Standing): Promise<void> {
    await this.#queries.run('UPDATE authority SET standing = ?', standing);
  }

  /** Stops an authority at work for ever. */
  async supersede(): Promise<void> {
    const sql = "UPDATE authority SET standing = 'superseded' WHERE standing = 'ready'";
    await this.#queries.run(sql);
  }

  /** Waits for its log in the next epoch; where the clock stood is another machine's. */
  async beginEpoch(): Promise<void> {
    await this.#queries.run(
      `UPDATE authority SET epoch = epoch + 1, standing = 'restored',
        clock_boot = NULL, clock_uptime = NULL, clock_wall = NULL`,
    );
  }

  /** Goes to work, in its epoch or in `least` when that is higher; gives the epoch. */
  async goOn(least: number): Promise<number> {
    const sql = `UPDATE authority SET standing = 'ready', epoch = CASE WHEN epoch < ? THEN ? ELSE epoch END
      RETURNING epoch`;
    return gaveRow(await this.#queries.get<{ epoch: number }>(sql, least, least)).epoch;
  }

  async trustBefore(nowMs: number): Promise<void> {
    await this.#queries.run('UPDATE authority SET trusts_before = ?', nowMs);
  }

  /** The next number of a revocation list: above every one before, and above the time in milliseconds. */
  async takeCrlNumber(nowMs: number): Promise<number> {
    const sql = `UPDATE authority SET crl_number = CASE WHEN crl_number < ? THEN ? ELSE crl_number + 1 END
      RETURNING crl_number`;
    return gaveRow(await this.#queries.get<{ crl_number: number }>(sql, nowMs, nowMs)).crl_number;
  }

  /** A number that was taken before, as the log has it. */
  async raiseCrlNumber(number: number): Promise<void> {
    await this.#queries.run('UPDATE authority SET crl_number = ? WHERE crl_number < ?', number, number);
  }

  async setStore(store: string): Promise<void> {
    await this.#queries.run('UPDATE authority SET store = ?', store);
  }

  /** Keeps a moment at which the clock is right. */
  async keepClock(moment: Pick<StateRow, 'clock_boot' | 'clock_uptime' | 'clock_wall'>): Promise<void> {
    const sql = 'UPDATE authority SET clock_boot = ?, clock_uptime = ?, clock_wall = ?';
    await this.#queries.run(sql, moment.clock_boot, moment.clock_uptime, moment.clock_wall);
  }

  /** Keeps how far the clock had come by the log, though what is recorded now says less. */
  async rememberTime(atMs: number): Promise<void> {
    await this.#queries.run(
      'UPDATE authority SET clock_wall = ? WHERE coalesce(clock_wall, 0) < ?',
      atMs,
      atMs,
    );
  }
}
