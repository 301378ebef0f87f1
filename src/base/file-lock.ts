import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeLeftBeside, temporaryName } from './atomic-file.ts';
import { secondMs } from './clock.ts';
import { HoldfastError, systemErrorCode } from './error.ts';
import { hasProcess } from './platform.ts';

/** How long a lock is waited for; what is done under one takes milliseconds. */
const patienceMs = 10 * secondMs;
const pauseMs = 5;

/**
 * Words of every lock that this process has taken: one of a process before it, with the same id, is not among them. They
 * stay when the lock is released, since somebody here may still be looking at the old word while the next one is in place.
 */
const own = new Set<string>();

/**
 * Does `work` while no other process, and nothing else in this one, does something under the lock at `path`: for short
 * changes of small files that several processes share. The lock is a file that names its holder; one whose holder has
 * ended, kill -9 included, is taken away.
 *
 * @throws HoldfastError `home_in_use` when the lock is not to be had within `timeoutMs`, 10 seconds unless said
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { timeoutMs = patienceMs }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const word = `${process.pid} ${randomBytes(16).toString('hex')}\n`;
  own.add(word);
  await removeLeftBeside(path, { begin: `${basename(path)}.`, end: '' });
  await acquire(path, word, timeoutMs);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, word: string, timeoutMs: number): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!(await tryAcquire(path, word))) {
    const holder = await read(path);
    if (holder !== undefined && !isAlive(holder)) await takeAway(path, holder);
    else if (performance.now() > untilMs) throw inUse(path, holder);
    else await sleep(pauseMs);
  }
}

/** The file gets its name when it has its contents, so that nobody reads a lock without a holder. */
async function tryAcquire(path: string, word: string): Promise<boolean> {
  const temporary = uniqueName(path);
  try {
    await writeFile(temporary, word, { mode: 0o600, flag: 'wx' });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Two may find the same lock left behind: what was moved is looked at again, and put back when it is a new one. */
async function takeAway(path: string, left: string): Promise<void> {
  const moved = uniqueName(path);
  try {
    await rename(path, moved);
    if ((await read(moved)) !== left) await link(moved, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await rm(moved, { force: true });
  }
}

function isAlive(word: string): boolean {
  const pid = Number.parseInt(word, 10);
  return pid === process.pid ? own.has(word) : hasProcess(pid);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function uniqueName(path: string): string {
  return `${path}.${temporaryName()}`;
}

function inUse(path: string, holder: string | undefined): HoldfastError {
  const who = holder === undefined ? 'other processes' : `process ${Number.parseInt(holder, 10)}`;
  return new HoldfastError('home_in_use', `${path} is held by ${who}`, {
    hint: 'wait until it has ended and run this again; if it is no Holdfast process, remove that file',
  });
}
