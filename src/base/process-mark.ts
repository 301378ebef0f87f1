import { readFileSync } from 'node:fs';

/**
 * What tells the process `pid` of this boot from every other one, also from one that gets its number later: its number,
 * and when it began (proc(5)). Undefined when there is none, or on a system that does not say.
 */
export function processMark(pid: number = process.pid): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold anything; the 22nd field counts from before it.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${pid} ${startTime} ${boot}`;
  } catch {
    return undefined;
  }
}

/** Whether the process that `mark` is of runs. */
export function isRunning(mark: string): boolean {
  return processMark(Number.parseInt(mark, 10)) === mark;
}
