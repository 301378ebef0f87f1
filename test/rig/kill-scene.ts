import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { Network } from './network.ts';
import { opensslCertificate } from './openssl-certificates.ts';
import { OutsideAuthority } from './outside-authority.ts';
import { OutsideServer } from './outside-server.ts';
import { PostgresServer } from './postgres.ts';
import { runHere } from './run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/**
 * A network whose server runs, and copies of what there was before anything is killed: for each kill a folder of its own
 * with the authority `a`, which has a machine that joined, a request that waits and a backup, the machine `c`, and files
 * that commands are given.
 */
export class KillScene implements AsyncDisposable {
  readonly live: Network;
  readonly #place: TemporaryDirectory;
  #code = '';
  #copies = 0;
  #names = 0;
  #postgres: PostgresServer | undefined;
  #outside: OutsideServer | undefined;

  private constructor(place: TemporaryDirectory, live: Network) {
    this.#place = place;
    this.live = live;
  }

  static async start(): Promise<KillScene> {
    const place = temporaryDirectory();
    const scene = new KillScene(place, await Network.start(join(place.path, 'live')));
    await scene.#prepare();
    return scene;
  }

  /** Options that name the live server to a stranger. */
  get known(): string[] {
    const url = `https://127.0.0.1:${this.live.port + 1}`;
    return ['--server', url, '--root', join(this.#place.path, 'from/root.pem')];
  }

  /** The URL of an empty PostgreSQL database, whose password is in a file in `here`. */
  async database(here: string): Promise<string> {
    this.#postgres ??= await PostgresServer.start();
    const name = await this.#postgres.createDatabase();
    const passwords = join(here, 'pgpass');
    writeFileSync(passwords, `*:*:*:postgres:${this.#postgres.password}\n`, { mode: 0o600 });
    return `${this.#postgres.url(name, 'postgres')}?passfile=${encodeURIComponent(passwords)}`;
  }

  /** The address of a server of no network, and the fingerprint of the certificate that it has signed itself. */
  async outside(): Promise<{ readonly url: string; readonly fingerprint: string }> {
    const own = opensslCertificate({ subject: '/CN=old server' });
    this.#outside ??= await OutsideServer.start(own);
    this.#outside.show(own);
    return {
      url: `https://127.0.0.2:${this.#outside.port}`,
      fingerprint: hash('sha256', own.der, 'hex'),
    };
  }

  /** A folder as it was before. */
  copy(): string {
    const copy = join(this.#place.path, `copy-${++this.#copies}`);
    execFileSync('cp', ['-a', join(this.#place.path, 'from'), copy]);
    return copy;
  }

  /** A name that no machine of the network had. */
  newName(): string {
    return `machine-${++this.#names}`;
  }

  /** Runs a command at the live server in this process. */
  async atServer(words: readonly string[]): Promise<void> {
    await quick([...words, '--home', this.live.home]);
  }

  /** Approves the request of a machine that waits at the live server. */
  async approve(name: string): Promise<void> {
    const { stdout } = await this.live.run(['request', 'list', '--json']);
    const waiting = JSON.parse(stdout) as { id: number; identity: string; state: string }[];
    const found = waiting.find(({ identity, state }) => identity.endsWith(`/${name}`) && state === 'pending');
    await this.atServer(['request', 'approve', String(found?.id)]);
  }

  /** The serial number of the certificate that the machine `name` has. */
  async serialOf(name: string): Promise<string> {
    const { stdout } = await this.live.run(['cert', 'list', '--name', name, '--json']);
    return (JSON.parse(stdout) as { serial: string }[])[0]?.serial ?? '';
  }

  /** The command by which a machine joins under a new name. */
  joining(name: string): string[] {
    return ['join', this.#code, '--name', name];
  }

  /** Makes a machine in `home`. */
  async join(name: string, home: string): Promise<void> {
    await quick([...this.joining(name), '--home', home]);
  }

  /** A code for a machine that was there before. */
  async reissueCode(name: string): Promise<string> {
    return await this.live.joinCode(name, ['--reissue']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#postgres?.[Symbol.asyncDispose]();
    await this.#outside?.[Symbol.asyncDispose]();
    await this.live[Symbol.asyncDispose]();
    this.#place[Symbol.dispose]();
  }

  async #prepare(): Promise<void> {
    const from = join(this.#place.path, 'from');
    const at = (name: string): string => join(from, name);
    mkdirSync(at('data'), { recursive: true });
    writeFileSync(at('data/letter'), 'Dear Ann,\n');
    writeFileSync(at('password'), 'root in the safe\n');
    writeFileSync(at('passphrase'), 'correct horse\n');
    await this.atServer(['policy', 'set', 'queue', 'on']);
    await this.atServer(['policy', 'export', at('policy.json')]);
    writeFileSync(at('policy.json'), readFileSync(at('policy.json'), 'utf8').replace('true', 'false'));
    await this.atServer(['ca', 'export', at('root.pem')]);
    await this.atServer(['token', 'create', 'other']);
    this.#code = await this.live.joinCode('machine-*', ['--uses', '1000']);
    await quick(['join', await this.live.joinCode('laptop'), '--home', at('c')]);
    await quick(['backup', at('data'), '--home', at('c')]);
    const request = ['request', 'create', '--cn', 'desk', '--profile', 'client', '--submit', ...this.known];
    await quick([...request, '--home', at('pending')]);
    await this.atServer(['ca', 'backup', at('authority.age')]);
    await this.atServer([
      'ca',
      'backup',
      at('keys.p12'),
      '--format',
      'p12',
      '--password-file',
      at('password'),
    ]);
    await this.#certifyOutside(from);
    await this.live.server.stop();
    execFileSync('cp', ['-a', this.live.home, at('a')]);
    const port = await freePorts();
    const settings = readFileSync(at('a/holdfast.toml'), 'utf8').replace(/^port = \d+/m, `port = ${port}`);
    writeFileSync(at('a/holdfast.toml'), settings);
    await this.live.restart();
  }

  /** `outside/chain.pem` is for a request of the server, and `outside/root.pem` leads to it. */
  async #certifyOutside(from: string): Promise<void> {
    const at = (name: string): string => join(from, 'outside', name);
    mkdirSync(join(from, 'outside'));
    const outside = await OutsideAuthority.make(join(from, 'outside'));
    await this.atServer(['request', 'create', '--cn', 'localhost', '--out', at('localhost.csr')]);
    await outside.issue('localhost.csr', 'leaf.pem');
    const chain = ['leaf.pem', 'issuing.pem'].map((name) => readFileSync(at(name), 'utf8'));
    writeFileSync(at('chain.pem'), chain.join(''));
  }
}

/** Runs a command in this process. */
export async function quick(words: readonly string[]): Promise<void> {
  const { code, error } = await runHere(words, process.env);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${error?.code}: ${error?.message}`);
}
