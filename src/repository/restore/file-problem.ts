import { systemErrorCode } from '../../base/index.ts';

/**
 * What is wrong with a file:
 * - `damaged`: a blob of it cannot be opened;
 * - `different`: what is on disk is something else;
 * - `attributes`: its content is right, but owner, mode, times or xattrs are not;
 * - `full`: nothing more can be written to this disk;
 * - `system`: any other error of the system.
 */
export interface FileProblem {
  readonly kind: 'damaged' | 'different' | 'attributes' | 'full' | 'system';
  readonly message: string;
}

/** Codes of the system after which no other file can be written either. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** What the system's error, or an expected failure, says of a file; anything else is a bug and thrown on. */
export function systemProblem(error: unknown): FileProblem {
  if (!(error instanceof Error)) throw error;
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return { kind: fullCodes.has(code) ? 'full' : 'system', message: error.message };
}
