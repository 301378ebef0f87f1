import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { isRunning, processMark } from './atomic-file.ts';

it('knows a process while it runs and no other that has its number', async () => {
  const child = spawn('sleep', ['600']);
  const mark = processMark(child.pid) ?? '';
  assert.equal(isRunning(mark), true);
  assert.equal(isRunning(mark.replace(/ \d+ /, ' 1 ')), false, 'begun at another time');
  assert.equal(isRunning(mark.replace(/.$/, 'x')), false, 'of another boot');
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(isRunning(mark), false);
});

it('marks this process, and none that is not there', () => {
  assert.equal(isRunning(processMark() ?? ''), true);
  assert.equal(processMark(0), undefined);
});
