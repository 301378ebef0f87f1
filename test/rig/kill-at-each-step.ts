import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { launcher, RunningProgram } from './holdfast-process.ts';

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
  for (const step of steps) {
    for (let nth = 1; nth <= mostOfOne && (await runUntil(kill, { step, nth })); nth++) {
      kills++;
      await kill.check(`${step} ${nth}`);
    }
  }
  return kills;
}

/** Whether the command was killed before it had ended. */
async function runUntil(
  { from, directory, words }: StepKill,
  { step, nth }: { readonly step: string; readonly nth: number },
): Promise<boolean> {
  rmSync(directory, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, directory]);
  const inject = ['-e', `trace=${step}`, '-e', `inject=${step}:signal=SIGKILL:when=${nth}`];
  // Not --seccomp-bpf: with it only the first call is counted.
  const strace = ['-qq', '-f', '-o', '/dev/null', ...inject];
  // Steps are counted for each thread: with one that works they come in the same order each time.
  const env = { UV_THREADPOOL_SIZE: '1', NODE_DISABLE_COMPILE_CACHE: '1' };
  const options = { program: 'strace', cwd: directory, env };
  await using program = new RunningProgram([...strace, launcher, ...words], options);
  const { code, signal, stderr } = await program.ended;
  if (signal === 'SIGKILL') return true;
  if (code === 0) return false;
  throw new Error(`${words.join(' ')} failed by itself before ${step} ${nth}:\n${stderr}`);
}
