import type { Bytes } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { ArchiveProgress, BareReason } from './archive-options.ts';

/** Counts what a backup comes across. */
export class ArchiveCounts {
  filesNew = 0;
  filesChanged = 0;
  filesUnmodified = 0;
  dirsNew = 0;
  dirsChanged = 0;
  dirsUnmodified = 0;
  unreadable = 0;
  /** What the patterns left out. */
  excluded = 0;
  /** Of what was named, what is never saved. */
  forbidden = 0;
  /** Links, devices and the like. */
  others = 0;
  bytesProcessed = 0;
  #totalFiles = 0;
  #totalBytes = 0;
  #bytesSeen = 0;

  get files(): number {
    return this.filesNew + this.filesChanged + this.filesUnmodified;
  }

  /** Everything but directories, done or not. */
  get found(): number {
    return this.#totalFiles + this.others;
  }

  get progress(): ArchiveProgress {
    return {
      files: this.files,
      bytes: this.#bytesSeen,
      totalFiles: this.#totalFiles,
      totalBytes: this.#totalBytes,
    };
  }

  /** A file was found. */
  findFile(size: number): void {
    this.#totalFiles++;
    this.#totalBytes += size;
  }

  /** A part of a file was read, perhaps not its last. */
  addContent(bytes: number): void {
    this.#bytesSeen += bytes;
  }

  /** A file is done. */
  addFile(kind: 'new' | 'changed' | 'unmodified', size: number): void {
    if (kind === 'new') this.filesNew++;
    else if (kind === 'changed') this.filesChanged++;
    else {
      this.filesUnmodified++;
      this.#bytesSeen += size;
    }
    this.bytesProcessed += size;
  }

  /** A directory is done; `previous` is its tree in the parent snapshot. */
  addDirectory(previous: BlobId | undefined, tree: BlobId): void {
    if (previous === undefined) this.dirsNew++;
    else if (previous === tree) this.dirsUnmodified++;
    else this.dirsChanged++;
  }
}

/** Tells which of the paths that were named bring no file. None lies in another. */
export class BarePaths {
  readonly #counts: ArchiveCounts;
  readonly #tell: ((path: string, why: BareReason) => void) | undefined;
  #before = { found: 0, excluded: 0, unreadable: 0 };

  constructor(counts: ArchiveCounts, tell: ((path: string, why: BareReason) => void) | undefined) {
    this.#counts = counts;
    this.#tell = tell;
  }

  /** A directory that was named begins. */
  enter(): void {
    const { found, excluded, unreadable } = this.#counts;
    this.#before = { found, excluded, unreadable };
  }

  /** It ends. What could not be read is told already. */
  leave(path: Bytes): void {
    const { found, excluded, unreadable } = this.#counts;
    if (found > this.#before.found || unreadable > this.#before.unreadable) return;
    this.skip(path, excluded > this.#before.excluded ? 'emptied' : 'empty');
  }

  /** All of it is left out. */
  skip(path: Bytes, why: BareReason): void {
    this.#tell?.(pathText(path), why);
  }
}
