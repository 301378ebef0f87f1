import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hourMs } from './clock.ts';
import { processMark } from './process-mark.ts';

/** `RANDOM-PID-START-WHERE`: who makes it, since when that process runs, and where numbers of processes are given. */
const marked = /-(\d+)-(\d+)-([0-9a-f]{8})$/;

/** What the processes that this one can know have in common; undefined on a system that does not say. */
interface Whereabouts {
  readonly boot: string;
  /** Of the boot and the namespace of process ids (pid_namespaces(7)), in eight digits. */
  readonly digest: string;
}

let known: { readonly mark: string | undefined; readonly here: Whereabouts | undefined } | undefined;

/**
 * A name for a file that is not whole yet, never the same again: whoever finds it later can tell whether the process that
 * makes it still does.
 */
export function temporaryName(): string {
  const random = randomBytes(8).toString('hex');
  const { mark, here } = ourselves();
  const [pid, start] = mark?.split(' ') ?? [];
  return here === undefined ? random : `${random}-${pid}-${start}-${here.digest}`;
}

/**
 * Whether nobody makes any more what has this name, and was written to last at `mtimeMs`: its process has ended. Where that
 * cannot be known (another machine or container, an earlier boot, an older version) nobody has for an hour; by a clock
 * that was set back meanwhile, too.
 */
export function isAbandoned(name: string, mtimeMs: number, nowMs: number = Date.now()): boolean {
  const [, pid, start, where] = marked.exec(name) ?? [];
  const { here } = ourselves();
  if (here !== undefined && where === here.digest)
    return processMark(Number(pid)) !== `${pid} ${start} ${here.boot}`;
  return Math.abs(nowMs - mtimeMs) > hourMs;
}

function ourselves(): { readonly mark: string | undefined; readonly here: Whereabouts | undefined } {
  if (known !== undefined) return known;
  const mark = processMark();
  const boot = mark?.split(' ')[2];
  known = { mark, here: boot === undefined ? undefined : { boot, digest: digestOf(boot) } };
  return known;
}

function digestOf(boot: string): string {
  const namespace = readlinkSync('/proc/self/ns/pid');
  return createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 8);
}
