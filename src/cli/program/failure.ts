import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type ErrorCode,
  type ErrorKind,
  errorRow,
  HoldfastError,
  systemErrorCode,
  systemErrorHint,
} from '../../base/index.ts';

/** A failure as it is said, and as `--json` shows it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** The next step. */
  readonly hint: string;
}

/** What `error` says; undefined for what nobody expected. `help` shows the words of the command that failed. */
export function describeFailure(error: unknown, help?: string): Failure | undefined {
  if (error instanceof HoldfastError) {
    const usual = error.code === 'usage' && help !== undefined ? help : errorRow(error.code).next;
    const { code, message, hint = usual } = error;
    return { code, message, hint: namingDocuments(hint) };
  }
  const code = systemErrorCode(error);
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return {
      code: 'storage_full' satisfies ErrorCode,
      message: `no space left: ${error.message}`,
      hint: 'make room on that disk, and run it again',
    };
  return { code, message: error.message, hint: systemErrorHint };
}

/** `docs/reference/settings.md` by the path at which it lies on this machine, in a checkout as in the package. */
function namingDocuments(hint: string): string {
  return hint.replace(
    /\bdocs\/(?=guide\/|reference\/)/,
    `${join(dirname(findPackageJSON(import.meta.url) ?? ''), 'docs')}/`,
  );
}

/** What ended the work in truth: Ctrl-C or SIGTERM makes all kinds of things fail that nobody expected to. */
export function whatEnded(error: unknown, { aborted }: AbortSignal): unknown {
  if (!aborted || error instanceof HoldfastError) return error;
  return new HoldfastError('interrupted', 'interrupted; nothing half-done was left behind');
}

/** What a process ends with; the list stands in `docs/reference/commands.md`. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  someFilesUnread: 3,
  repositoryMissing: 10,
  repositoryLocked: 11,
  wrongKey: 12,
  connection: 20,
  certificate: 21,
  name: 22,
  refused: 23,
  interrupted: 130,
} as const satisfies Record<ErrorKind | 'done' | 'someFilesUnread', number>;

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  return exitCode[error instanceof HoldfastError ? (errorRow(error.code).kind ?? 'failed') : 'failed'];
}
