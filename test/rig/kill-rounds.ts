import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { AcknowledgedUploads } from './acknowledged-uploads.ts';
import { runProgram } from './holdfast-process.ts';
import { Network, type NetworkClient, type ResticAccess } from './network.ts';
import { Prng } from './prng.ts';

/** What {@link killClient} and {@link killServer} do. */
export interface KillOptions {
  /** An empty folder for the network, its clients and their data. */
  readonly directory: string;
  readonly rounds: number;
  readonly seed: number;
  /** Bytes of new, incompressible data for each round. */
  readonly bytes: number;
  /** The program; the checkout's launcher unless said. */
  readonly program?: string;
}

/** How the rounds went. */
export interface KillReport {
  /** Rounds in which the kill hit a running backup. */
  readonly hits: number;
  /** Time of a whole backup, over which the kills were spread. */
  readonly backupMs: number;
  /** Snapshots, and for the server also objects, that were acknowledged and are all there. */
  readonly acknowledged: number;
}

/**
 * Kills (SIGKILL) the client in each round at a random moment of a backup of new data, and asserts that restic finds the
 * repository clean, that no acknowledged snapshot is gone, and that the next backup stores no byte a second time.
 */
export async function killClient(options: KillOptions): Promise<KillReport> {
  await using scene = await Scene.open(options);
  let hits = 0;
  for (let round = 0; round < options.rounds; round++) {
    scene.newData();
    const storedBefore = await scene.storedBytes();
    const backup = scene.startBackup();
    await setTimeout(scene.momentMs(round));
    if ((await backup.stop('SIGKILL')).signal === 'SIGKILL') hits++;
    await scene.check();
    await scene.finishBackup();
    const growth = (await scene.storedBytes()) - storedBefore;
    ok(
      growth <= options.bytes * 1.02 + 4 * 2 ** 20,
      `round ${round}: ${growth} bytes stored for ${options.bytes} new ones`,
    );
  }
  await scene.check(['--read-data']);
  return { hits, backupMs: scene.backupMs, acknowledged: scene.acknowledged.size };
}

/**
 * Kills (SIGKILL) the server in each round at a random moment of a backup of new data while another client uploads
 * objects, starts it again, and asserts that restic finds the repository clean and that no acknowledged snapshot and no
 * acknowledged object is gone.
 */
export async function killServer(options: KillOptions): Promise<KillReport> {
  await using scene = await Scene.open(options);
  const uploads = new AcknowledgedUploads(await scene.joinUploader(), new Prng(`uploads ${options.seed}`));
  let hits = 0;
  for (let round = 0; round < options.rounds; round++) {
    scene.newData();
    const backup = scene.startBackup();
    const stop = new AbortController();
    const uploading = uploads.uploadUntilLost(stop.signal);
    await setTimeout(scene.momentMs(round));
    hits += await scene.killServer(backup.ended);
    await uploading.finally(() => stop.abort());
    await backup.ended;
    await scene.check();
    await scene.finishBackup();
  }
  await scene.check(['--read-data']);
  deepEqual(await uploads.lost(), [], 'acknowledged objects that are gone');
  return { hits, backupMs: scene.backupMs, acknowledged: scene.acknowledged.size + uploads.count };
}

/** A network with a client that backs up, and what has been acknowledged to it. */
class Scene implements AsyncDisposable {
  readonly acknowledged = new Set<string>();
  backupMs = 0;
  readonly #options: KillOptions;
  readonly #network: Network;
  readonly #client: NetworkClient;
  readonly #access: ResticAccess;
  readonly #prng: Prng;

  private constructor(options: KillOptions, network: Network, client: NetworkClient, access: ResticAccess) {
    this.#options = options;
    this.#network = network;
    this.#client = client;
    this.#access = access;
    this.#prng = new Prng(options.seed);
  }

  static async open(options: KillOptions): Promise<Scene> {
    const network = await Network.start(join(options.directory, 'server'), options.program);
    const client = await network.join('client', join(options.directory, 'client'));
    mkdirSync(join(options.directory, 'data'));
    await client.run(['backup', join(options.directory, 'data')]);
    const scene = new Scene(options, network, client, await client.exportForRestic());
    // The first backup warms what later ones find warm; the second one's time is theirs.
    for (let warm = 0; warm < 2; warm++) {
      scene.newData();
      const started = performance.now();
      await scene.finishBackup();
      scene.backupMs = performance.now() - started;
    }
    return scene;
  }

  /** The moment of the kill: somewhere in the round's share of the time of a whole backup. */
  momentMs(round: number): number {
    const share = (round + this.#prng.below(1000) / 1000) / this.#options.rounds;
    return Math.round(share * this.backupMs);
  }

  /** Replaces the data by as much that was never seen. */
  newData(): void {
    const data = join(this.#options.directory, 'data');
    rmSync(data, { recursive: true });
    mkdirSync(data);
    const big = Math.floor(this.#options.bytes * 0.9);
    writeFileSync(join(data, 'big'), this.#prng.bytes(big));
    const small = Math.floor((this.#options.bytes - big) / 100);
    for (let index = 0; index < 100; index++)
      writeFileSync(join(data, `small-${index}`), this.#prng.bytes(small));
  }

  startBackup() {
    return this.#client.start(['backup', join(this.#options.directory, 'data')]);
  }

  /** Backs up to the end; its snapshot is acknowledged from then on. */
  async finishBackup(): Promise<void> {
    await this.#client.run(['backup', join(this.#options.directory, 'data')]);
    for (const id of await this.#snapshots()) this.acknowledged.add(id);
  }

  /** Kills the server and starts it again; 1 when the backup was still running. */
  async killServer(ended: Promise<unknown>): Promise<0 | 1> {
    const running = await Promise.race([ended.then(() => 0 as const), setTimeout(0, 1 as const)]);
    await this.#network.server.stop('SIGKILL');
    await this.#network.restart();
    return running;
  }

  /** Asserts that restic finds nothing wrong and every acknowledged snapshot. */
  async check(words: readonly string[] = []): Promise<void> {
    // A killed client leaves its lock, as a killed restic does.
    const { stdout } = await this.#restic(['check', '--no-lock', ...words]);
    ok(stdout.includes('no errors were found'), stdout);
    const snapshots = await this.#snapshots();
    equal(
      [...this.acknowledged].filter((id) => !snapshots.has(id)).length,
      0,
      'acknowledged snapshots that are gone',
    );
  }

  async joinUploader(): Promise<ResticAccess> {
    const uploader = await this.#network.join('uploader', join(this.#options.directory, 'uploader'));
    await uploader.run(['backup', join(this.#options.directory, 'client/restic')]);
    return await uploader.exportForRestic();
  }

  async storedBytes(): Promise<number> {
    const { stdout } = await runProgram('du', ['-sb', join(this.#network.storedAt('client'), 'data')]);
    return Number.parseInt(stdout, 10);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
  }

  async #snapshots(): Promise<Set<string>> {
    const { stdout } = await this.#restic(['snapshots', '--no-lock', '--json']);
    return new Set((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id));
  }

  async #restic(words: readonly string[]) {
    return await runProgram('restic', [...this.#access.options, '--no-cache', ...words]);
  }
}
