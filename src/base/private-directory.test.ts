import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makePrivateDirectory } from './private-directory.ts';

const top = mkdtempSync(join(tmpdir(), 'holdfast-private-'));
after(() => rmSync(top, { recursive: true }));

test('a directory and those above it are made for their owner alone, and the first of them is told', async () => {
  assert.equal(await makePrivateDirectory(join(top, 'a/b/c')), join(top, 'a'));
  assert.equal(await makePrivateDirectory(join(top, 'a/b/d')), join(top, 'a/b/d'));
  assert.equal(await makePrivateDirectory(join(top, 'a/b/d')), undefined);
  assert.equal(await makePrivateDirectory('/'), undefined);
  for (const path of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(top, path)).mode & 0o777, 0o700);
});

test('one that is a symlink to a directory is there', async () => {
  symlinkSync(top, join(top, 'link'));
  assert.equal(await makePrivateDirectory(join(top, 'link')), undefined);
  assert.equal(await makePrivateDirectory(join(top, 'link/inside')), join(top, 'link/inside'));
});

test('what cannot be made is said by the system and ends: below a file, to nowhere, below /proc', async () => {
  writeFileSync(join(top, 'file'), '');
  symlinkSync('nowhere', join(top, 'broken'));
  await assert.rejects(makePrivateDirectory(join(top, 'file')), { code: 'EEXIST' });
  await assert.rejects(makePrivateDirectory(join(top, 'file/x/y')), { code: 'ENOTDIR' });
  await assert.rejects(makePrivateDirectory(join(top, 'broken')), { code: 'EEXIST' });
  for (const path of ['/proc/x', '/proc/x/y/z', '/proc/self/x', '/sys/x'])
    await assert.rejects(makePrivateDirectory(path), /^Error: (ENOENT|EACCES|EPERM|EROFS)/);
  assert.ok(!existsSync(join(top, 'nowhere')));
});
