import { type Bytes, systemErrorCode } from '../../base/index.ts';
import type { FileFailure, FileProblem } from './content-run.ts';

/** Takes the pieces of one run, in the order in which their blobs lie in the pack. Never throws. */
export interface PieceSink {
  /** A piece of file `index`; its bytes hold until the next call. */
  take(index: number, offset: number, plaintext: Bytes): void;
  /** A piece of file `index` cannot be had. */
  lose(index: number): void;
  /** What went wrong, once every piece was taken or lost. */
  end(): readonly FileFailure[];
}

/** Codes of the system after which no other file can be written either. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** What the system's error, or an expected failure, says of a file; anything else is a bug and thrown on. */
export function systemProblem(error: unknown): FileProblem {
  if (!(error instanceof Error)) throw error;
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return { kind: fullCodes.has(code) ? 'full' : 'system', message: error.message };
}
