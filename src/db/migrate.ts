import { HoldfastError } from '../base/index.ts';
import type { Connection } from './database.ts';

/** One step of a schema. `owner` is the folder whose tables it makes; versions of an owner start at 1 without gaps. */
export interface Migration {
  readonly owner: string;
  readonly version: number;
  /** A script of statements for SQLite. */
  readonly sqlite: string;
  /** The same for PostgreSQL. Empty when a later step says it too: of the steps before there was such a database. */
  readonly postgres: string;
}

/** How a kind of database begins, and what its steps are called. */
export interface MigrationWords {
  readonly kind: 'sqlite' | 'postgres';
  /** Begins a transaction that no other one of its kind runs beside. */
  readonly begin: string;
  readonly createTable: string;
}

/** The database that is brought to a schema. */
export interface MigrationTarget {
  readonly connection: Connection;
  /** What messages call it. */
  readonly name: string;
  readonly words: MigrationWords;
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
  { connection, name, words }: MigrationTarget,
  migrations: readonly Migration[],
): Promise<void> {
  await script(connection, words.begin);
  try {
    await script(connection, words.createTable);
    const applied = await appliedMigrations(connection);
    refuseNewer(name, applied, migrations);
    for (const migration of migrations) {
      if (!holds(applied, migration)) await apply(connection, migration, migration[words.kind]);
    }
    await script(connection, 'COMMIT');
  } catch (error) {
    await script(connection, 'ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function appliedMigrations(connection: Connection): Promise<AppliedMigration[]> {
  const sql = 'SELECT owner, version FROM migrations ORDER BY owner, version';
  return (await connection.execute({ method: 'all', sql, params: [] })) as AppliedMigration[];
}

function refuseNewer(name: string, applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  const unknown = applied.find((step) => !holds(known, step));
  if (unknown === undefined) return;
  throw new HoldfastError(
    'database_newer',
    `database ${name} was written by a newer version: it has step ${unknown.version} of ${unknown.owner}, ` +
      `this program knows up to ${latestVersion(known, unknown.owner)}`,
    { hint: 'install the newer Holdfast again; nothing was changed' },
  );
}

async function apply(connection: Connection, { owner, version }: Migration, steps: string): Promise<void> {
  await script(connection, steps);
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
