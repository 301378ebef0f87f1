import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { askServer, socketOf } from './ask-server.ts';
import { freePorts } from './free-ports.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './holdfast-process.ts';
import type { TestDatabase } from './postgres-database.ts';
import { takesConnections } from './takes-connections.ts';

/** How restic, or anything that speaks its protocol, reaches a client's repository. */
export interface ResticAccess {
  /** `https://HOST:PORT/NAME/` */
  readonly url: string;
  /** Folder of `cert export --layout restic`. */
  readonly directory: string;
  /** restic's options that name all of it. */
  readonly options: readonly string[];
}

/**
 * A network with its server, as a user would set it up: `init`, `serve`, `token create`, `join`, each by the program
 * itself. The server is killed when the scope ends: `await using network = await Network.start(directory)`.
 */
export class Network implements AsyncDisposable {
  readonly program: string;
  readonly directory: string;
  readonly home: string;
  readonly port: number;
  readonly #database: TestDatabase | undefined;
  #server: RunningProgram;

  private constructor(
    program: string,
    directory: string,
    { port, database }: { readonly port: number; readonly database: TestDatabase | undefined },
  ) {
    this.program = program;
    this.directory = directory;
    this.home = homeIn(directory);
    this.port = port;
    this.#database = database;
    this.#server = this.#startServer();
  }

  /**
   * Makes a network with its home in `directory`, an empty or missing folder, and waits until its server listens; `creation` is the
   * command that makes it, `completed` what is done after it. Its records are in a file, or in a database of the server that
   * `HOLDFAST_TEST_DATABASE` names.
   */
  static async start(
    directory: string,
    program: string = launcher,
    creation: readonly string[] = ['init'],
    completed: (home: string) => Promise<void> = async () => {},
  ): Promise<Network> {
    mkdirSync(directory, { recursive: true });
    const port = await freePorts();
    const server = process.env['HOLDFAST_TEST_DATABASE'];
    const database = server === undefined ? undefined : await emptyDatabase(server);
    const words = [
      ...creation,
      ...(database === undefined ? [] : ['--database', withoutPassword(database, join(directory, 'pgpass'))]),
      '--network',
      'network.test',
      '--names',
      '127.0.0.1,localhost',
      '--port',
      String(port),
    ];
    await runProgram(program, [...words, '--home', homeIn(directory)], { env: { HOME: directory } });
    await completed(homeIn(directory));
    const network = new Network(program, directory, { port, database });
    await network.#listening();
    return network;
  }

  /** The server's process. */
  get server(): RunningProgram {
    return this.#server;
  }

  /** Starts the server again after it has ended, and waits until it listens. `env` is added to its environment. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#server.ended;
    this.#server = this.#startServer(env);
    await this.#listening();
  }

  /** Runs a command on the server's machine; throws when its exit code is not `expected`. */
  async run(words: readonly string[], expected = 0): Promise<ProgramResult> {
    const options = { env: { HOME: this.directory }, expected };
    return await runProgram(this.program, [...words, '--home', homeIn(this.directory)], options);
  }

  /** Makes a client called `name` with its home in `directory`. */
  async join(name: string, directory: string): Promise<NetworkClient> {
    const client = this.client(name, directory);
    await client.run(['join', await this.joinCode(name)]);
    return client;
  }

  /** A machine that is to be the client called `name`, with its home in `directory`. */
  client(name: string, directory: string): NetworkClient {
    mkdirSync(directory, { recursive: true });
    return new NetworkClient(this, name, directory);
  }

  /** What the running server answers to an operation, without a start of the program: see {@link askServer}. */
  async ask<T>(operation: string, input: object = {}): Promise<T> {
    return await askServer<T>(this.home, operation, input);
  }

  /** A join code for the client `name`; `words` are further options of `token create`, which is run for them. */
  async joinCode(name: string, words: readonly string[] = []): Promise<string> {
    if (words.length === 0)
      return (await this.ask<{ code: string }>('token.create', { name, role: 'client' })).code;
    const { stdout } = await this.run(['token', 'create', name, ...words]);
    return stdout.trim();
  }

  /** The folder in which the server keeps the repository of the client `name`. */
  storedAt(name: string): string {
    const [config] = globSync(`**/${name}/config`, { cwd: this.directory });
    if (config === undefined) throw new Error(`the server holds no repository of ${name}`);
    return dirname(join(this.directory, config));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#database?.[Symbol.asyncDispose]();
  }

  #startServer(env: Readonly<Record<string, string>> = {}): RunningProgram {
    const words = ['serve', '--home', this.home];
    return new RunningProgram(words, { program: this.program, env: { HOME: this.directory, ...env } });
  }

  async #listening(): Promise<void> {
    let ended: ProgramResult | undefined;
    void this.#server.ended.then((result) => (ended = result));
    for (const place of [this.port, this.port + 1, this.port + 2, socketOf(this.home)]) {
      while (!(await takesConnections(place))) {
        if (ended !== undefined) throw new Error(`the server ended: ${ended.stderr}`);
        await setTimeout(20);
      }
    }
  }
}

/** A machine of a {@link Network}. */
export class NetworkClient {
  readonly network: Network;
  readonly name: string;
  readonly directory: string;
  readonly home: string;

  constructor(network: Network, name: string, directory: string) {
    this.network = network;
    this.name = name;
    this.directory = directory;
    this.home = homeIn(directory);
  }

  /** Starts a command on the client's machine; `env` is added to its environment. */
  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProgram {
    const options = { program: this.network.program, env: { HOME: this.directory, ...env } };
    return new RunningProgram([...words, '--home', homeIn(this.directory)], options);
  }

  /** Runs a command on the client's machine; throws when its exit code is not `expected`. */
  async run(
    words: readonly string[],
    expected = 0,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> {
    const options = { env: { HOME: this.directory, ...env }, expected };
    return await runProgram(this.network.program, [...words, '--home', homeIn(this.directory)], options);
  }

  /** Exports what restic needs to use this client's repository. */
  async exportForRestic(): Promise<ResticAccess> {
    const directory = join(this.directory, 'restic');
    await this.run(['cert', 'export', '--layout', 'restic', directory]);
    const script = '. "$1" && printf %s "$RESTIC_REPOSITORY"';
    const { stdout } = await runProgram('/bin/sh', ['-c', script, 'sh', join(directory, 'restic.env')]);
    const files = { 'password-file': 'password', cacert: 'ca.pem', 'tls-client-cert': 'client.pem' };
    const named = Object.entries(files).flatMap(([option, file]) => [`--${option}`, join(directory, file)]);
    return { url: stdout.replace(/^rest:/, ''), directory, options: ['--repo', stdout, ...named] };
  }
}

/** Loaded where a test needs one, which few do. */
async function emptyDatabase(server: string): Promise<TestDatabase> {
  const { createTestDatabase } = await import('./postgres-database.ts');
  return await createTestDatabase(server, 'no rows');
}

/** Where a database is, in a word for a command line: its password goes into a file. */
function withoutPassword({ place }: TestDatabase, passfile: string): string {
  if (place.kind !== 'postgres') throw new TypeError(`a test database in ${place.kind}`);
  const url = new URL(place.url.reveal());
  writeFileSync(passfile, `*:*:*:${url.username}:${url.password}\n`, { mode: 0o600 });
  url.password = '';
  url.searchParams.set('passfile', passfile);
  return url.href;
}

function homeIn(directory: string): string {
  return join(directory, 'holdfast');
}
