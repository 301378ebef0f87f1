import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from './error.ts';

/**
 * Asks the operating system what Node does not: which processes run, whose a file is, what is mounted, what the command line was
 * byte for byte. Another system is another file beside this one; calls of the C library are in `files/libc.ts`.
 */

/** How long a machine has been up, by a count that setting its clock does not change. */
export interface SinceBoot {
  /** Which boot: another one after each start of the machine. */
  readonly boot: string;
  /** Milliseconds since then, those asleep included. */
  readonly uptimeMs: number;
}

/** Tells how long this machine has been up, as Linux says it (proc(5)); undefined on a system that does not. */
export function sinceBoot(): SinceBoot | undefined {
  return told(() => {
    const seconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
    return Number.isFinite(seconds) ? { boot: bootId(), uptimeMs: Math.round(seconds * 1000) } : undefined;
  });
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/**
 * What tells the process `pid` of this boot from every other one, also from one that gets its number later: its number,
 * and when it began (proc(5)). Undefined when there is none, or on a system that does not say.
 */
export function processMark(pid: number = process.pid): string | undefined {
  return told(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold anything; the 22nd field counts from before it.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${startTime} ${bootId()}`;
  });
}

/** Whether the process that `mark` is of runs. */
export function isRunning(mark: string): boolean {
  return processMark(Number.parseInt(mark, 10)) === mark;
}

/**
 * Whether a process has this number, under whatever account: the one that was meant, or a later one. Signal 0 is not sent, only
 * checked (kill(2)); EPERM means that the process is there and somebody else's.
 */
export function hasProcess(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Names the space in which process numbers are unique: a container has one of its own (pid_namespaces(7)). */
export function processNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

/** The user that this process acts as; undefined on a system without user numbers. */
export function ownUser(): number | undefined {
  return process.geteuid?.();
}

/** Whether what `uid` owns is this user's; true on a system without user numbers. */
export function isOwnUser(uid: number): boolean {
  return uid === (ownUser() ?? uid);
}

/** Opens for reading, follows no link, does not wait for a writer when somebody put a pipe there, takes no terminal (open(2)). */
export const readNoFollow =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Leads from an open directory to what is in it, however long its path (proc_pid_fd(5)); undefined where no path does. */
export function pathInOpened(directory: { readonly fd: number }, name: string): string | undefined {
  return process.platform === 'linux' ? `/proc/self/fd/${directory.fd}/${name}` : undefined;
}

/** Whether the terminal that this process was started on is still there (tty(4)). */
export function hasTerminal(): boolean {
  return told(() => closeSync(openSync('/dev/tty', 'r')) ?? true) ?? false;
}

/** The words of this process's command line, each ended by NUL, byte for byte; undefined where the system does not tell. */
export function rawCommandLine(): Buffer | undefined {
  return told(() => readFileSync('/proc/self/cmdline'));
}

/** The working directory of this process, likewise. */
export function rawDirectory(): Buffer | undefined {
  return told(() => readlinkSync('/proc/self/cwd', { encoding: 'buffer' }));
}

function told<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Where a system says what is to be mounted, and what is. */
export interface MountTables {
  /** fstab(5) */
  readonly fstab: string;
  /** proc_pid_mountinfo(5) */
  readonly mountinfo: string;
}

const ofThisSystem: MountTables = { fstab: '/etc/fstab', mountinfo: '/proc/self/mountinfo' };

/**
 * The directory at or above `path` on which the system's table has a disk, and none is mounted: what is not found below it
 * may be on that disk. Undefined when there is none, or no such tables.
 */
export async function missingMount(path: string, tables = ofThisSystem): Promise<string | undefined> {
  const [wanted, mounted] = await Promise.all([column(tables.fstab, 1), column(tables.mountinfo, 4)]);
  if (mounted.length === 0) return undefined;
  const above = await directoriesAbove(path);
  return above.find((each) => wanted.includes(each) && !mounted.includes(each));
}

/** From `path`, as it is in truth as far as it is there, up to the directory before the root. */
async function directoriesAbove(path: string): Promise<string[]> {
  const found: string[] = [];
  let at = await inTruth(path);
  for (; at !== dirname(at); at = dirname(at)) found.push(at);
  return found;
}

async function inTruth(path: string): Promise<string> {
  const above = dirname(path);
  return await realpath(path).catch(async () =>
    above === path ? path : join(await inTruth(above), basename(path)),
  );
}

async function column(file: string, index: number): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const rows = text.split('\n').filter((line) => !line.startsWith('#'));
  return rows.flatMap((line) => line.trim().split(/\s+/)[index] ?? []).map(unescaped);
}

/** Both tables write a space, a tab, a line end and a backslash as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
