import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { Secret } from '../../src/base/index.ts';
import { ConnectionReads } from '../../src/db/database.ts';
import type { DatabaseLocation, Reads } from '../../src/db/index.ts';
import { parsePostgresUrl } from '../../src/db/postgres/connection-parameters.ts';
import { ReadingLine } from '../../src/db/postgres/writer.ts';

/** Somebody with every right who runs scripts in a database beside the authority, which no constraint between tables stops. */
export interface Intruder extends AsyncDisposable {
  run(script: string): Promise<void>;
}

/** An empty database of its own on a server, gone when its scope ends. */
export interface TestDatabase extends AsyncDisposable {
  readonly place: DatabaseLocation;
  /** Reads what is committed, beside whoever has it open. */
  readBeside(): Reads & AsyncDisposable;
  /** Bytes in its scripts are as SQLite has them: `x'00'`. */
  intrude(): Promise<Intruder>;
}

/** Those that were emptied, by the server: to make one anew costs it ten times as much. */
const empty = new Map<string, string[]>();

/** Makes one on the server of `url`, whose user may do that. */
export async function createTestDatabase(url: string): Promise<TestDatabase> {
  const name = empty.get(url)?.pop() ?? (await createDatabase(url));
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    place: { kind: 'postgres', url: new Secret(own.href) },
    intrude: () => intrude(own.href),
    readBeside: () => readBeside(new Secret(own.href)),
    [Symbol.asyncDispose]: async () => {
      await tell(own.href, emptied);
      empty.set(url, [...(empty.get(url) ?? []), name]);
    },
  };
}

async function createDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await tell(url, `CREATE DATABASE ${name} TEMPLATE template0`);
  return name;
}

/** Whoever is still there is sent away first. */
const emptied = `
  SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
  DROP SCHEMA public CASCADE;
  CREATE SCHEMA public;
`;

function readBeside(url: Secret<string>): Reads & AsyncDisposable {
  const line = new ReadingLine(parsePostgresUrl(url));
  const reads = new ConnectionReads(line);
  return {
    all: (sql, ...params) => reads.all(sql, ...params),
    get: (sql, ...params) => reads.get(sql, ...params),
    [Symbol.asyncDispose]: () => line.close(),
  };
}

async function intrude(url: string): Promise<Intruder> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('SET session_replication_role = replica');
  return {
    run: async (script) =>
      void (await client.query(script.replaceAll(/\bx('[0-9a-f]+')/g, "decode($1, 'hex')"))),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function tell(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
