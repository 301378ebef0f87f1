import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** By which a run of tests says to its files that it is there (`test/run.ts`). */
export const runMark = 'HOLDFAST_TEST_RUN';

const everyMs = 1000;

/** By its whole path: what is started may have a PATH of its own. */
const setpriv = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'setpriv'))
  .find(isProgram);

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A command line for a program that ends with this process, however that ends, be it by a signal that nobody handles: the kernel
 * sends it `signal` then (prctl(2), PR_SET_PDEATHSIG, by `setpriv` of util-linux, which becomes the program). Systems without
 * that have it as it is.
 */
export function endingWithUs(
  program: string,
  words: readonly string[],
  signal: 'KILL' | 'QUIT' = 'KILL',
): [program: string, words: string[]] {
  if (setpriv === undefined) return [program, [...words]];
  return [setpriv, ['--pdeathsig', signal, '--', program, ...words]];
}

// A test file goes on when the run that started it is gone: nobody would read what it finds.
if (process.env[runMark] === String(process.ppid))
  setInterval(() => {
    if (process.env[runMark] !== String(process.ppid)) process.exit(1);
  }, everyMs).unref();
