import { hostname } from 'node:os';
import type { Client, ClientConfig } from 'pg';
import { isHoldfastError, minuteMs, secondMs } from '../../base/index.ts';
import type { Row } from '../database.ts';
import type { Command, Connection } from '../engine.ts';
import { namedPostgresError, unreachable } from './error.ts';
import { findPassword, type PostgresPlace, readTlsFiles } from './place.ts';
import { postgresStatement, rowTypes } from './statements.ts';

const connectTimeoutMs = 5 * secondMs;
/** Who does not answer for so long is gone. A script may take as long as it takes: it changes a schema. */
const answerTimeoutMs = minuteMs;
const patient = { query_timeout: 2 ** 31 - 1 };

/** What a connection is for: a `reader` cannot change anything. */
export type ConnectionPurpose = 'writer' | 'reader';

/** A connection to PostgreSQL. What is asked goes out at once and is answered in order, without waiting in between. */
export class PostgresConnection implements Connection {
  readonly #client: Client;
  readonly #place: PostgresPlace;
  #isLost = false;

  /**
   * @throws HoldfastError `database_unreachable`, `database_refused`, `tls_failed`, `settings_invalid`
   */
  static async open(place: PostgresPlace, purpose: ConnectionPurpose): Promise<PostgresConnection> {
    const config = await configFor(place, purpose);
    // Takes 30 ms of a process's start, so only who uses it pays.
    const { default: driver } = await import('pg');
    const connection = new PostgresConnection(new driver.Client(config), place);
    await connection.#connect();
    return connection;
  }

  private constructor(client: Client, place: PostgresPlace) {
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

async function configFor(place: PostgresPlace, purpose: ConnectionPurpose): Promise<ClientConfig> {
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
