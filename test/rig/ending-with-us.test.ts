import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemErrorCode } from '../../src/base/index.ts';
import { runMark } from './ending-with-us.ts';
import { RunningProgram } from './holdfast-process.ts';

/** A test file that starts a program and says its number; `SIGTERM` of it is handled by nobody. */
const testFile = `
  import { RunningProgram } from ${JSON.stringify(join(import.meta.dirname, 'holdfast-process.ts'))};
  const program = new RunningProgram(['600'], { program: 'sleep' });
  console.log('started ' + program.pid);
  setInterval(() => {}, 1000);
`;
/** A run of tests that starts it. */
const run = `
  import { spawn } from 'node:child_process';
  const env = { ...process.env, ${runMark}: String(process.pid) };
  spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(testFile)}], { env, stdio: 'inherit' });
`;

describe('what a test starts', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
    for (const [what, source] of Object.entries({ 'the file': testFile, 'the run': run }))
      it(`ends with it when ${what} is ended by ${signal}`, async () => {
        const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source];
        const test = new RunningProgram(words, { program: process.execPath });
        const [, pid = ''] = await test.waitFor(/started (\d+)/);
        assert.ok(isThere(Number(pid)));
        process.kill(test.pid, signal);
        const startMs = performance.now();
        while (isThere(Number(pid))) {
          assert.ok(performance.now() - startMs < 20_000, 'the program is left behind');
          await setTimeout(50);
        }
        await test.ended;
      });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
    return false;
  }
}
