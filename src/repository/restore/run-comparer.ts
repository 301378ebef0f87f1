import { closeSync, constants, openSync, readSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../../base/index.ts';
import type { FileFailure, RunFile } from './content-run.ts';
import { systemProblem } from './file-problem.ts';
import type { PieceSink } from './piece-sink.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** Linux alone has it; others are read the ordinary way. */
const noAccessTime = (constants as { O_NOATIME?: number }).O_NOATIME ?? 0;

/** Compares the pieces of one run with the files on disk, and changes nothing, access times included where possible. */
export class RunComparer implements PieceSink {
  readonly #files: readonly RunFile[];
  readonly #failed = new Set<number>();
  readonly #failures: FileFailure[] = [];
  #scratch = Buffer.alloc(0);

  constructor(files: readonly RunFile[]) {
    this.#files = files;
  }

  take(index: number, offset: number, plaintext: Bytes): void {
    const file = this.#files[index];
    if (file === undefined || file.path === '' || this.#failed.has(index)) return;
    try {
      if (!this.#isEqual(Buffer.from(file.path, 'latin1'), offset, plaintext)) {
        const message = `differs in the ${plaintext.length} bytes from ${offset} on`;
        this.#fail({ file: index, kind: 'different', message });
      }
    } catch (error) {
      this.#fail({ file: index, ...systemProblem(error) });
    }
  }

  lose(index: number): void {
    this.#failed.add(index);
  }

  end(): readonly FileFailure[] {
    return this.#failures;
  }

  #isEqual(path: Bytes, offset: number, plaintext: Bytes): boolean {
    if (this.#scratch.length < plaintext.length) this.#scratch = Buffer.allocUnsafeSlow(plaintext.length);
    const handle = openQuietly(path);
    try {
      let filled = 0;
      while (filled < plaintext.length) {
        const read = readSync(handle, this.#scratch, filled, plaintext.length - filled, offset + filled);
        if (read === 0) return false;
        filled += read;
      }
    } finally {
      closeSync(handle);
    }
    return this.#scratch.compare(plaintext, 0, plaintext.length, 0, plaintext.length) === 0;
  }

  #fail(failure: FileFailure): void {
    this.#failed.add(failure.file);
    this.#failures.push(failure);
  }
}

/** Only the owner may leave the access time alone. */
function openQuietly(path: Bytes): number {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  try {
    return openSync(asBuffer(path), flags | noAccessTime);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') throw error;
    return openSync(asBuffer(path), flags);
  }
}
