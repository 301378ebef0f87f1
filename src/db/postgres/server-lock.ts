import { setTimeout as wait } from 'node:timers/promises';
import { HoldfastError } from '../../base/index.ts';
import type { Row, SqlValue } from '../database.ts';
import type { PostgresConnection } from './connection.ts';
import type { PostgresPlace } from './place.ts';

/** An advisory lock of the database, by two numbers that nobody else is likely to use: "Hold" and "fast". */
const lock = '1215261796, 1717662580';

/** How long one waits for a process that has just ended: the server may have to notice. */
const delaysMs = [0, 50, 100, 200, 400, 800];

/**
 * Takes the right to write into a database, until the connection ends: one process has it.
 *
 * @param formerProcess of the server, of a connection of our own that was lost: it is ended when it still has the lock,
 *   since nobody else would for as long as the server does not know that the line was cut
 * @throws HoldfastError `database_in_use` with who has it
 */
export async function takeLock(
  connection: PostgresConnection,
  place: PostgresPlace,
  formerProcess: number | undefined,
): Promise<void> {
  for (const delayMs of delaysMs) {
    await wait(delayMs);
    const answer = await ask(connection, `SELECT pg_try_advisory_lock(${lock}) AS taken`);
    if (answer?.['taken'] === 1) return;
    if (formerProcess !== undefined) await endFormer(connection, formerProcess);
  }
  throw new HoldfastError(
    'database_in_use',
    `database ${place.name} is in use by ${await holder(connection)}`,
    {
      hint: 'stop that server; one at a time works on a database',
    },
  );
}

const whoHasIt = `FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted
  AND (classid::bigint, objid::bigint, objsubid) = (${lock}, 2)
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

async function endFormer(connection: PostgresConnection, formerProcess: number): Promise<void> {
  await ask(connection, `SELECT pg_terminate_backend(pid) ${whoHasIt} AND pid = ?`, formerProcess);
}

/** As far as the server lets this user see it. */
async function holder(connection: PostgresConnection): Promise<string> {
  const row = await ask(
    connection,
    `SELECT coalesce(nullif(application_name, ''), 'another program') || ' ('
      || coalesce(host(client_addr), 'this machine') || ', process ' || pid || ' of PostgreSQL)' AS who ${whoHasIt}`,
  );
  return row === undefined ? 'a process that has just ended' : String(row['who']);
}

async function ask(
  connection: PostgresConnection,
  sql: string,
  ...params: SqlValue[]
): Promise<Row | undefined> {
  return (await connection.execute({ method: 'get', sql, params })) as Row | undefined;
}
