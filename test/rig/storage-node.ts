import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { type ProgramResult, RunningProgram, runProgram } from './holdfast-process.ts';
import type { Network } from './network.ts';

/** A storage node of a {@link Network}, made as a user would: `token create --role storage`, `join`, `serve`. */
export class StorageNode implements AsyncDisposable {
  readonly network: Network;
  readonly name: string;
  readonly home: string;
  readonly port: number;
  #server: RunningProgram;

  private constructor(network: Network, { name, home, port }: Pick<StorageNode, 'name' | 'home' | 'port'>) {
    this.network = network;
    this.name = name;
    this.home = home;
    this.port = port;
    this.#server = this.#start();
  }

  /** Makes one with its home below `directory`, and waits until it listens and clients are told where. */
  static async start(network: Network, name: string, directory: string): Promise<StorageNode> {
    mkdirSync(directory, { recursive: true });
    const home = join(directory, 'holdfast');
    const code = await network.ask<{ code: string }>('token.create', {
      name,
      role: 'storage',
      names: ['127.0.0.1'],
    });
    const words = ['join', '--role', 'storage', '--home', home];
    await runProgram(network.program, words, { env: { HOME: directory }, input: code.code });
    const node = new StorageNode(network, { name, home, port: await freePorts() });
    await node.listening();
    while (!(await node.#isTold())) await setTimeout(50);
    return node;
  }

  /** `https://HOST:PORT`. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get server(): RunningProgram {
    return this.#server;
  }

  /** Starts it again after it has ended, and waits until it listens. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#server.ended;
    this.#server = this.#start(env);
    await this.listening();
  }

  async listening(): Promise<void> {
    await this.#server.waitFor(/listening/);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProgramResult> {
    return await this.#server.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #start(env: Readonly<Record<string, string>> = {}): RunningProgram {
    const words = ['serve', '--home', this.home, '--port', String(this.port)];
    return new RunningProgram(words, { program: this.network.program, env: { HOME: this.home, ...env } });
  }

  async #isTold(): Promise<boolean> {
    const nodes = await this.network.ask<readonly { name: string; storage?: { servers: string[] } }[]>(
      'node.list',
      { role: 'storage', name: this.name },
    );
    return nodes.some(({ storage }) => storage?.servers.includes(this.url));
  }
}
