import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { type FileStat, joinPath, lstat, pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { WantedFile } from './content-plan.ts';
import { type ContentSink, readContent } from './content-reader.ts';
import { ReaderPool } from './reader-pool.ts';
import { walkSnapshot } from './walk-snapshot.ts';
import type { FileProblem } from './write-file.ts';

/**
 * Reads every file of a snapshot back from the store, checks and decrypts it, and compares it with the file on disk as it
 * streams. Writes nothing anywhere, and touches no access time that it can help.
 */
export async function verify(
  repository: Repository,
  snapshot: Pick<StoredSnapshot, 'tree'>,
  options: VerifyOptions = {},
): Promise<VerifySummary> {
  await using pool = new ReaderPool(repository.masterKey);
  const index = await repository.loadIndex(options.signal ? { signal: options.signal } : {});
  const verifier = new Verifier(options);
  const files = verifier.prepare(repository, snapshot.tree);
  await readContent(repository, files, { pool, index, sink: verifier, signal: options.signal });
  return verifier.summary();
}

/** How a snapshot is compared with what is on disk. */
interface VerifyOptions {
  /** Compare only what is new since this earlier snapshot. */
  readonly parent?: Pick<StoredSnapshot, 'tree'>;
  /** Where the snapshot was restored to; the original places otherwise. There, no file counts as changed since. */
  readonly restoredTo?: string;
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Patterns as restic's `--exclude`. */
  readonly exclude?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly files: number; readonly bytes: number }) => void;
  /** What is the matter with something in `different`, or with a directory that cannot be read. */
  readonly onProblem?: (problem: { readonly path: string; readonly message: string }) => void;
}

/** What a comparison found. */
export interface VerifySummary {
  /** Files read back and compared. */
  readonly files: number;
  /** Files whose size, mtime or ctime are no longer those that were saved: read back, but not compared. */
  readonly changed: number;
  /** Bytes of content read back. */
  readonly bytes: number;
  /** Whether everything could be read back, and every file that was compared is equal. */
  readonly equal: boolean;
  /** Paths, as `pathText` shows them, of what is not equal or cannot be read back. */
  readonly different: readonly string[];
}

/** A file whose content is on the way. */
interface FileInWork {
  readonly path: Bytes;
  readonly node: TreeNode;
  readonly isCompared: boolean;
}

/** How a file on disk looks beside its node. */
type Look = 'as saved' | 'changed' | 'different';

/** Looks at the files on disk, and counts what the pipeline that it is a sink of finds. */
class Verifier implements ContentSink {
  readonly purpose = 'compare';
  readonly #options: VerifyOptions;
  readonly #inWork = new Map<WantedFile, FileInWork>();
  readonly #different = new Set<string>();
  #files = 0;
  #changed = 0;
  #bytes = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  /** Looks at every file on disk, and gives those that have content. */
  async *prepare(repository: Repository, tree: BlobId): AsyncGenerator<WantedFile, void, undefined> {
    const { include, exclude, signal, parent } = this.#options;
    const onProblem = (path: Bytes, message: string): void => this.#report(path, message);
    const selection = { include, exclude, signal, since: parent?.tree, onProblem };
    for await (const directory of walkSnapshot(repository, tree, selection)) {
      for (const node of directory.nodes) {
        const file = this.#take(joinPath(directory.path, node.name), node);
        if (file !== undefined) yield file;
      }
    }
  }

  begin({ path }: WantedFile): Bytes {
    return path;
  }

  abandon(): void {
    // Nothing was made.
  }

  done(file: WantedFile): void {
    if (this.#inWork.get(file)?.isCompared === true) this.#files++;
    this.#inWork.delete(file);
  }

  failed(file: WantedFile, { kind, message }: FileProblem): void {
    const found = this.#inWork.get(file);
    this.#inWork.delete(file);
    if (found === undefined) return;
    // Written to while it was being compared: that is no fault of the copy's.
    const isChanged = kind !== 'damaged' && this.#look(found.path, found.node) === 'changed';
    if (isChanged) this.#changed++;
    else {
      if (found.isCompared) this.#files++;
      this.#report(found.path, message);
    }
  }

  progress(bytes: number): void {
    this.#bytes += bytes;
    this.#options.onProgress?.({ files: this.#files, bytes: this.#bytes });
  }

  summary(): VerifySummary {
    const different = [...this.#different].sort();
    return {
      files: this.#files,
      changed: this.#changed,
      bytes: this.#bytes,
      equal: different.length === 0,
      different,
    };
  }

  /** Counts a file; it is given back when there is content to be read. */
  #take(path: Bytes, node: TreeNode): WantedFile | undefined {
    if (node.content === undefined) return undefined;
    const look = this.#look(path, node);
    if (look === 'changed') this.#changed++;
    if (look === 'different') this.#report(path, 'it is not a file of the size that was saved');
    const isCompared = look === 'as saved';
    if (node.content.length === 0 || look === 'different') {
      if (look !== 'changed') this.#files++;
      return undefined;
    }
    // What has changed is read back all the same: whether the copy is whole does not depend on it.
    const file = { path: isCompared ? this.#placeOf(path) : noPlace, content: node.content, size: node.size };
    this.#inWork.set(file, { path, node, isCompared });
    return file;
  }

  #look(path: Bytes, node: TreeNode): Look {
    const mayChange = this.#options.restoredTo === undefined;
    const stat = lstatIfThere(this.#placeOf(path));
    const isSameSize = stat?.kind === 'file' && stat.size === node.size;
    if (!mayChange) return isSameSize ? 'as saved' : 'different';
    const isSame = isSameSize && stat.mtimeNs === node.mtimeNs && stat.ctimeNs === node.ctimeNs;
    return isSame ? 'as saved' : 'changed';
  }

  #placeOf(path: Bytes): Bytes {
    const { restoredTo } = this.#options;
    return restoredTo === undefined ? path : joinPath(Buffer.from(restoredTo), path.subarray(1));
  }

  #report(path: Bytes, message: string): void {
    const shown = pathText(path);
    this.#different.add(shown);
    this.#options.onProblem?.({ path: shown, message });
  }
}

const noPlace: Bytes = Buffer.alloc(0);

function lstatIfThere(path: Bytes): FileStat | undefined {
  try {
    return lstat(path);
  } catch (error) {
    // It may also have become unreachable; in any case it is not there to be compared.
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
