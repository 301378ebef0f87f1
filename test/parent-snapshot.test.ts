import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

test('what the parent snapshot of an older restic did not record is recorded all the same', async () => {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  const source = at('source');
  const target = Buffer.from('raw-\xff-target', 'latin1');
  mkdirSync(source);
  writeFileSync(at('password'), 'a password\n');
  writeFileSync(join(source, 'file'), 'content');
  symlinkSync(target, join(source, 'odd'));
  symlinkSync('/etc/passwd', join(source, 'link'));
  // Only root may give a link attributes of its own.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('setfattr', ['-h', '-n', 'trusted.mark', '-v', 'mine', join(source, 'link')]);
  const env = { RESTIC_PASSWORD: 'a password', RESTIC_CACHE_DIR: at('cache'), HOME: place.path };
  await runProgram('restic', ['-r', at('repository'), 'init'], { env });
  await runProgram('restic', ['-r', at('repository'), 'backup', source], { env });

  const repository = ['--repo', at('repository'), '--password-file', at('password'), '--home', at('home')];
  const { stdout } = await runProgram(launcher, ['backup', source, ...repository, '--json'], { env });
  const { parent, filesUnmodified } = JSON.parse(stdout) as { parent?: string; filesUnmodified: number };
  assert.ok(parent, 'compared with what restic made');
  assert.equal(filesUnmodified, 1, 'the content of a file that is as it was is not read again');
  await runProgram(launcher, ['restore', 'latest', '--target', at('back'), ...repository], { env });

  assert.deepEqual(readlinkSync(join(at('back'), source, 'odd'), 'buffer'), target);
  if (!isRoot) return;
  const words = ['-h', '-n', 'trusted.mark', '--only-values', join(at('back'), source, 'link')];
  assert.equal(execFileSync('getfattr', words, { encoding: 'utf8' }), 'mine');
});
