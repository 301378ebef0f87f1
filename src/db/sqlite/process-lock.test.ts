import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { acquireProcessLock, type ProcessLock } from './process-lock.ts';

describe('a process lock', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-lock-'));
    path = join(directory, 'lock.db');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const acquire = (): ProcessLock => {
    const lock = acquireProcessLock(path);
    assert.ok('release' in lock);
    return lock;
  };

  it('is held by one at a time, within a process too', () => {
    const lock = acquire();
    assert.deepEqual(acquireProcessLock(path), { heldBy: process.pid });
    assert.deepEqual(acquireProcessLock(path), { heldBy: process.pid });
    lock.release();
    lock.release();
    acquire().release();
  });

  it('tells the process id of another process, and is free once that one is killed', async () => {
    const program = `
      import { acquireProcessLock } from ${JSON.stringify(new URL('./process-lock.ts', import.meta.url).href)};
      acquireProcessLock(process.argv[1]);
      process.stdout.write('held');
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', program, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    assert.deepEqual(acquireProcessLock(path), { heldBy: holder.pid });
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    acquire().release();
  });
});
