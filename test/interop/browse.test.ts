import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { runHoldfast, runProgram, startHoldfast } from '../rig/holdfast-process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

it('what holdfast browse shows is read by cadaver and by davfs2', async (t) => {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  mkdirSync(at('data/folder'), { recursive: true });
  mkdirSync(at('mnt'));
  writeFileSync(at('password'), 'of the repository\n');
  writeFileSync(at('data/folder/with space'), Buffer.alloc(2_000_000, 'content '));
  await runHoldfast(['backup', at('data'), '--init', ...own]);
  await using program = startHoldfast(['browse', ...own]);
  const [, url = ''] = await program.waitFor(/browse +(http:\S+)/);
  const folder = `snapshots/latest${at('data')}/folder`;

  const { stdout } = await runProgram('cadaver', [`${url}${folder}/`], {
    input: `ls\nget "with space" ${at('by-cadaver')}\nquit\n`,
    env: { HOME: place.path },
  });
  assert.match(stdout, /with space +2000000/);
  assert.ok(readFileSync(at('by-cadaver')).equals(readFileSync(at('data/folder/with space'))));

  if (process.getuid?.() !== 0) return t.diagnostic('DAVFS2 IS NOT TRIED: it takes root');
  // It works as a user of its own.
  chmodSync(place.path, 0o755);
  mkdirSync(at('cache'));
  chmodSync(at('cache'), 0o777);
  writeFileSync(at('davfs2.conf'), `ask_auth 0\nuse_locks 0\ncache_dir ${at('cache')}\n`);
  await runProgram('mount', ['-t', 'davfs', '-o', `ro,conf=${at('davfs2.conf')}`, url, at('mnt')], {
    input: '\n\n',
  });
  try {
    // davfs2 1.6.1 lists no folder where the kernel is newer than Linux 6.1, of whichever server; a name is found all the same.
    await runProgram('cmp', [at('data/folder/with space'), join(at('mnt'), folder, 'with space')]);
  } finally {
    await runProgram('umount', [at('mnt')]);
  }
});
