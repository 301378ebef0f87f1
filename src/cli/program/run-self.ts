import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import type { Context } from './context.ts';

const SaidError = Type.Object({ error: Type.Object({ code: Type.String(), message: Type.String() }) });

/** What a command came to that ran in a process of its own. */
export interface SelfResult {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  /** Its code and exit code, or the signal, in a few words. */
  readonly came: string;
  /** The value that it printed, where that was not too long. */
  readonly value: unknown;
  /** The error that it ended with, where it did. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

const maxErrorBytes = 16 * 1024;
const maxValueBytes = 256 * 1024;

/**
 * Runs a command of this program in a process of its own, on the same home, and waits for its end; it is told to end when the signal of the
 * context says so. Of what it prints the value is kept, and the error that it ends with.
 */
export async function runSelf(context: Context, words: readonly string[]): Promise<SelfResult> {
  const { home, keystorePassphraseFile, signal, environment } = context;
  const [program = ''] = process.argv.slice(1);
  const own = ['--home', home, '--json'];
  if (keystorePassphraseFile !== undefined) own.push('--keystore-password-file', keystorePassphraseFile);
  const child = spawn(process.execPath, [...process.execArgv, program, ...words, ...own], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(0, maxValueBytes);
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxErrorBytes);
  });
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) end();
    await once(child, 'close');
  } finally {
    signal.removeEventListener('abort', end);
  }
  const { exitCode, signalCode } = child;
  const how = signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`;
  const error = errorIn(said);
  const why = error === undefined ? [] : [`${error.message} [${error.code}]`];
  return { code: exitCode, came: [how, ...why].join(', '), value: valueOf(printed), error };
}

/** The code and message of the error that a command says with `--json`, the last line of it. */
function errorIn(said: string): SelfResult['error'] {
  const line = said.split('\n').findLast((each) => each.startsWith('{"error":'));
  const value = line === undefined ? undefined : valueOf(line);
  return Check(SaidError, value) ? value.error : undefined;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
