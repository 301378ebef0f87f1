import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { authorityMigrations } from '../../src/authority/records/schema.ts';
import { Secret } from '../../src/base/index.ts';
import { ConnectionReads } from '../../src/db/database.ts';
import { type DatabaseLocation, openDatabase, type Reads } from '../../src/db/index.ts';
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

/** How a database comes to whoever makes an authority in it: without any table, or with those of this program and nothing in them. */
type Emptiness = 'no tables' | 'no rows';

/** One that nobody uses: its name, and how its tables are where it has them. */
interface EmptyDatabase {
  readonly name: string;
  readonly shape: string | undefined;
}

/** Those that were emptied, by the server and what is left in them: to make one anew costs it ten times as much. */
const empty = new Map<string, EmptyDatabase[]>();

/** Makes one on the server of `url`, whose user may do that. To make the tables costs more than most tests that need them. */
export async function createTestDatabase(url: string, emptiness: Emptiness): Promise<TestDatabase> {
  const key = `${emptiness} ${url}`;
  const database = empty.get(key)?.pop() ?? (await createDatabase(url, emptiness));
  const place = placeIn(url, database.name);
  const own = place.url.reveal();
  return {
    place,
    intrude: () => intrude(own),
    readBeside: () => readBeside(place.url),
    [Symbol.asyncDispose]: async () => {
      const shape = await emptyOf(own, emptiness);
      // Whoever has changed the tables, a trigger less say, leaves them to nobody.
      if (shape === database.shape) empty.set(key, [...(empty.get(key) ?? []), database]);
    },
  };
}

async function createDatabase(url: string, emptiness: Emptiness): Promise<EmptyDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(url, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
  if (emptiness === 'no tables') return { name, shape: undefined };
  const place = placeIn(url, name);
  await (await openDatabase({ place, migrations: authorityMigrations })).close();
  return { name, shape: await withClient(place.url.reveal(), shapeOf) };
}

function placeIn(url: string, name: string) {
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { kind: 'postgres', url: new Secret(own.href) } as const;
}

/** Empties a database, whoever is still there, and says how its tables are that are left. */
async function emptyOf(url: string, emptiness: Emptiness): Promise<string | undefined> {
  return await withClient(url, async (client) => {
    await client.query(sendAway + emptied[emptiness]);
    return emptiness === 'no rows' ? await shapeOf(client) : undefined;
  });
}

async function shapeOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ shape: string }>(shape);
  return rows[0]?.shape ?? '';
}

const sendAway = `
  SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
`;

/** What no constraint or trigger holds up, and the numbers that rows are given begin anew. */
const emptied: Readonly<Record<Emptiness, string>> = {
  'no tables': 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;',
  'no rows': `
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' LOOP
        EXECUTE format('DELETE FROM %I', name);
      END LOOP;
      FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        PERFORM setval(format('%I', name)::regclass, 1, false);
      END LOOP;
    END $$;
  `,
};

/** Every table, column, index, sequence, constraint, trigger and function, as one number. */
const shape = `
  WITH own AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace), parts AS (
    SELECT 'relation ' || relname || relkind::text AS part FROM own
    UNION ALL SELECT relname || '.' || attname || ' ' || atttypid::text || attnotnull::text
      FROM pg_attribute JOIN own ON own.oid = attrelid WHERE attnum > 0
    UNION ALL SELECT relname || ' ' || tgname || tgenabled::text || tgtype::text
      FROM pg_trigger JOIN own ON own.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL SELECT 'constraint ' || conname || conrelid::text || coalesce(conbin::text, '')
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'function ' || proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  ) SELECT md5(string_agg(part, ' ' ORDER BY part)) AS shape FROM parts
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

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
