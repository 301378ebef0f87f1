import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../src/base/index.ts';
import { encodeLock } from '../src/repository/lock-files.ts';
import { openRepository } from '../src/repository/open-repository.ts';
import { LocalStore } from '../src/storage/index.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

test('--retry-lock waits for whoever holds the repository, in every command that locks it', async () => {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  mkdirSync(at('data'));
  writeFileSync(at('data/file'), 'content');
  writeFileSync(at('password'), 'a password\n');
  const repo = ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const run = async (...words: string[]) => await runHere([...words, ...repo], { HOME: place.path });
  assert.equal((await run('backup', at('data'), '--init')).code, 0);
  const repository = await openRepository(new LocalStore(at('repo')), {
    key: { password: new Secret('a password') },
  });
  const timeNs = BigInt(Date.now()) * 1_000_000n;
  const lock = { timeNs, exclusive: true, hostname: 'elsewhere', username: 'ann', pid: 1 };
  const held = await repository.files.save('locks', encodeLock(lock));
  const words = [['backup', at('data')], ['check'], ['repair', 'index']];
  for (const each of words) {
    assert.equal((await run(...each)).error?.code, 'repository_locked', each.join(' '));
    const waited = [...each, '--retry-lock', '1s', ...repo];
    const { stderr } = await runProgram(launcher, waited, { expected: 11 });
    assert.match(
      stderr,
      /waiting +up to 1.0 s: the repository is exclusively locked by process 1/,
      each.join(' '),
    );
  }
  assert.equal(readdirSync(at('repo/snapshots')).length, 1);
  // It ends while the others wait.
  const waiting = words.map((each) => runProgram(launcher, [...each, '--retry-lock', '1m', ...repo], {}));
  await repository.files.remove('locks', held);
  await Promise.all(waiting);
  assert.equal(readdirSync(at('repo/snapshots')).length, 2);
});
