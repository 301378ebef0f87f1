import { type ErrorCode, HoldfastError, isSystemError } from '../../base/index.ts';
import type { Command } from '../database.ts';

/** What a database's worker is told; the answer carries the same `id`. */
export interface WorkerRequest {
  readonly id: number;
  readonly command: Command | 'close';
}

/** What the worker answers. Id 0 answers the opening itself. */
export interface WorkerAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WorkerError;
}

/** An error as plain data: a structured clone keeps neither its class nor its code. */
export interface WorkerError {
  readonly code: ErrorCode | undefined;
  /** What the system refused, as `node:fs` says it. */
  readonly system?: Pick<NodeJS.ErrnoException, 'code' | 'errno'>;
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause: unknown;
}

/** Takes an error apart for the way between threads. */
export function flattenError(error: unknown): WorkerError {
  if (error instanceof HoldfastError) {
    return { code: error.code, message: error.message, hint: error.hint, cause: error.cause };
  }
  return {
    code: undefined,
    message: error instanceof Error ? error.message : String(error),
    hint: undefined,
    cause: error,
    ...(isSystemError(error) && { system: { code: error.code, errno: error.errno } }),
  };
}

/** Puts together again what {@link flattenError} took apart. */
export function restoreError({ code, message, hint, cause, system }: WorkerError): Error {
  if (code === undefined) return Object.assign(new Error(message, { cause }), system);
  return new HoldfastError(code, message, { hint, cause });
}

/** Which database, and where the copy goes. */
export interface SnapshotOrder {
  readonly path: string;
  /** A file that is not there yet; made for its owner alone. */
  readonly target: string;
}
