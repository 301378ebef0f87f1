import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Context } from './context.ts';

/** What a command came to that ran in a process of its own. */
export interface SelfResult {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  /** Its code and exit code, or the signal, in a few words. */
  readonly came: string;
}

const maxErrorBytes = 16 * 1024;

/**
 * Runs a command of this program in a process of its own, on the same home, and waits for its end; it is told to end when the signal of the
 * context says so. What it prints is passed over, but for the error that it ends with.
 */
export async function runSelf(context: Context, words: readonly string[]): Promise<SelfResult> {
  const { home, keystorePassphraseFile, signal, environment } = context;
  const [program = ''] = process.argv.slice(1);
  const own = ['--home', home, '--json'];
  if (keystorePassphraseFile !== undefined) own.push('--keystore-password-file', keystorePassphraseFile);
  const child = spawn(process.execPath, [...process.execArgv, program, ...words, ...own], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
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
  return { code: exitCode, came: [how, ...errorIn(said)].join(', ') };
}

/** The code and message of the error that a command says with `--json`, the last line of it. */
function errorIn(said: string): string[] {
  const line = said.split('\n').findLast((each) => each.startsWith('{"error":'));
  if (line === undefined) return [];
  try {
    const { error } = JSON.parse(line) as { error: { code: string; message: string } };
    return [`${error.message} [${error.code}]`];
  } catch {
    return [];
  }
}
