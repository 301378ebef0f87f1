import { asBuffer, HoldfastError } from '../../base/index.ts';
import { type BlobId, type BlobType, isId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { isJsonObject } from '../format/go-text.ts';
import type { Repository } from '../repository.ts';

const nowhere = -1;
const repairHint =
  'holdfast repair index lists packs that none lists; then holdfast check names the files that are lost, and holdfast backup PATH stores again what is still there';

/**
 * Which blobs snapshots need: one byte for each entry of the index, set at the first of the entries of a blob, as `find` gives it.
 * Every directory is read once, in the order in which they lie in packs, level by level.
 *
 * @throws HoldfastError `repository_damaged` when a blob that is needed is in no index, a directory cannot be read, or what it
 *   says cannot be understood: what it needs would not be known
 */
export async function findUsedBlobs(
  repository: Repository,
  index: BlobIndex,
  { trees, contents = [], marks = new Uint8Array(index.size), signal, ...told }: UsedBlobsOptions,
): Promise<Uint8Array> {
  const { onTree = () => {}, onBlob = () => {}, undone = 'nothing was removed' } = told;
  const used = new UsedBlobs(index, { marks, onBlob });
  for (const tree of trees) used.add('tree', tree);
  for (const id of contents) used.add('data', id);
  for (let level = used.takeTrees(); level.length > 0; level = used.takeTrees()) {
    for (const slot of level) {
      const { id } = index.locationAt(slot);
      const plaintext = await repository.readBlob('tree', id, signal && { signal });
      for (const { type, id: needed } of referencesOf(plaintext, id, undone)) used.add(type, needed);
      onTree();
    }
  }
  used.check(undone);
  return marks;
}

/** What is looked through. */
interface UsedBlobsOptions {
  /** The directories that snapshots begin with. */
  readonly trees: Iterable<BlobId>;
  /** Pieces of files that are needed too. */
  readonly contents?: Iterable<BlobId>;
  /** What was found before, and is gone on with. */
  readonly marks?: Uint8Array;
  readonly signal?: AbortSignal;
  /** Told of each directory that was read. */
  readonly onTree?: () => void;
  /** Told of each blob that was not marked before, by its slot. */
  readonly onBlob?: (slot: number) => void;
  /** What errors say was not done. */
  readonly undone?: string;
}

class UsedBlobs {
  readonly #marks: Uint8Array;
  readonly #index: BlobIndex;
  readonly #onBlob: (slot: number) => void;
  #found: number[] = [];
  #missing = 0;
  #firstMissing = '';

  constructor(index: BlobIndex, { marks, onBlob }: Required<Pick<UsedBlobsOptions, 'marks' | 'onBlob'>>) {
    this.#index = index;
    this.#marks = marks;
    this.#onBlob = onBlob;
  }

  add(type: BlobType, id: BlobId): void {
    const slot = this.#index.findHex(type, id);
    if (slot === nowhere) {
      if (this.#missing++ === 0) this.#firstMissing = `${type} blob ${id}`;
    } else if (this.#marks[slot] === 0) {
      this.#marks[slot] = 1;
      this.#onBlob(slot);
      if (type === 'tree') this.#found.push(slot);
    }
  }

  /** The directories that were found since the last time, in the order in which they lie in packs. */
  takeTrees(): readonly number[] {
    const found = this.#found;
    this.#found = [];
    const index = this.#index;
    return found.sort(
      (a, b) => index.packNumberAt(a) - index.packNumberAt(b) || index.offsetAt(a) - index.offsetAt(b),
    );
  }

  check(undone: string): void {
    if (this.#missing === 0) return;
    const rest = this.#missing === 1 ? '' : ` and ${this.#missing - 1} others`;
    const message = `${this.#firstMissing}${rest} that snapshots need are in no index; ${undone}`;
    throw new HoldfastError('repository_damaged', message, { hint: repairHint });
  }
}

/** What a directory needs; nothing else in it is looked at, which takes a fifth of the time. */
function* referencesOf(
  plaintext: Uint8Array,
  tree: BlobId,
  undone: string,
): Generator<{ readonly type: BlobType; readonly id: BlobId }> {
  const notUnderstood = (): HoldfastError => unclearTree(tree, undone);
  const nodes = nodesOf(plaintext);
  if (nodes === undefined) throw notUnderstood();
  for (const node of nodes) {
    if (!isJsonObject(node)) throw notUnderstood();
    const { content, subtree } = node;
    if (isId(subtree)) yield { type: 'tree', id: subtree };
    else if (subtree !== undefined && subtree !== null) throw notUnderstood();
    if (content === undefined || content === null) continue;
    if (!Array.isArray(content)) throw notUnderstood();
    for (const id of content as readonly unknown[]) {
      if (!isId(id)) throw notUnderstood();
      yield { type: 'data', id };
    }
  }
}

/** Undefined for what is no directory. */
function nodesOf(plaintext: Uint8Array): readonly unknown[] | undefined {
  try {
    const json: unknown = JSON.parse(asBuffer(plaintext).toString('utf8'));
    const nodes = isJsonObject(json) ? (json['nodes'] ?? []) : undefined;
    return Array.isArray(nodes) ? nodes : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return undefined;
  }
}

function unclearTree(tree: BlobId, undone: string): HoldfastError {
  return new HoldfastError(
    'repository_damaged',
    `tree ${tree} does not say clearly what it needs; ${undone}`,
    { hint: 'holdfast check names the snapshots that have it; holdfast forget SNAPSHOT removes those' },
  );
}
