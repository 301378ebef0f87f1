import { spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../base/index.ts';
import { makeNode } from '../../files/index.ts';

/** A command that runs, and what it writes. */
export interface CommandOutput extends AsyncDisposable {
  /** Its standard output, open for reading. */
  readonly handle: number;
  /** Resolves when it has ended with 0. @throws HoldfastError `command_failed`, into the promise */
  readonly written: Promise<void>;
}

/** Starts a command whose output is to be read as it comes. It is ended with the signal, and when this is disposed of. */
export function startCommand(words: readonly string[], signal: AbortSignal): CommandOutput {
  const [file = '', ...rest] = words;
  const { reader, writer } = openPipe();
  const child = spawn(file, rest, { stdio: ['ignore', writer, 'inherit'], signal });
  closeSync(writer);
  const { promise: written, resolve, reject } = Promise.withResolvers<void>();
  child.on('error', (cause) => reject(failed(file, `cannot be run: ${cause.message}`, cause)));
  child.on('exit', (code, by) => {
    if (code === 0) resolve();
    else reject(failed(file, by === null ? `ended with ${code}` : `was ended by ${by}`));
  });
  // Who waits for it is told; where nobody comes to that, the failure of before is.
  written.catch(() => {});
  return {
    handle: reader,
    written,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      closeSync(reader);
      await written.catch(() => {});
    },
  };
}

function failed(file: string, how: string, cause?: unknown): HoldfastError {
  return new HoldfastError('command_failed', `${file} ${how}, and no snapshot was made`, {
    hint: `run ${file} alone with the same words, and correct what it says`,
    cause,
  });
}

/** Both ends of a pipe that waits, by way of a name that is gone again: Node opens none without a child. */
function openPipe(): { reader: number; writer: number } {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-pipe-'));
  try {
    const path = join(directory, 'pipe');
    makeNode(Buffer.from(path), 'fifo', 0n);
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    const reader = openSync(path, constants.O_RDONLY);
    closeSync(first);
    return { reader, writer };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
