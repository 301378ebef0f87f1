import { join } from 'node:path';
import type { ReplicationRule } from '../../authority/index.ts';
import type { Clock, Log } from '../../base/index.ts';
import type { Concern } from '../../notice/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { FallbackStore, type ObjectStore } from '../../storage/index.ts';
import type { Credentials } from '../../transport/index.ts';
import { StoreScrub } from '../scrubbing/store-scrub.ts';
import { replicaOrigins } from '../scrubbing/stored-repositories.ts';
import type { StorageEvent } from '../storage-handler.ts';
import { namespaceFolder, replicaFolder, type StorageNamespace } from '../storage-path.ts';
import type { StoreFigure } from '../store-meter.ts';
import { StoreTrash, type StoreTrashOptions } from '../store-trash.ts';
import { KeptRecords } from './kept-records.ts';
import { ReplicaGate } from './replica-gate.ts';
import { ReplicaWays, type ReplicaWaysOptions } from './replica-ways.ts';
import { StoreCopies } from './store-copies.ts';

/** A node that keeps repositories, and what it knows of the others. */
export interface ReplicasOptions extends ReplicaWaysOptions {
  /** The name of this node. */
  readonly self: string;
  /** The rules of the network, as they are at that moment. */
  readonly rules: () => Promise<readonly ReplicationRule[]>;
  /** Where the store is. */
  readonly directory: string;
  /** Throws while it is not there. */
  readonly check: (forWhat?: 'change') => Promise<void>;
  /** Where is kept how far copies and scrub have come. */
  readonly recordsPath: string;
  /** The store of a namespace, with an origin or without. */
  readonly storeFor: (namespace: StorageNamespace) => ObjectStore;
  /** By what the trash of copies goes. */
  readonly authority: StoreTrashOptions['authority'];
  readonly clock: Clock;
  readonly log: Log;
}

/** The copies that a node makes and keeps, and its store, which is read through: at work until this is closed. */
export class Replicas implements AsyncDisposable {
  readonly scrub: StoreScrub;
  readonly copies: StoreCopies;
  readonly gate: ReplicaGate;
  readonly #options: ReplicasOptions;
  readonly #records: KeptRecords;
  readonly #ways: ReplicaWays;
  /** Of the copies of each node. */
  readonly #trash = new Map<string, StoreTrash>();

  private constructor(options: ReplicasOptions, records: KeptRecords) {
    this.#options = options;
    this.#records = records;
    this.#ways = new ReplicaWays(options);
    this.scrub = new StoreScrub({
      ...options,
      records,
      sourcesOf: (repository) => this.copies.sourcesOf(repository),
    });
    this.copies = new StoreCopies({
      ...options,
      ways: this.#ways,
      records,
      mend: (repository, damaged) => this.scrub.mend(repository, damaged),
    });
    this.gate = new ReplicaGate(options);
  }

  /** Begins. Errors: as `ReplicateRecords.open` */
  static async open(options: ReplicasOptions): Promise<Replicas> {
    const records = new KeptRecords(options.recordsPath);
    await records.hold();
    const replicas = new Replicas(options, records);
    replicas.scrub.begin();
    replicas.copies.begin();
    return replicas;
  }

  /** A repository for who only reads it: what is damaged here, and waits for a good one, comes from the copies that have it. */
  readable(namespace: StorageNamespace, store: ObjectStore): ObjectStore {
    const repository = namespaceFolder(namespace);
    return new FallbackStore(store, async (ref) => {
      if (ref.type === 'config') return [];
      const isKnown = await this.#records.with(({ damages }) => damages.isOpen(repository, ref));
      return isKnown ? (await this.copies.sourcesOf(repository)).map((source) => source.store) : [];
    });
  }

  /** Something was asked of a repository. */
  stored({ namespace, method, type, status }: StorageEvent): void {
    const isChange = method === 'POST' || method === 'DELETE';
    if (namespace !== undefined && isChange && status === 200 && type !== 'locks')
      this.copies.changed(namespace);
  }

  /** To be called now and then. */
  async upkeep(): Promise<void> {
    const { directory, check, authority, log } = this.#options;
    await this.scrub.upkeep();
    for (const origin of await replicaOrigins(directory)) {
      const trash =
        this.#trash.get(origin) ??
        new StoreTrash({ directory: join(directory, replicaFolder, origin), check, authority });
      this.#trash.set(origin, trash);
      await trash.upkeep(log);
    }
  }

  /** Figures for whoever watches from elsewhere. */
  async measure(): Promise<StoreFigure[]> {
    return [...(await this.scrub.measure()), ...(await this.copies.measure())];
  }

  /** What somebody should know. */
  async concerns(): Promise<readonly Concern[]> {
    return [...(await this.scrub.concerns()), ...(await this.copies.concerns())];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.copies[Symbol.asyncDispose](), this.scrub[Symbol.asyncDispose]()]);
    this.#ways[Symbol.dispose]();
    await this.#records[Symbol.asyncDispose]();
  }
}

/** What a node is called by its own certificate. */
export function nodeNameOf({ chain: [leaf] }: Credentials): string {
  return (leaf && parseCertificate(leaf).identity?.name) ?? '';
}
