import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bytes, type HoldfastError, isHoldfastError } from '../base/index.ts';
import type { BlobId } from './format/blob.ts';
import { type NamedBlobs, namedBlobs, parseTreeEntries, type TreeEntry } from './format/tree-entry.ts';
import type { Repository } from './repository.ts';

/** Told of what cannot be read, or makes no sense, at a path of a snapshot, as `pathText` shows it. */
export type PathProblem = (path: string, error: HoldfastError) => void;

/** How entries are read. */
export interface EntriesOptions {
  readonly signal: AbortSignal;
  readonly onProblem: PathProblem;
}

/** After so many trees, most of which are in memory, the other tasks get a turn. */
const treesPerTurn = 64;

/** Reads the entries of trees; of one that cannot be read none, and that is told. */
export class EntriesReader {
  readonly #repository: Repository;
  readonly #options: EntriesOptions;
  #trees = 0;

  constructor(repository: Repository, options: EntriesOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** The entries of the tree at `path`, in its order. */
  async read(tree: BlobId, path: string): Promise<readonly TreeEntry[]> {
    return await this.#open(tree, path, (plaintext, tell) => parseTreeEntries(plaintext, tree, tell), []);
  }

  /** What those entries name. */
  async readNamed(tree: BlobId, path: string): Promise<NamedBlobs> {
    return await this.#open(tree, path, (plaintext) => namedBlobs(plaintext, tree), {
      content: [],
      subtrees: [],
    });
  }

  async #open<T>(
    tree: BlobId,
    path: string,
    parse: (plaintext: Bytes, tell: (error: HoldfastError) => void) => T,
    none: T,
  ): Promise<T> {
    const { signal, onProblem } = this.#options;
    if (++this.#trees % treesPerTurn === 0) await nextTurn();
    signal.throwIfAborted();
    const tell = (error: HoldfastError): void => onProblem(path === '' ? '/' : path, error);
    try {
      // Not from the repository's cache: each tree comes once, and would only push others out.
      return parse(await this.#repository.readBlob('tree', tree, { signal }), tell);
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      tell(error);
      return none;
    }
  }
}
