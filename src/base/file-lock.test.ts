import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { isHoldfastError } from './error.ts';
import { withFileLock } from './file-lock.ts';

const module = JSON.stringify(new URL('./file-lock.ts', import.meta.url).href);

/** Adds one to the number in a file, many times, each time under the lock. */
const counter = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { withFileLock } from ${module};
  const [lock, number] = process.argv.slice(1);
  for (let round = 0; round < 100; round++) {
    await withFileLock(lock, async () => {
      const before = Number(readFileSync(number, 'latin1'));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(number, String(before + 1));
    });
  }`;

/** Takes the lock, says so, and keeps it. */
const holder = `
  import { withFileLock } from ${module};
  await withFileLock(process.argv[1], () => {
    process.stdout.write('held');
    return new Promise((resolve) => setInterval(resolve, 1 << 30));
  });`;

const start = (program: string, ...words: string[]) =>
  spawn(process.execPath, ['--input-type=module', '-e', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

describe('a file lock', () => {
  it('lets one process at a time change something', async () => {
    using directory = temporaryDirectory();
    const [lock, number] = [join(directory.path, 'lock'), join(directory.path, 'number')];
    writeFileSync(number, '0');
    await Promise.all([1, 2, 3].map(() => once(start(counter, lock, number), 'exit')));
    assert.equal(readFileSync(number, 'latin1'), '300');
    assert.deepEqual(readdirSync(directory.path), ['number']);
  });

  it('is waited for within a process too, and given back when the work fails', async () => {
    using directory = temporaryDirectory();
    const lock = join(directory.path, 'lock');
    const order: string[] = [];
    const first = withFileLock(lock, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('first');
      throw new RangeError('failed');
    });
    await assert.rejects(first, RangeError);
    await withFileLock(lock, async () => void order.push('second'));
    assert.deepEqual(order, ['first', 'second']);
  });

  it('names its holder to who cannot have it, and is free when the holder was killed', async () => {
    using directory = temporaryDirectory();
    const lock = join(directory.path, 'lock');
    const child = start(holder, lock);
    await once(child.stdout, 'data');
    const attempt = withFileLock(lock, async () => assert.fail('it was held'), { timeoutMs: 0 });
    await assert.rejects(attempt, (error) => {
      assert.ok(isHoldfastError(error, 'home_in_use'), String(error));
      assert.match(error.message, new RegExp(`process ${child.pid}`));
      return true;
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.equal(await withFileLock(lock, async () => 'done'), 'done');
    assert.deepEqual(readdirSync(directory.path), []);
  });

  it('of a killed process with our own id, as in containers, is taken away', async () => {
    using directory = temporaryDirectory();
    const lock = join(directory.path, 'lock');
    writeFileSync(lock, `${process.pid} ${'0'.repeat(32)}\n`);
    assert.equal(await withFileLock(lock, async () => 'done'), 'done');
  });

  it('that holds no process id, as a full disk may leave it, is taken away', async () => {
    using directory = temporaryDirectory();
    const lock = join(directory.path, 'lock');
    writeFileSync(lock, '');
    assert.equal(await withFileLock(lock, async () => 'done'), 'done');
  });
});
