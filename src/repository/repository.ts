import { type Bytes, type Clock, type HoldfastError, Secret, systemClock } from '../base/index.ts';
import type { ObjectId, ObjectStore } from '../storage/index.ts';
import { BlobReader, type BlobReadOptions } from './blob-reader.ts';
import { findSnapshotFolder, findSnapshots, type SnapshotFolder } from './find-snapshots.ts';
import { type BlobId, type BlobType, idOf, type PackContents } from './format/blob.ts';
import type { BlobIndex } from './format/blob-index.ts';
import {
  encodeConfig,
  type Polynomial,
  type RepositoryConfig,
  type RepositoryVersion,
} from './format/config.ts';
import { calibrateScrypt, createKeyFile, type ScryptCost } from './format/key-file.ts';
import { encodeSnapshot, type Snapshot } from './format/snapshot.ts';
import { parseTree, type Tree } from './format/tree.ts';
import { type MasterKey, UnitCipher } from './format/unit.ts';
import { createPoly1305 } from './kernel/poly1305.ts';
import { removeLocks, type UnlockSummary } from './lock-files.ts';
import { acquireLock, EarlyLock, type LockOptions, type RepositoryLock } from './repository-lock.ts';
import type { SnapshotFilter } from './snapshot-filter.ts';
import { loadSnapshots, type SnapshotListOptions, type StoredSnapshot } from './stored-snapshots.ts';
import { nowNs, type Origin, thisMachine } from './this-machine.ts';
import {
  encodeIndexFile,
  findUnlistedPacks,
  type IndexOptions,
  type ListedIndex,
  loadIndexFiles,
  UnpackedStore,
} from './unpacked-store.ts';

const repairHint = 'holdfast repair index writes a new one';

interface Cancellable {
  readonly signal?: AbortSignal;
}

type FindOptions = SnapshotFilter & Partial<SnapshotListOptions>;

/** A key to be added. */
interface NewKeyOptions extends Cancellable, Partial<Origin> {
  /** What scrypt costs; measured so that it takes half a second unless given. */
  readonly cost?: ScryptCost;
}

/** An index or a snapshot that cannot be read, and what that means for what is being done; for people. */
type DamageListener = (message: string) => void;

/** How all that is known of packs is read. */
interface FullIndexOptions extends IndexOptions {
  /** Told of each index file that cannot be read, and how many packs are in no other; they are read themselves. */
  readonly onDamaged?: (name: ObjectId, error: HoldfastError, unlistedPacks: number) => void;
}

/**
 * An open repository: a store, its key and its config. Made by `initRepository` and `openRepository`.
 * Reading never changes anything; writing keeps the order packs → index → snapshot, which is the caller's to keep.
 */
export class Repository {
  readonly store: ObjectStore;
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly version: RepositoryVersion;
  readonly polynomial: Polynomial;
  readonly masterKey: Secret<MasterKey>;
  /** The key file that opened it, where a password did. */
  readonly openedBy: ObjectId | undefined;
  /** What is wrong with its `config`, when it was opened by a copy of that. */
  readonly configDamage: string | undefined;
  /** For the thread that opened the repository. */
  readonly cipher: UnitCipher;
  readonly clock: Clock;
  /** The files beside the packs. */
  readonly files: UnpackedStore;
  readonly #reader: BlobReader;
  readonly #trees = new TreeCache();
  #index: Promise<BlobIndex> | undefined;
  #onDamage: DamageListener = () => {};

  constructor(parts: {
    readonly store: ObjectStore;
    readonly config: RepositoryConfig;
    readonly masterKey: Secret<MasterKey>;
    readonly openedBy?: ObjectId | undefined;
    readonly clock?: Clock;
    /** What was wrong with its `config` when it was opened by a kept copy. */
    readonly damage?: string;
  }) {
    this.configDamage = parts.damage;
    this.store = parts.store;
    this.id = parts.config.id;
    this.version = parts.config.version;
    this.polynomial = parts.config.polynomial;
    this.masterKey = parts.masterKey;
    this.openedBy = parts.openedBy;
    this.clock = parts.clock ?? systemClock;
    this.cipher = newCipher(parts.masterKey);
    this.files = new UnpackedStore(this.store, this.cipher, this.version);
    this.#reader = new BlobReader(this.store, this.cipher);
  }

  /** What its `config` says, as JSON: `openRepository` takes it for a day when that file is damaged. */
  get configText(): string {
    return Buffer.from(encodeConfig(this)).toString();
  }

  /** The same repository by another store, which stands before the one that it has. */
  through(before: (store: ObjectStore) => ObjectStore): Repository {
    const { id, version, polynomial, masterKey, openedBy, clock } = this;
    const config = { id, version, polynomial };
    const made = new Repository({ store: before(this.store), config, masterKey, openedBy, clock });
    made.#onDamage = this.#onDamage;
    return made;
  }

  /**
   * Has `listener` told of index files and snapshots that are damaged, and passed over for those that are not, and at once of a
   * damaged `config`.
   */
  onDamage(listener: DamageListener): void {
    this.#onDamage = listener;
    if (this.configDamage !== undefined) listener(this.configDamage);
  }

  /**
   * Reads all index files afresh; what is read later is looked up here. Where one cannot be read, the packs that are in no
   * other are asked themselves, so that all that is stored is known.
   */
  async loadIndex({ onDamaged, ...options }: FullIndexOptions = {}): Promise<BlobIndex> {
    const { index, damaged } = await loadIndexFiles(this.files, options);
    const cancel = options.signal && { signal: options.signal };
    const packs = damaged.length === 0 ? [] : await findUnlistedPacks(this, index, cancel);
    for (const pack of packs) index.add(pack);
    for (const { name, error } of damaged) {
      const rest =
        packs.length > 0
          ? `read from ${packs.length} packs that are in no other; ${repairHint}`
          : 'in others';
      this.#onDamage(`${error.message}; what it knew is ${rest}`);
      onDamaged?.(name, error, packs.length);
    }
    this.#index = Promise.resolve(index);
    return index;
  }

  /** The same without the packs that no readable index file lists, which the caller takes care of. */
  async loadListedIndex(options: IndexOptions = {}): Promise<ListedIndex> {
    const listed = await loadIndexFiles(this.files, options);
    for (const { error } of listed.damaged) {
      this.#onDamage(`${error.message}; what no other knows is put into a new one`);
    }
    this.#index = Promise.resolve(listed.index);
    return listed;
  }

  /** The plaintext of a blob, checked against its id; from another pack when one copy is damaged. */
  async readBlob(type: BlobType, id: BlobId, options: BlobReadOptions = {}): Promise<Bytes> {
    return this.#reader.read(await this.#loadedIndex(options), type, id, options);
  }

  /** A directory. */
  async readTree(id: BlobId, options: Cancellable = {}): Promise<Tree> {
    const kept = this.#trees.get(id);
    if (kept) return kept;
    const tree = parseTree(await this.readBlob('tree', id, options), id);
    this.#trees.put(id, tree);
    return tree;
  }

  /** All snapshots that can be read, the oldest first, as `orderSnapshots` says. */
  async snapshots(options: Partial<SnapshotListOptions> = {}): Promise<StoredSnapshot[]> {
    return loadSnapshots(this.files, this.#listing(options));
  }

  /** The snapshot that a name stands for; see `parseSnapshotName`. */
  async findSnapshot(name: string, options: FindOptions = {}): Promise<StoredSnapshot> {
    const [found] = await this.findSnapshots([name], options);
    return found as StoredSnapshot;
  }

  /** The snapshots that names stand for, or all that the filter lets through; see `findSnapshots`. */
  async findSnapshots(names: readonly string[], options: FindOptions = {}): Promise<StoredSnapshot[]> {
    return findSnapshots(this.files, names, this.#listing(options));
  }

  /** The snapshot that a name stands for, or the folder of it that stands behind a colon; see `findSnapshotFolder`. */
  async findSnapshotFolder(name: string, options: FindOptions = {}): Promise<SnapshotFolder> {
    const cancel = options.signal && { signal: options.signal };
    const readTree = (id: BlobId): Promise<Tree> => this.readTree(id, cancel);
    return findSnapshotFolder(this.files, readTree, { name, ...this.#listing(options) });
  }

  /** Stores a snapshot; the trees it names must be in packs that an index names. */
  async saveSnapshot(snapshot: Snapshot, options: Cancellable = {}): Promise<ObjectId> {
    return this.files.save('snapshots', encodeSnapshot(snapshot), options);
  }

  /** Stores an index file for packs that are stored. The index in memory is not touched. */
  async saveIndex(packs: Iterable<PackContents>, options: Cancellable = {}): Promise<ObjectId> {
    return this.files.save('index', encodeIndexFile(packs), options);
  }

  /** Stores a further key file: `password` opens this repository from now on. */
  async addKey(password: Secret<string>, options: NewKeyOptions = {}): Promise<ObjectId> {
    const { cost = await calibrateScrypt(), signal, ...origin } = options;
    const created = { ...thisMachine(), ...origin, createdNs: nowNs(this.clock) };
    const file = await createKeyFile(this.masterKey, password, created, cost);
    const name = idOf(file);
    await this.store.write({ type: 'keys', name }, [file], { size: file.length, signal });
    return name;
  }

  /** Locks the repository, for oneself alone or beside others; `repository_locked` names who holds it. */
  async lock(options: LockOptions = {}): Promise<RepositoryLock> {
    return acquireLock(this.files, { clock: this.clock, ...options });
  }

  /** The same, for reading as soon as nobody else can begin to lock it. */
  async lockEarly(options: LockOptions = {}): Promise<EarlyLock> {
    return EarlyLock.begin(this.files, { clock: this.clock, ...options });
  }

  /** Removes locks whose holders are gone, or all of them: then nobody may be at work. */
  async unlock({
    all = false,
    signal,
  }: Cancellable & { readonly all?: boolean } = {}): Promise<UnlockSummary> {
    return removeLocks(this.files, {
      all,
      signal,
      hostname: thisMachine().hostname,
      nowMs: this.clock.now(),
    });
  }

  readonly #tellSnapshot = (_id: ObjectId, { message }: HoldfastError): void => {
    this.#onDamage(`${message}; it is passed over`);
  };

  #listing<Options>(options: Options): Options & SnapshotListOptions {
    return { onDamaged: this.#tellSnapshot, nowMs: this.clock.now(), ...options };
  }

  async #loadedIndex(options: Cancellable): Promise<BlobIndex> {
    return this.#index ?? this.loadIndex(options);
  }
}

/** The cipher for a repository with this key, for one thread; the one place where the authenticator is chosen. */
export function newCipher(masterKey: Secret<MasterKey>): UnitCipher {
  return new UnitCipher(masterKey.reveal(), createPoly1305());
}

const maxNodes = 50_000;

/** The trees read last, as many as hold 50,000 nodes together, some tens of megabytes. */
class TreeCache {
  readonly #trees = new Map<BlobId, Tree>();
  #nodes = 0;

  /** The tree, which becomes the last one to go. */
  get(id: BlobId): Tree | undefined {
    const tree = this.#trees.get(id);
    if (!tree) return undefined;
    this.#trees.delete(id);
    this.#trees.set(id, tree);
    return tree;
  }

  /** Keeps a tree, and lets go of those that were not asked for longest. A tree too large for all of it is not kept. */
  put(id: BlobId, tree: Tree): void {
    if (this.#trees.has(id) || weight(tree) > maxNodes) return;
    this.#trees.set(id, tree);
    this.#nodes += weight(tree);
    for (const [oldest, old] of this.#trees) {
      if (this.#nodes <= maxNodes) return;
      this.#trees.delete(oldest);
      this.#nodes -= weight(old);
    }
  }
}

/** Empty directories count too. */
function weight(tree: Tree): number {
  return tree.nodes.length + 1;
}
