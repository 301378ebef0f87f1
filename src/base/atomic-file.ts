import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from './bytes.ts';
import { hourMs } from './clock.ts';
import { isOwnUser, processMark, processNamespace } from './platform.ts';

/** How a file is written by {@link writeFileAtomic}. */
interface AtomicFileOptions {
  /** Permission bits of the new file; 0600 unless said. */
  readonly mode?: number;
  /** The group of the new file; that of the process unless said. */
  readonly gid?: number;
  /** Refuse (`EEXIST`) instead of replacing a file that is there. */
  readonly exclusive?: boolean;
}

/**
 * Writes `path` so that at any moment, power loss included, it holds either what it held before or all of `data`:
 * temporary file beside it → fsync → rename → fsync of the directory. On failure the temporary file is gone; one that a
 * killed process left goes when the next process writes in its directory.
 * The one door for small durable writes, and for what is long but comes piece by piece; what a server stores has its own
 * in `storage`.
 */
export async function writeFileAtomic(
  path: string,
  data: Bytes | string | AsyncIterable<string | Bytes>,
  options: AtomicFileOptions = {},
): Promise<void> {
  const { mode = 0o600, gid, exclusive = false } = options;
  await removeLeftOf(path);
  const temporary = temporaryBeside(path);
  try {
    await writeSynced(temporary, data, { mode, gid });
    await (exclusive ? link(temporary, path) : rename(temporary, path));
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what processes left in the directory of `path` that were killed while they wrote there. Never fails. */
export async function removeLeftOf(path: string): Promise<void> {
  await removeLeftBeside(path, formBeside(path));
}

/** A path in the directory of `path` for what is to become that once it is whole; {@link removeLeftOf} knows it as left by its maker. */
export function temporaryBeside(path: string): string {
  const { begin, end } = formBeside(path);
  return join(dirname(path), begin + temporaryName() + end);
}

function formBeside(path: string): TemporaryForm {
  return { begin: `.${basename(path)}.`, end: '.tmp' };
}

async function writeSynced(
  path: string,
  data: Bytes | string | AsyncIterable<string | Bytes>,
  { mode, gid }: { readonly mode: number; readonly gid: number | undefined },
): Promise<void> {
  const handle: FileHandle = await open(path, 'wx', gid === undefined ? mode : 0o600);
  try {
    // The group first, so that no other one can ever read it.
    if (gid !== undefined) await handle.chown(-1, gid);
    await handle.chmod(mode);
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How files that are not whole yet are called beside the one that they become: `BEGIN temporary name END`. */
interface TemporaryForm {
  readonly begin: string;
  readonly end: string;
}

/** What a directory held of such files when this process first wrote there. */
const listings = new Map<string, Promise<readonly string[]>>();

/**
 * Removes what processes that were killed left in the directory of `path`: whatever has the mark of its maker, and of
 * `path` itself what earlier versions wrote. The directory is looked at once in the life of a process. Never fails: what
 * cannot be removed is in nobody's way.
 */
export async function removeLeftBeside(path: string, form: TemporaryForm): Promise<void> {
  const directory = dirname(path);
  const listing = listings.get(directory) ?? sweep(directory);
  listings.set(directory, listing);
  await removeAbandoned(directory, form, await listing);
}

/** Of small files and of locks, as they are called before they are whole: `.NAME.TEMPORARY.tmp`, `NAME.lock.TEMPORARY`. */
const leftByAny = /^(?:\..+|.+\.lock)\.([0-9a-f]{16}-\d+-\d+-[0-9a-f]{8})(?:\.tmp)?$/;

/** Gives the names of a directory that may be such files; those whose process has ended are no more. */
async function sweep(directory: string): Promise<readonly string[]> {
  // Of a directory that can be large only what may be meant is kept.
  const names = (await list(directory)).filter((name) => /[0-9a-f]{8}(\.[a-z]+)?$/.test(name));
  for (const name of names) {
    const [, middle] = leftByAny.exec(name) ?? [];
    // What a key was written to may be read from the disk as long as nothing else is written there.
    if (middle !== undefined)
      await removeIfAbandoned(join(directory, name), middle, (path) => overwritingOld(path, () => rm(path)));
  }
  return names;
}

/** Removes the abandoned files of a form that are in a directory and belong to this user. Never fails. */
export async function removeAbandoned(
  directory: string,
  { begin, end }: TemporaryForm,
  names?: readonly string[],
): Promise<void> {
  for (const name of names ?? (await list(directory))) {
    const middle = name.slice(begin.length, name.length - end.length);
    if (!name.startsWith(begin) || !name.endsWith(end) || !temporary.test(middle)) continue;
    await removeIfAbandoned(join(directory, basename(name)), middle);
  }
}

/** With the mark of its maker, or without one as earlier versions had it. */
const temporary = /^[0-9a-f]{12,32}(-\d+-\d+-[0-9a-f]{8})?$/;

async function list(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}

async function removeIfAbandoned(
  path: string,
  name: string,
  remove: (path: string) => Promise<void> = rm,
): Promise<void> {
  try {
    const stat = await lstat(path);
    const isOurs = stat.isFile() && isOwnUser(stat.uid);
    if (isOurs && isAbandoned(name, stat.mtimeMs)) await remove(path);
  } catch {
    // Somebody else removed it, or nobody may.
  }
}

/**
 * Does `replace`, which puts another file in the place of `path`, and then writes random bytes over what was there,
 * unless it has another name still: that is somebody's copy.
 */
export async function overwritingOld(path: string, replace: () => Promise<void>): Promise<void> {
  const old = await open(path, 'r+');
  try {
    await replace();
    await overwrite(old);
  } finally {
    await old.close();
  }
}

async function overwrite(old: FileHandle): Promise<void> {
  const { nlink, size } = await old.stat();
  if (nlink > 0) return;
  await old.write(randomBytes(size), 0, size, 0);
  await old.sync();
}

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
  return createHash('sha256').update(`${boot} ${processNamespace()}`).digest('hex').slice(0, 8);
}
