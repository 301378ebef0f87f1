import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { HoldfastError } from './error.ts';
import { createLog, type Log, type LogLevel } from './log.ts';
import { Secret } from './secret.ts';

/** What a log writes while `say` talks to it, a value for each line. */
function linesOf(say: (log: Log) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  say(createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('says of an expected failure what it is and what caused it, without a stack', () => {
    const cause = Object.assign(new Error('disk went away'), { code: 'EIO' });
    const error = new HoldfastError('storage_failed', 'could not store', { cause });
    const [line] = linesOf((log) => log.info('refused', { error }));
    assert.deepEqual(line?.error, {
      name: 'HoldfastError',
      code: 'storage_failed',
      message: 'could not store',
      cause: { name: 'Error', code: 'EIO', message: 'disk went away' },
    });
  });

  it('says of a bug where it happened', () => {
    const [line] = linesOf((log) => log.error('failed', { error: new TypeError('no such thing') }));
    const error = line?.error as { message: string; stack: string };
    assert.equal(error.message, 'no such thing');
    assert.match(error.stack, /log\.test/);
  });

  it('shows no secret, wherever it stands, and nothing of an error but what errors say', () => {
    const canary = 'canary-5f1c';
    const secret = new Secret(canary);
    const error = Object.assign(new Error(`about ${String(secret)}`, { cause: new Error(String(secret)) }), {
      secret,
      input: canary,
    });
    const lines = linesOf((log) => {
      const fields = { secret, nested: { list: [secret] }, error };
      for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](String(secret), fields);
      log.child(fields).info('child');
    });
    assert.equal(lines.length, 5);
    assert.ok(!JSON.stringify(lines).includes(canary), JSON.stringify(lines));
  });

  it('writes what is as grave as its level, which may change while it is used, for its children too', () => {
    const lines: string[] = [];
    let level: LogLevel = 'warn';
    const log = createLog({ level: () => level, destination: { write: (line) => void lines.push(line) } });
    const child = log.child({ part: 'server' });
    child.info('too slight');
    child.warn('said');
    level = 'info';
    child.info('said too');
    level = 'silent';
    log.error('not at all');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
      ['said', 'said too'],
    );
  });

  it('does not end the program when it cannot be written', () => {
    const program = `
      import { createLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
      const log = createLog();
      for (let line = 0; line < 100; line++) log.info('somebody came', { text: 'x'.repeat(100_000) });
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.stdout.write('still here ' + (process.memoryUsage().rss < 500e6));`;
    const full = openSync('/dev/full', 'w');
    const words = ['--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, words, { stdio: ['ignore', 'pipe', full] });
    assert.equal(stdout.toString(), 'still here true');
  });
});
