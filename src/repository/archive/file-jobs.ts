import { asBuffer } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { FileFailure, SealedBatch } from './messages.ts';

/** What became of a file's content. */
export type FileOutcome =
  | { readonly kind: 'read'; readonly content: readonly BlobId[]; readonly size: number }
  | { readonly kind: 'failed'; readonly error: Error };

interface Job {
  readonly content: BlobId[];
  readonly onDone: (outcome: FileOutcome) => void;
  received: number;
  /** Known once the file was read to its end. */
  end: { readonly blobs: number; readonly size: number } | undefined;
}

const idBytes = 32;

/** Puts the blobs of each file together, in whatever order the sealers give them. */
export class FileJobs {
  readonly #jobs = new Map<number, Job>();
  #next = 0;

  /** How many files are on their way. */
  get size(): number {
    return this.#jobs.size;
  }

  /** A number for a new file. */
  begin(onDone: (outcome: FileOutcome) => void): number {
    const file = this.#next++;
    this.#jobs.set(file, { content: [], onDone, received: 0, end: undefined });
    return file;
  }

  /** Takes what a sealer says. */
  update({ blobs, ids, results }: SealedBatch): void {
    const hex = asBuffer(ids);
    for (let n = 0; 4 * n < blobs.length; n++) {
      const id = hex.toString('hex', n * idBytes, (n + 1) * idBytes) as BlobId;
      this.#addBlob(blobs[4 * n] ?? 0, blobs[4 * n + 1] ?? 0, id);
    }
    for (let n = 0; n < results.ends.length; n += 3) {
      this.#addEnd(results.ends[n] ?? 0, results.ends[n + 1] ?? 0, results.ends[n + 2] ?? 0);
    }
    for (const failure of results.failures) this.#fail(failure);
  }

  #addBlob(file: number, index: number, id: BlobId): void {
    const job = this.#jobs.get(file);
    // A file that failed half-way may still have blobs on their way.
    if (!job) return;
    job.content[index] = id;
    job.received++;
    this.#finish(file, job);
  }

  #addEnd(file: number, blobs: number, size: number): void {
    const job = this.#jobs.get(file);
    if (!job) return;
    job.end = { blobs, size };
    this.#finish(file, job);
  }

  #finish(file: number, { content, onDone, received, end }: Job): void {
    if (end === undefined || received < end.blobs) return;
    this.#jobs.delete(file);
    onDone({ kind: 'read', content, size: end.size });
  }

  #fail({ file, code, message }: FileFailure): void {
    const job = this.#jobs.get(file);
    this.#jobs.delete(file);
    job?.onDone({ kind: 'failed', error: Object.assign(new Error(message), { code }) });
  }
}
