import { type ErrorKind, errorRow, HoldfastError } from '../../base/index.ts';

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
