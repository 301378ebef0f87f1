import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertSameTree, treeDifferences } from './compare-trees.ts';
import { makeDataTree } from './data-tree.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// What a restore could get wrong, as a shell command in a faithful copy, and how the comparison has to name it.
const mistakes: Readonly<Record<string, RegExp>> = {
  'printf x | dd of=large bs=1 seek=5000000 conv=notrunc status=none': /^large: sha256 is /m,
  'rm many/file-7': /^many\/file-7: missing$/m,
  'touch many/new': /^many\/new: too many$/m,
  'chmod 4754 mode-setuid': /^mode-setuid: mode is 4754 instead of 4755$/m,
  'chmod 700 .': /^: mode is 700 instead of 755$/m,
  'touch -d @1234567890.123456788 text': /^text: modified is .*7880 instead of .*7890$/m,
  'touch -h -d @1234567890.1 link': /^link: modified is /m,
  'touch -d @1 deep/er': /^deep\/er: modified is 1\.0000000000 /m,
  'ln -snf elsewhere dangling': /^dangling: target is elsewhere instead of no\/such\/file$/m,
  'cp -p "zz hard link" t && mv t "zz hard link"':
    /^zz hard link: sameInodeAs is zz hard link instead of deep\/hard link$/m,
  'rm "empty hard link"': /^empty: links is 1 instead of 2$/m,
  'setfattr -n user.bytes -v 0x00ff81 attributes': /^attributes: attributes is .*user\.bytes=0x00ff81/ms,
  'setfattr -x user.folder deep': /^deep: attributes is undefined instead of user\.folder=/m,
  'setfacl -d -m g:4242:r empty-folder': /^empty-folder: attributes is system\.posix_acl_default=/m,
  'rm fifo && touch fifo': /^fifo: kind is f instead of p$/m,
};
const mistakesOfRoot: Readonly<Record<string, RegExp>> = {
  'chown 12346 owned': /^owned: owner is 12346:54321 instead of 12345:54321$/m,
  'chown -h 7:7 raw-target': /^raw-target: owner is 7:7 instead of /m,
  'rm "block device" && mknod "block device" b 7 301': /^block device: device is 7:12d instead of 7:12c$/m,
};

test('a tree with every kind of file equals a faithful copy, and each mistake in a copy is named', async () => {
  using directory = temporaryDirectory();
  const original = join(directory.path, 'original');
  const copy = join(directory.path, 'copy');
  await makeDataTree(original, { seed: 1, largeBytes: 6_000_000 });
  execFileSync('cp', ['-a', original, copy]);
  assertSameTree(copy, original);

  const made = { ...mistakes, ...(process.getuid?.() === 0 ? mistakesOfRoot : {}) };
  execFileSync('sh', ['-ec', Object.keys(made).join('\n')], { cwd: copy });
  const differences = treeDifferences(copy, original).join('\n');
  for (const named of Object.values(made)) assert.match(differences, named);
});

test('trees of the same seed have the same names and contents', async () => {
  using directory = temporaryDirectory();
  const [one, other] = [join(directory.path, 'one'), join(directory.path, 'other')];
  await makeDataTree(one, { seed: 2, largeBytes: 1000 });
  await makeDataTree(other, { seed: 2, largeBytes: 1000 });
  const differences = treeDifferences(one, other).filter((line) => !line.includes(': modified is '));
  assert.deepEqual(differences, []);
});
