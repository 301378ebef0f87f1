import type { BlobId } from '../format/blob.ts';
import type { ArchiveProgress } from './archive-options.ts';

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
