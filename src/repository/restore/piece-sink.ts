import { closeSync, constants, openSync, readSync, unlinkSync } from 'node:fs';
import { asBuffer, type Bytes, readNoFollow, systemErrorCode } from '../../base/index.ts';
import type { FileFailure, RunFile } from './content-run.ts';
import {
  applyAttributes,
  type MakeOptions,
  makeFile,
  reopenFile,
  systemProblem,
  writePiece,
} from './write-file.ts';

/** Takes the pieces of one run, in the order in which their blobs lie in the pack. Never throws. */
export interface PieceSink {
  /** A piece of file `index`; its bytes hold until the next call. */
  take(index: number, offset: number, plaintext: Bytes): void;
  /** A piece of file `index` cannot be had. */
  lose(index: number): void;
  /** What went wrong, once every piece was taken or lost. */
  end(): readonly FileFailure[];
}

interface FileState {
  readonly file: RunFile;
  readonly path: Buffer;
  /** Pieces still to come. */
  left: number;
  /** Made here, by this run. */
  made: boolean;
  failed: boolean;
}

/**
 * Writes the pieces of one run. A file that is whole in the run is made, filled and given its attributes here, and is gone
 * again when anything fails; of others, which exist already, only the pieces are written.
 */
export class RunWriter implements PieceSink {
  readonly #states: readonly FileState[];
  readonly #options: MakeOptions;
  readonly #failures: FileFailure[] = [];

  constructor(files: readonly RunFile[], options: MakeOptions) {
    this.#options = options;
    this.#states = files.map((file) => ({
      file,
      path: Buffer.from(file.path, 'latin1'),
      left: file.pieces,
      made: false,
      failed: false,
    }));
  }

  take(index: number, offset: number, plaintext: Bytes): void {
    const state = this.#states[index];
    if (state === undefined || state.failed) return;
    try {
      const handle = this.#open(state);
      try {
        writePiece(handle, offset, plaintext);
        if (--state.left === 0) this.#finish(index, state, handle);
      } finally {
        closeSync(handle);
      }
    } catch (error) {
      this.#failures.push({ file: index, ...systemProblem(error) });
      this.#discard(index, state);
    }
  }

  lose(index: number): void {
    const state = this.#states[index];
    if (state !== undefined) this.#discard(index, state);
  }

  end(): readonly FileFailure[] {
    return this.#failures;
  }

  #open(state: FileState): number {
    const { file, path } = state;
    if (file.whole === undefined || state.made) return reopenFile(path);
    const handle = makeFile(path, file.size, this.#options);
    state.made = true;
    return handle;
  }

  #finish(index: number, { file, path }: FileState, handle: number): void {
    if (file.whole === undefined) return;
    const problems = applyAttributes(path, file.whole, handle);
    if (problems.length === 0) return;
    this.#failures.push({ file: index, kind: 'attributes', message: problems.join('; ') });
  }

  #discard(index: number, state: FileState): void {
    state.failed = true;
    if (!state.made) return;
    state.made = false;
    try {
      unlinkSync(state.path);
    } catch (error) {
      const { message } = systemProblem(error);
      this.#failures.push({ file: index, kind: 'system', message: `is left incomplete: ${message}` });
    }
  }
}

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

/** Opens a file for reading without touching its access time, where only its owner may ask for that. Throws the system's error. */
export function openQuietly(path: Bytes): number {
  try {
    return openSync(asBuffer(path), readNoFollow | noAccessTime);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') throw error;
    return openSync(asBuffer(path), readNoFollow);
  }
}
