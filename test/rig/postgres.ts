import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { endingWithUs } from './ending-with-us.ts';
import { freePorts } from './free-ports.ts';
import { type PostgresKind, postgresKind, postgresPrograms } from './postgres-programs.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; then it runs as the user who owns nothing. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** What the server is told beside its defaults: a test loses nothing by a loss of power. */
const quick = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  max_connections: '250',
};

/** How a server is stopped: `fast` ends what its clients do, `immediate` is a crash. */
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** A real PostgreSQL server with data of its own, on loopback and on a socket in its directory; gone at the end. */
export class PostgresServer implements AsyncDisposable {
  readonly #place: TemporaryDirectory;
  readonly #programs: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly port: number;
  /** Of `postgres`, who may do everything. */
  readonly password = randomBytes(12).toString('hex');
  #process: ChildProcess | undefined;

  private constructor(
    place: TemporaryDirectory,
    programs: string,
    port: number,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#place = place;
    this.#programs = programs;
    this.port = port;
    this.#settings = { ...quick, ...settings };
  }

  /** Makes and starts one; `settings` are words of `postgresql.conf`. */
  static async start(
    kind: PostgresKind = postgresKind,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PostgresServer> {
    const place = temporaryDirectory();
    giveToNobody(place.path);
    const programs = postgresPrograms(kind, place.path);
    const server = new PostgresServer(place, programs, await freePorts(1), settings);
    await server.#create();
    await server.startAgain();
    return server;
  }

  /** Its directory, where its socket is too. */
  get directory(): string {
    return this.#place.path;
  }

  /** A database of it, as `postgres` unless said. */
  url(database = 'postgres', user = `postgres:${this.password}`): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** Does a statement as `postgres`, and gives its rows. */
  async query(sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** An empty database of its own. */
  async createDatabase(): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    return name;
  }

  /** Resolves when it is gone. */
  async stop(how: keyof typeof signals = 'fast'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signals[how]);
    await ended;
  }

  /** Resolves when it takes connections. */
  async startAgain(): Promise<void> {
    const words = Object.entries(this.#settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const place = ['-D', this.#data, '-p', String(this.port), '-k', this.directory];
    const program = join(this.#programs, 'postgres');
    const started = spawn(...endingWithUs(program, [...place, ...words], 'QUIT'), {
      ...nobody,
      cwd: this.directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = started;
    await readiness(started);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    this.#place[Symbol.dispose]();
  }

  get #data(): string {
    return join(this.directory, 'data');
  }

  async #create(): Promise<void> {
    const passwordFile = join(this.directory, 'password');
    writeFileSync(passwordFile, this.password);
    giveToNobody(passwordFile);
    mkdirSync(this.#data);
    giveToNobody(this.#data);
    const words = ['-U', 'postgres', '-A', 'scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await run(join(this.#programs, 'initdb'), ['-D', this.#data, `--pwfile=${passwordFile}`, ...words], {
      ...nobody,
      cwd: this.directory,
    });
  }
}

/** Lets the user have a file or directory as whom servers run. */
export function giveToNobody(path: string, mode = 0o700): void {
  chmodSync(path, mode);
  if (nobody.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
}

/** Its log says when it takes connections, and why it does not. */
async function readiness(server: ChildProcess): Promise<void> {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines = createInterface({ input: server.stderr ?? fail() });
  lines.on('line', (line) => {
    said.push(line);
    if (line.includes('ready to accept connections')) resolve();
  });
  server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${said.join('\n')}`)));
  await promise;
}

function fail(): never {
  throw new TypeError('the log of PostgreSQL is not read');
}
