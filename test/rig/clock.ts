import { execFileSync } from 'node:child_process';

/**
 * What to add to a program's environment so that it believes to run `days` later than it does, with Debian's faketime.
 * Only the clock on the wall is moved: timers, and the times of files, stay as they are.
 */
export function daysLater(days: number): Record<string, string> {
  const preload = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
  return {
    LD_PRELOAD: preload.trim(),
    FAKETIME: `+${days}d`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}
