import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/index.ts';
import type { DatabaseLocation } from '../../db/index.ts';
import { AuditLog, type LogHead, logStart } from '../log/index.ts';
import {
  type AuthorityRecords,
  authorityDamaged,
  authorityDirectory,
  existingDatabase,
  moveRecords,
  takeBackRecords,
} from '../records/index.ts';
import { lockHome } from './build-authority.ts';

/** Which authority moves its records, and where to. */
export interface MigrationOrder {
  readonly home: string;
  /** An empty database. */
  readonly to: DatabaseLocation;
  readonly clock: Clock;
  /** Writes that the records are there now, durably: from then on they are. */
  readonly settle: () => Promise<void>;
}

/** What has come to the database. */
export interface MigratedRecords {
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>;
  readonly head: LogHead;
  /** Where the file of before lies. */
  readonly aside: string;
}

/**
 * Moves all that is on record from the file of a home into another database: copied at one moment, counted on both sides,
 * and the log there checked against its chain and every table. Cut short before `settle` has resolved, it can be
 * done again with the same database.
 *
 * @throws HoldfastError `home_in_use`, `database_refused` when the database is not empty, `authority_damaged`, and the errors
 *   of both databases
 */
export async function migrateRecords({ home, to, clock, settle }: MigrationOrder): Promise<MigratedRecords> {
  using _lock = await lockHome(home);
  const directory = authorityDirectory(home);
  await takeBackRecords(directory);
  await existingDatabase(directory);
  let rows: MigratedRecords['rows'] = {};
  let head: LogHead = { sequence: 0, hash: logStart };
  const check = async (copy: AuthorityRecords, from: AuthorityRecords): Promise<void> => {
    rows = await copy.counts();
    if (!isDeepStrictEqual(rows, await from.counts()))
      throw authorityDamaged('not every row of its database could be read');
    const { epoch = 1 } = (await copy.state.read()) ?? {};
    head = await new AuditLog(copy, epoch, clock).verifyRecords([]);
  };
  const aside = await moveRecords(directory, to, { check, settle });
  return { rows, head, aside };
}
