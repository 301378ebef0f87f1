import { readFileSync } from 'node:fs';

/** How long a machine has been up, by a count that setting its clock does not change. */
export interface SinceBoot {
  /** Which boot: another one after each start of the machine. */
  readonly boot: string;
  /** Milliseconds since then, those asleep included. */
  readonly uptimeMs: number;
}

/** How long this machine has been up, as Linux says it (proc(5)); undefined on a system that does not. */
export function sinceBoot(): SinceBoot | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const seconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return Number.isFinite(seconds) ? { boot, uptimeMs: Math.round(seconds * 1000) } : undefined;
  } catch {
    return undefined;
  }
}
