import { globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePorts } from '../test/rig/free-ports.ts';
import type { BuiltPackage } from './built-package.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import { type BenchCommand, run } from './measure.ts';
import { resticCommand } from './restic-words.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** A network with its server, on this machine. */
export class HoldfastServer implements AsyncDisposable {
  readonly #built: BuiltPackage;
  readonly #directory: string;
  readonly #process: ServerProcess;
  #clients = 0;

  private constructor(built: BuiltPackage, directory: string, process: ServerProcess) {
    this.#built = built;
    this.#directory = directory;
    this.#process = process;
  }

  /** Makes a network in `directory` and starts its server. */
  static async start(built: BuiltPackage, directory: string): Promise<HoldfastServer> {
    mkdirSync(directory);
    const port = await freePorts();
    const address = ['--port', String(port)];
    await run(built.command(directory, ['init', '--network', 'bench', '--names', '127.0.0.1', ...address]));
    const server = await startServer(built.command(directory, ['serve', ...address]), port);
    return new HoldfastServer(built, directory, server);
  }

  /** Holdfast and restic, both against this server, each repository in the namespace of a new client. */
  contenders(): Contender[] {
    return [
      { name: 'restic → Holdfast', isHoldfast: false, open: (directory) => this.#openForRestic(directory) },
      { name: 'Holdfast', isHoldfast: true, open: (directory) => this.#openForHoldfast(directory) },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #openForHoldfast(directory: string): Promise<Place> {
    const name = await this.#joinClient(directory);
    return this.#place(directory, name, (words) => this.#built.command(directory, words));
  }

  async #openForRestic(directory: string): Promise<Place> {
    const name = await this.#joinClient(directory);
    const exported = join(directory, 'restic');
    await run(this.#built.command(directory, ['cert', 'export', '--layout', 'restic', exported]));
    const environment = await run({
      program: '/bin/sh',
      words: ['-c', '. "$1" && echo "$RESTIC_REPOSITORY"', 'sh', join(exported, 'restic.env')],
      env: {},
      directory,
    });
    const files = ['--password-file', 'password', '--cacert', 'ca.pem', '--tls-client-cert', 'client.pem'];
    const options = files.map((word) => (word.startsWith('--') ? word : join(exported, word)));
    const repository = ['--repo', environment.trim(), ...options];
    return this.#place(directory, name, (words) => resticCommand(directory, repository, words));
  }

  /** Joins a client with its home in `directory`, lets it make its repository, and gives its name. */
  async #joinClient(directory: string): Promise<string> {
    const name = `client-${++this.#clients}`;
    const said = await run(this.#built.command(this.#directory, ['token', 'create', name]));
    const code = /hf1-\S+/.exec(said)?.[0] ?? '';
    await run(this.#built.command(directory, ['join', code]));
    const nothing = join(directory, 'nothing');
    mkdirSync(nothing);
    await run(this.#built.command(directory, ['backup', nothing]));
    return name;
  }

  #place(directory: string, name: string, command: (words: readonly string[]) => BenchCommand): Place {
    const [config = ''] = globSync(`**/${name}/config`, { cwd: this.#directory });
    const stored = dirname(join(this.#directory, config));
    return {
      backup: (paths) => command(['backup', ...paths]),
      restore: (target) => command(['restore', 'latest', '--target', target]),
      storedBytes: () => directorySize(stored),
      servers: [this.#process.pid],
      [Symbol.asyncDispose]: async () => {
        rmSync(directory, { recursive: true, force: true });
        rmSync(stored, { recursive: true, force: true });
      },
    };
  }
}
