import { closeSync, unlinkSync } from 'node:fs';
import type { Bytes } from '../../base/index.ts';
import { applyAttributes } from './attributes.ts';
import type { FileFailure, RunFile } from './content-run.ts';
import { systemProblem } from './file-problem.ts';
import type { PieceSink } from './piece-sink.ts';
import { type MakeOptions, makeFile, reopenFile, writePiece } from './write-file.ts';

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
