import { hostname } from 'node:os';
import type { Client, ClientConfig, CustomTypesConfig } from 'pg';
import { isHoldfastError, minuteMs, type Secret, secondMs } from '../../base/index.ts';
import type { Command, Connection, Database, Row, SqlValue } from '../database.ts';
import {
  findPassword,
  type PostgresParameters,
  parsePostgresUrl,
  readTlsFiles,
} from './connection-parameters.ts';
import { namedPostgresError, unreachable } from './error.ts';

const connectTimeoutMs = 5 * secondMs;
/** Who does not answer for so long is gone. A script may take as long as it takes: it changes a schema. */
const answerTimeoutMs = minuteMs;
const patient = { query_timeout: 2 ** 31 - 1 };

/** What a connection is for: a `reader` cannot change anything. */
type ConnectionPurpose = 'writer' | 'reader';

/** A connection to PostgreSQL. What is asked goes out at once and is answered in order, without waiting in between. */
export class PostgresConnection implements Connection {
  readonly #client: Client;
  readonly #place: PostgresParameters;
  #isLost = false;

  /**
   * @throws HoldfastError `database_unreachable`, `database_refused`, `tls_failed`, `settings_invalid`
   */
  static async open(place: PostgresParameters, purpose: ConnectionPurpose): Promise<PostgresConnection> {
    const config = await configFor(place, purpose);
    // Takes 30 ms of a process's start, so only who uses it pays.
    const { default: driver } = await import('pg');
    const connection = new PostgresConnection(new driver.Client(config), place);
    await connection.#connect();
    return connection;
  }

  private constructor(client: Client, place: PostgresParameters) {
    this.#client = client;
    this.#place = place;
    client.on('error', () => this.#lose());
    client.on('end', () => this.#lose());
  }

  /** It answers nothing any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The process of the server that answers here. */
  get processId(): number {
    return (this.#client as Client & { processID: number }).processID;
  }

  async execute(command: Command): Promise<unknown> {
    if (this.#isLost) throw unreachable(this.#place, 'the connection was lost');
    try {
      return await this.#run(command);
    } catch (error) {
      const named = namedPostgresError(error, this.#place);
      if (isHoldfastError(named, 'database_unreachable')) this.#lose();
      throw named;
    }
  }

  /** The rows of a statement that is not kept prepared. */
  async fetch(sql: string): Promise<readonly Row[]> {
    try {
      return (await this.#client.query<Row>(sql)).rows;
    } catch (error) {
      throw namedPostgresError(error, this.#place);
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #run({ method, sql, params }: Command): Promise<unknown> {
    if (method === 'exec') return await this.#client.query({ text: sql, ...patient });
    const { rows, rowCount } = await this.#client.query({ ...postgresStatement(sql), values: [...params] });
    if (method === 'run') return { changes: rowCount ?? 0 };
    return method === 'all' ? rows : rows[0];
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    void this.#client.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      await this.#client.end().catch(() => undefined);
      throw namedPostgresError(error, this.#place);
    }
  }
}

/** Whom the server names to others; names are cut at 63 bytes (postgresql.org/docs/current/runtime-config-logging.html). */
const applicationName = `holdfast ${hostname().slice(0, 40)}/${process.pid}`;

/**
 * Nothing is left to `PG*` variables of the environment, which may be meant for another program. A server that nobody can
 * tell of the end of this machine finds it out within a minute, and frees what was locked.
 */
const sessionSettings = {
  bytea_output: 'hex',
  jit: 'off',
  client_min_messages: 'warning',
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
};

async function configFor(place: PostgresParameters, purpose: ConnectionPurpose): Promise<ClientConfig> {
  const settings = { ...sessionSettings, default_transaction_read_only: purpose === 'reader' ? 'on' : 'off' };
  return {
    host: place.host,
    port: place.port,
    user: place.user,
    database: place.database,
    password: () => findPassword(place),
    ssl: place.tls === undefined ? false : { rejectUnauthorized: true, ...(await readTlsFiles(place.tls)) },
    types: rowTypes,
    pipeline: true,
    application_name: applicationName,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10 * secondMs,
  };
}

/** A statement as PostgreSQL takes it: prepared once for each connection, under a name. */
interface PostgresStatement {
  readonly name: string;
  readonly text: string;
}

const known = new Map<string, PostgresStatement>();

/**
 * The statement for a text whose parameters are `?`. Texts are the program's own constants, never built from input, so each
 * is turned once and kept for ever.
 */
function postgresStatement(sql: string): PostgresStatement {
  const made = known.get(sql) ?? { name: `holdfast_${known.size + 1}`, text: numbered(sql) };
  known.set(sql, made);
  return made;
}

/** What is in quotes stays as it is (a quote in it is written twice: two strings side by side), and so does a comment. */
const parts = /'[^']*'|"[^"]*"|--[^\n]*|\?/g;

function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll(parts, (part) => (part === '?' ? `$${++count}` : part));
}

/** Types of PostgreSQL by their number in `pg_type`. */
const bool = 16;
const bytea = 17;
const int8 = 20;
const int2 = 21;
const int4 = 23;
const float4 = 700;
const float8 = 701;
const numeric = 1700;

/** Makes of what the server writes as text what SQLite gives: integers are numbers, truth is 0 and 1, bytes are bytes. */
const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers[oid] ?? String,
};

const parsers: Readonly<Record<number, (text: string) => SqlValue>> = {
  [bool]: (text) => (text === 't' ? 1 : 0),
  [bytea]: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  [int2]: safeNumber,
  [int4]: safeNumber,
  [int8]: safeNumber,
  [numeric]: safeNumber,
  [float4]: Number,
  [float8]: Number,
};

function safeNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new RangeError(`${text} is too large for a number`);
  return value;
}

const rowsAtOnce = 100;

/** Every row of some tables, by a cursor for each within one transaction that sees one moment. */
export async function* readPostgresTables(
  url: Secret<string>,
  tables: readonly string[],
): AsyncGenerator<{ readonly table: string; readonly rows: readonly Row[] }> {
  const connection = await PostgresConnection.open(parsePostgresUrl(url), 'reader');
  try {
    await script(connection, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const table of tables) {
      await script(connection, `DECLARE every CURSOR FOR SELECT * FROM ${table}`);
      for (let rows = await next(connection); rows.length > 0; rows = await next(connection))
        yield { table, rows };
      await script(connection, 'CLOSE every');
    }
  } finally {
    await connection.close();
  }
}

async function script(connection: PostgresConnection, sql: string): Promise<void> {
  await connection.execute({ method: 'exec', sql, params: [] });
}

/** Not prepared: what a cursor gives differs with its table. */
async function next(connection: PostgresConnection): Promise<readonly Row[]> {
  return await connection.fetch(`FETCH ${rowsAtOnce} FROM every`);
}

/** Lets every identity column go on after the rows that were put there with numbers of their own. */
export async function advanceIdentities(database: Database): Promise<void> {
  const columns = await database.all<{ sequence: string; table_name: string; column_name: string }>(
    `SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
      FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = current_schema()`,
  );
  await database.transaction(async (tx) => {
    for (const { sequence, table_name, column_name } of columns) {
      const next = `SELECT coalesce(max("${column_name}"), 0) + 1 FROM "${table_name}"`;
      await tx.get(`SELECT setval(?::regclass, (${next}), false)`, sequence);
    }
  });
}
