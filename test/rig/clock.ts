import { execFileSync } from 'node:child_process';
import { launcher, runProgram } from './holdfast-process.ts';

/** {@link clockMoved} by whole days into the future. */
export function daysLater(days: number): Record<string, string> {
  return clockMoved(`+${days}d`);
}

/**
 * What to add to a program's environment so that its clock says `offset` more than it is (`+2d`, `-6m`), with Debian's
 * faketime. Only the clock on the wall is moved: timers, and the times of files, stay as they are.
 */
export function clockMoved(offset: string): Record<string, string> {
  const preload = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
  return {
    LD_PRELOAD: preload.trim(),
    FAKETIME: offset,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}

/** Says to the authority of `home` that the clock is right which `env` gives it, as its administrator would. */
export async function acceptClock(home: string, env: Readonly<Record<string, string>>): Promise<void> {
  const words = ['ca', 'clock', 'accept', '--reason', 'the test moved it', '--home', home];
  await runProgram(launcher, words, { env });
}
