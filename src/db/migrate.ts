import { HoldfastError } from '../base/index.ts';
import type { Connection } from './connection.ts';

/** One step of a schema. `owner` is the folder whose tables it makes; versions of an owner start at 1 without gaps. */
export interface Migration {
  readonly owner: string;
  readonly version: number;
  /** A script of statements. */
  readonly sql: string;
}

interface AppliedMigration {
  readonly owner: string;
  readonly version: number;
}

/**
 * Brings a database to what `migrations` describe, in one transaction. A database that holds a step this program does
 * not know is `database_newer`, and is left as it is.
 */
export async function migrate(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
): Promise<void> {
  await script(connection, 'BEGIN IMMEDIATE');
  try {
    const applied = await appliedMigrations(connection);
    refuseNewer(path, applied, migrations);
    for (const migration of migrations) {
      if (!holds(applied, migration)) await apply(connection, migration);
    }
    await script(connection, 'COMMIT');
  } catch (error) {
    await script(connection, 'ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function appliedMigrations(connection: Connection): Promise<AppliedMigration[]> {
  await script(
    connection,
    'CREATE TABLE IF NOT EXISTS migrations (owner TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (owner, version)) STRICT',
  );
  const sql = 'SELECT owner, version FROM migrations ORDER BY owner, version';
  return (await connection.execute({ method: 'all', sql, params: [] })) as AppliedMigration[];
}

function refuseNewer(path: string, applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  const unknown = applied.find((step) => !holds(known, step));
  if (unknown === undefined) return;
  throw new HoldfastError(
    'database_newer',
    `database ${path} was written by a newer version: it has step ${unknown.version} of ${unknown.owner}, ` +
      `this program knows up to ${latestVersion(known, unknown.owner)}`,
    { hint: 'install the newer version of holdfast again; nothing was changed' },
  );
}

async function apply(connection: Connection, { owner, version, sql }: Migration): Promise<void> {
  await script(connection, sql);
  const insert = 'INSERT INTO migrations (owner, version) VALUES (?, ?)';
  await connection.execute({ method: 'run', sql: insert, params: [owner, version] });
}

function holds(steps: readonly AppliedMigration[], { owner, version }: AppliedMigration): boolean {
  return steps.some((step) => step.owner === owner && step.version === version);
}

function latestVersion(known: readonly Migration[], owner: string): number {
  return Math.max(0, ...known.filter((step) => step.owner === owner).map((step) => step.version));
}

async function script(connection: Connection, sql: string): Promise<void> {
  await connection.execute({ method: 'exec', sql, params: [] });
}
