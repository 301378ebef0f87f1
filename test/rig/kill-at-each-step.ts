import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { killAtStep } from './disk-steps.ts';

/** What makes, replaces or removes a file, or has it reach the disk: what lies between two of them is no step. */
const steps = ['link', 'rename', 'unlink', 'fsync'] as const;
const mostOfOne = 40;

/** A command that is killed at each of its steps, and what has to be true after each time. */
export interface StepKill {
  /** A folder as the command finds it; not changed. */
  readonly from: string;
  /** The folder in which it runs, a copy each time. */
  readonly directory: string;
  readonly words: readonly string[];
  /** Looks at the folder after a kill; `step` is for messages. */
  readonly check: (step: string) => Promise<void>;
}

/**
 * Runs a command again and again and kills it (SIGKILL, by strace) as it is about to take its first, second, … step of
 * each kind, until it has none left. Gives the number of kills.
 */
export async function killAtEachStep(kill: StepKill): Promise<number> {
  let kills = 0;
  for (const call of steps) {
    for (let nth = 1; nth <= mostOfOne && (await killAt(kill, call, nth)); nth++) {
      kills++;
      await kill.check(`${call} ${nth}`);
    }
  }
  return kills;
}

/** Whether the command was killed before it had ended. */
async function killAt({ from, directory, words }: StepKill, call: string, nth: number): Promise<boolean> {
  rmSync(directory, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, directory]);
  return await killAtStep({ call, nth, isMain: false }, { words, cwd: directory });
}
