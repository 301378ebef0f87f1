import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { hasProcess, isHoldfastError, systemErrorCode } from '../../base/index.ts';
import { createPrivateFile } from './connection.ts';
import { namedSqliteError } from './error.ts';

/** A lock that this process holds until it is released or the process ends, kill -9 included. */
export interface ProcessLock extends Disposable {
  release(): void;
}

/** Somebody else holds the lock: the process id as far as it is known. */
export interface ProcessLockHolder {
  readonly heldBy: number | undefined;
}

/**
 * Takes the lock at `path` or says who has it, at once. It is a database under `BEGIN EXCLUSIVE`, so that the kernel
 * frees it with the process; the holder's process id is in `<path>.pid`, since a locked database cannot be read.
 */
export function acquireProcessLock(path: string): ProcessLock | ProcessLockHolder {
  const pidPath = `${path}.pid`;
  const database = lockDatabase(path);
  if (database === undefined) return { heldBy: readPid(pidPath) };
  tellPid(pidPath);
  const release = (): void => {
    if (!database.isOpen) return;
    rmSync(pidPath, { force: true });
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}

/** For information only: a full disk does not keep anybody from holding the lock. */
function tellPid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  }
}

function lockDatabase(path: string): DatabaseSync | undefined {
  createPrivateFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written into it, so it needs no journal file either.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
    return database;
  } catch (error) {
    database?.close();
    const named = namedSqliteError(error, path);
    if (isHoldfastError(named, 'database_busy')) return undefined;
    throw named;
  }
}

/** Undefined also when the file is of a holder that was killed and the new one has not written its own yet. */
function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return hasProcess(pid) ? pid : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
