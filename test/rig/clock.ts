import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
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
  return {
    LD_PRELOAD: preload(),
    FAKETIME: offset,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}

/** A clock on the wall that several programs have in common, and that is moved while they run; their timers are not. */
export class SharedClock {
  /** What to add to the environment of each. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;
  #aheadMs = 0;

  /** @param file where it is kept how far the clock is ahead */
  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, '+0');
    this.env = {
      LD_PRELOAD: preload(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** What it says now. */
  get nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Moves it, for all programs at the same moment. */
  advance(ms: number): void {
    this.#aheadMs += ms;
    writeFileSync(`${this.#file}.next`, `+${Math.round(this.#aheadMs / 1000)}`);
    renameSync(`${this.#file}.next`, this.#file);
  }
}

/**
 * The library of faketime, as its wrapper says. The wrapper names what it shares by its process id and fails where one of
 * the same id left such a thing behind; the next has another id.
 */
function preload(attempts = 10): string {
  const words = ['-f', '+0', 'printenv', 'LD_PRELOAD'];
  const { status, stdout, stderr } = spawnSync('faketime', words, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  if (attempts > 1 && stderr.includes('File exists')) return preload(attempts - 1);
  throw new Error(`faketime does not run: ${stderr}`);
}

/** Says to the authority of `home` that the clock is right which `env` gives it, as its administrator would. */
export async function acceptClock(home: string, env: Readonly<Record<string, string>>): Promise<void> {
  const words = ['ca', 'clock', 'accept', '--reason', 'the test moved it', '--home', home];
  await runProgram(launcher, words, { env });
}
