import { asBuffer, isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId, BlobType } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { SlotsByPack } from '../format/pack-header.ts';
import { parseTree, type Tree } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';

/** What a problem is about. */
type CheckSubject = 'config' | 'key' | 'snapshot' | 'index' | 'pack' | 'tree' | 'file';

/** Something that a check found. */
export interface CheckProblem {
  /** An error means that something is lost or will be; a hint is untidy and harmless. */
  readonly kind: 'error' | 'hint';
  readonly subject: CheckSubject;
  /** The name of the file in the repository, or the path of a file in a snapshot. */
  readonly name: string;
  /** A sentence that names it, for people. */
  readonly message: string;
  /** Set for a pack that no index lists. */
  readonly isUnlisted?: true;
}

/** Counts the problems and hands each on as it is found. */
export class CheckReport {
  readonly #onProblem: (problem: CheckProblem) => void;
  #errors = 0;
  #hints = 0;

  constructor(onProblem: (problem: CheckProblem) => void) {
    this.#onProblem = onProblem;
  }

  get errors(): number {
    return this.#errors;
  }

  get hints(): number {
    return this.#hints;
  }

  error(subject: CheckSubject, name: string, message: string): void {
    this.add({ kind: 'error', subject, name, message });
  }

  hint(subject: CheckSubject, name: string, message: string): void {
    this.add({ kind: 'hint', subject, name, message });
  }

  /** A pack that no index lists. */
  unlisted(pack: string): void {
    const message = `pack ${pack} is in no index`;
    this.add({ kind: 'hint', subject: 'pack', name: pack, message, isUnlisted: true });
  }

  /** What was found elsewhere. */
  add(problem: CheckProblem): void {
    if (problem.kind === 'error') this.#errors++;
    else this.#hints++;
    this.#onProblem(problem);
  }
}

/** The packs that are missing or not as they were written, each reported as it is found. */
export class DamagedPacks {
  readonly #index: BlobIndex;
  readonly #lost: LostBlobs;
  readonly #report: CheckReport;
  readonly #names = new Set<ObjectId>();
  #byPack: SlotsByPack | undefined;

  constructor(index: BlobIndex, lost: LostBlobs, report: CheckReport) {
    this.#index = index;
    this.#lost = lost;
    this.#report = report;
  }

  /** In the order in which they were found. */
  get names(): readonly ObjectId[] {
    return [...this.#names];
  }

  /**
   * Reports what is wrong with a pack, once its lost blobs are marked: an error, or a hint when each of its blobs can be had
   * from another pack, as after a backup that stored them again.
   */
  add(pack: ObjectId, message: string): void {
    this.#names.add(pack);
    if (!this.#isReplaced(pack)) this.#report.error('pack', pack, message);
    else this.#report.hint('pack', pack, `${message}; all that was in it is in other packs too`);
  }

  #isReplaced(pack: ObjectId): boolean {
    this.#byPack ??= this.#index.slotsByPack();
    const { slots, starts } = this.#byPack;
    const number = this.#index.packNumber(pack);
    return slots.subarray(starts[number], starts[number + 1]).every((slot) => {
      const { type, id } = this.#index.locationAt(slot);
      return this.#index
        .slotsOf(type, id)
        .some((other) => this.#index.packNumberAt(other) !== number && !this.#lost.isMarked(other));
    });
  }
}

/** Which of the blobs that the index names are not really there: one bit of knowledge for each of its slots. */
export class LostBlobs {
  readonly #index: BlobIndex;
  readonly #lost: Uint8Array;
  #count = 0;

  constructor(index: BlobIndex) {
    this.#index = index;
    this.#lost = new Uint8Array(index.size);
  }

  /** How many are marked. */
  get count(): number {
    return this.#count;
  }

  /** Marks the copy of a blob at this slot. */
  mark(slot: number): void {
    if (!this.isMarked(slot)) this.#count++;
    this.#lost[slot] = 1;
  }

  /** Marks the blobs that do not lie within their pack, given the bytes of those that are stored. */
  markShort(sizes: ReadonlyMap<ObjectId, number>): void {
    const index = this.#index;
    for (let slot = 0; slot < index.size; slot++) {
      const end = index.offsetAt(slot) + index.lengthAt(slot);
      if (end > (sizes.get(index.packAt(index.packNumberAt(slot))) ?? 0)) this.mark(slot);
    }
  }

  /** Whether the copy at this slot was marked. */
  isMarked(slot: number): boolean {
    return this.#lost[slot] === 1;
  }

  /** Whether no copy of the blob is left. */
  isLost(type: BlobType, id: BlobId): boolean {
    const first = this.#index.findHex(type, id);
    // Nearly always there is one copy, and it is whole.
    if (first === -1) return true;
    return this.isMarked(first) && this.#index.slotsOf(type, id).every((slot) => this.isMarked(slot));
  }
}

const concurrentReads = 8;

interface Directory {
  /** Absolute, for messages; bytes that are not UTF-8 show as U+FFFD. */
  readonly path: string;
  readonly tree: BlobId;
  readonly snapshot: StoredSnapshot;
  readonly report: CheckReport;
}

interface WalkOptions {
  readonly signal: AbortSignal;
  readonly onSnapshot: () => void;
}

/** Reads every directory of the snapshots once, and names every file and folder that cannot be had back. */
export class TreeCheck {
  readonly #repository: Repository;
  readonly #index: BlobIndex;
  readonly #lost: LostBlobs;
  /** One byte for each slot of the index: this directory was read. */
  readonly #seen: Uint8Array;
  #trees = 0;
  #files = 0;

  constructor(repository: Repository, index: BlobIndex, lost: LostBlobs) {
    this.#repository = repository;
    this.#index = index;
    this.#lost = lost;
    this.#seen = new Uint8Array(index.size);
  }

  /** How many directories were read. */
  get trees(): number {
    return this.#trees;
  }

  /** How many files they hold; one that several snapshots share by way of its directory counts once. */
  get files(): number {
    return this.#files;
  }

  /** Checks the snapshots, from the beginning at each call; what an earlier one has in common with a later one is read once. */
  async checkAll(
    snapshots: readonly StoredSnapshot[],
    report: CheckReport,
    options: WalkOptions,
  ): Promise<void> {
    this.#seen.fill(0);
    this.#trees = 0;
    this.#files = 0;
    for (const snapshot of snapshots) {
      await this.#check({ path: '/', tree: snapshot.tree, snapshot, report }, options);
      options.onSnapshot();
    }
  }

  async #check(root: Directory, options: WalkOptions): Promise<void> {
    const waiting: Directory[] = [root];
    while (waiting.length > 0) {
      const batch = waiting.splice(-concurrentReads);
      const found = await Promise.all(batch.map(async (directory) => this.#visit(directory, options)));
      // One at a time: a directory can have more entries than a call can have arguments.
      for (const directories of found) for (const directory of directories) waiting.push(directory);
    }
  }

  async #visit(directory: Directory, options: WalkOptions): Promise<readonly Directory[]> {
    const slot = this.#index.findHex('tree', directory.tree);
    if (slot !== -1 && this.#seen[slot] === 1) return [];
    if (slot !== -1) this.#seen[slot] = 1;
    const tree = await this.#read(directory, options);
    if (!tree) return [];
    this.#trees++;
    for (const problem of tree.problems) this.#complain(directory, problem);
    const subdirectories: Directory[] = [];
    for (const node of tree.nodes) {
      if (node.content) this.#checkFile(directory, node, node.content);
      if (node.subtree)
        subdirectories.push({ ...directory, path: childPath(directory, node), tree: node.subtree });
    }
    return subdirectories;
  }

  async #read(directory: Directory, { signal }: WalkOptions): Promise<Tree | undefined> {
    try {
      // Not from the repository's cache: each tree comes once, and would only be kept alive.
      const { tree } = directory;
      return parseTree(await this.#repository.readBlob('tree', tree, { signal }), tree);
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      this.#complain(directory, error.message);
      return undefined;
    }
  }

  #checkFile(directory: Directory, node: TreeNode, content: readonly BlobId[]): void {
    this.#files++;
    const missing = content.filter((id) => this.#lost.isLost('data', id));
    if (missing.length === 0) return;
    const path = childPath(directory, node);
    const parts = `${missing.length} of ${content.length} parts are lost, the first is blob ${missing[0]}`;
    directory.report.error(
      'file',
      path,
      `file ${path} in snapshot ${directory.snapshot.id.slice(0, 8)}: ${parts}`,
    );
  }

  #complain(directory: Directory, problem: string): void {
    const where = `folder ${directory.path} in snapshot ${directory.snapshot.id.slice(0, 8)}`;
    directory.report.error('tree', directory.tree, `${where}: ${problem}`);
  }
}

function childPath(directory: Directory, node: TreeNode): string {
  const separator = directory.path.endsWith('/') ? '' : '/';
  return directory.path + separator + asBuffer(node.name).toString('utf8');
}
