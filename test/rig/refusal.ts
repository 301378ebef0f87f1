import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { ErrorCode } from '../../src/base/index.ts';
import { type ProgramOptions, type ProgramResult, runHoldfast } from './holdfast-process.ts';

/** How a command has to fail. */
export interface Refusal extends ProgramOptions {
  readonly code: ErrorCode;
  readonly exit: number;
  /** What the message says, besides its code. */
  readonly message?: RegExp;
  /** What the next step says. */
  readonly hint?: RegExp;
  /** The folder in which nothing may change, whether it is there or not. */
  readonly untouched: string;
}

/**
 * Asserts that `holdfast` with these words is refused: with this code and exit code, a message and a next step, nothing
 * on standard output, and no file made, changed or removed.
 */
export async function assertRefused(words: readonly string[], refusal: Refusal): Promise<void> {
  const before = filesIn(refusal.untouched);
  const result = await runHoldfast([...words, '--json'], refusal);
  const said = `holdfast ${words.join(' ')}\n${result.stderr}`;
  const { code, message, hint } = errorIn(result);
  equal(code, refusal.code, said);
  equal(result.code, refusal.exit, said);
  ok(refusal.message?.test(message) ?? true, said);
  ok(refusal.hint?.test(hint) ?? hint !== '', `no next step: ${said}`);
  equal(result.stdout, '', said);
  const after = filesIn(refusal.untouched);
  const made = [...after].filter((file) => !before.has(file));
  const gone = [...before].filter((file) => !after.has(file));
  deepEqual({ made, gone }, { made: [], gone: [] }, said);
}

/** The failure that a command with `--json` ended with. */
export function errorIn({ stderr }: Pick<ProgramResult, 'stderr'>): {
  code: string;
  message: string;
  hint: string;
} {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  try {
    return (JSON.parse(line) as { error: { code: string; message: string; hint: string } }).error;
  } catch {
    throw new Error(`no error as JSON:\n${stderr}`);
  }
}

/**
 * Every file below a folder with mode, size and time, but for databases, in which already a look leaves traces, for the
 * checkpoint that a server keeps, once a minute, of what was recorded by then, the record of backups that were tried and of connections, and the socket of a server that has just begun.
 */
function filesIn(directory: string): ReadonlySet<string> {
  const format = '"%P %M %s %T@ %l\\n"';
  const script = `test ! -e "$1" || find "$1" -type d -printf "%P %M\\n" -o ! -name "*.db*" ! -name "*checkpoint.json*" ! -name backups.json ! -name connection.json ! -name revocation.json ! -name admin.sock -printf ${format}`;
  return new Set(execFileSync('/bin/sh', ['-c', script, 'sh', directory], { encoding: 'utf8' }).split('\n'));
}
