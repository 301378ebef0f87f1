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
  { trees, signal, onTree = () => {} }: UsedBlobsOptions,
): Promise<Uint8Array> {
  const used = new UsedBlobs(index);
  for (const tree of trees) used.add('tree', tree);
  for (let level = used.takeTrees(); level.length > 0; level = used.takeTrees()) {
    for (const slot of level) {
      const { id } = index.locationAt(slot);
      const plaintext = await repository.readBlob('tree', id, signal && { signal });
      for (const { type, id: needed } of referencesOf(plaintext, id)) used.add(type, needed);
      onTree();
    }
  }
  used.check();
  return used.marks;
}

/** What is looked through. */
interface UsedBlobsOptions {
  /** The directories that snapshots begin with. */
  readonly trees: Iterable<BlobId>;
  readonly signal?: AbortSignal;
  /** Told of each directory that was read. */
  readonly onTree?: () => void;
}

class UsedBlobs {
  readonly marks: Uint8Array;
  readonly #index: BlobIndex;
  #found: number[] = [];
  #missing = 0;
  #firstMissing = '';

  constructor(index: BlobIndex) {
    this.#index = index;
    this.marks = new Uint8Array(index.size);
  }

  add(type: BlobType, id: BlobId): void {
    const slot = this.#index.findHex(type, id);
    if (slot === nowhere) {
      if (this.#missing++ === 0) this.#firstMissing = `${type} blob ${id}`;
    } else if (this.marks[slot] === 0) {
      this.marks[slot] = 1;
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

  check(): void {
    if (this.#missing === 0) return;
    const rest = this.#missing === 1 ? '' : ` and ${this.#missing - 1} others`;
    const message = `${this.#firstMissing}${rest} that snapshots need are in no index; nothing was removed`;
    throw new HoldfastError('repository_damaged', message, { hint: repairHint });
  }
}

/** What a directory needs; nothing else in it is looked at, which takes a fifth of the time. */
function* referencesOf(
  plaintext: Uint8Array,
  tree: BlobId,
): Generator<{ readonly type: BlobType; readonly id: BlobId }> {
  for (const node of nodesOf(plaintext, tree)) {
    if (!isJsonObject(node)) throw notUnderstood(tree);
    const { content, subtree } = node;
    if (isId(subtree)) yield { type: 'tree', id: subtree };
    else if (subtree !== undefined && subtree !== null) throw notUnderstood(tree);
    if (content === undefined || content === null) continue;
    if (!Array.isArray(content)) throw notUnderstood(tree);
    for (const id of content as readonly unknown[]) {
      if (!isId(id)) throw notUnderstood(tree);
      yield { type: 'data', id };
    }
  }
}

function nodesOf(plaintext: Uint8Array, tree: BlobId): readonly unknown[] {
  try {
    const json: unknown = JSON.parse(asBuffer(plaintext).toString('utf8'));
    const nodes = isJsonObject(json) ? (json['nodes'] ?? []) : undefined;
    if (Array.isArray(nodes)) return nodes;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  throw notUnderstood(tree);
}

function notUnderstood(tree: BlobId): HoldfastError {
  return new HoldfastError(
    'repository_damaged',
    `tree ${tree} does not say clearly what it needs; nothing was removed`,
    { hint: 'holdfast check names the snapshots that have it; holdfast forget SNAPSHOT removes those' },
  );
}
