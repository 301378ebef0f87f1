import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { isHoldfastError } from './error.ts';
import { makePrivateDirectory, openSocketPlace } from './private-directory.ts';

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

test('a socket is in its home, however long the path, and nowhere else', async () => {
  using directory = temporaryDirectory();
  for (const home of [join(directory.path, 'short'), join(directory.path, 'x'.repeat(200))]) {
    mkdirSync(home, { mode: 0o700 });
    await using listening = await openSocketPlace(join(home, 'admin.sock'));
    assert.ok(listening);
    const server = createServer((socket) => socket.end(home)).listen(listening.address);
    await once(server, 'listening');
    await using dialling = await openSocketPlace(join(home, 'admin.sock'));
    assert.ok(dialling);
    const [said] = await once(createConnection(dialling.address), 'data');
    assert.equal(String(said), home);
    server.close();
    await once(server, 'close');
  }
});

test('a directory of the socket that is not this user alone is refused', async () => {
  using directory = temporaryDirectory();
  const place = join(directory.path, 'place');
  assert.equal(await openSocketPlace(join(place, 'admin.sock')), undefined);
  mkdirSync(place, { mode: 0o755 });
  const link = join(directory.path, 'link');
  symlinkSync(directory.path, link);
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  for (const one of [place, link, file]) await refused(one);
});

test('a directory of another user, and a socket of another user, is refused by root too', async () => {
  if (process.getuid?.() !== 0) return;
  using directory = temporaryDirectory();
  const places = ['theirs', 'ours'].map((name) => join(directory.path, name));
  for (const place of places) {
    mkdirSync(place, { mode: 0o700 });
    writeFileSync(join(place, 'admin.sock'), '');
  }
  chownSync(join(directory.path, 'theirs'), 65534, 65534);
  chownSync(join(directory.path, 'ours', 'admin.sock'), 65534, 65534);
  for (const place of places) await refused(place);
});

async function refused(directory: string): Promise<void> {
  const isRefusal = (error: unknown): boolean => isHoldfastError(error, 'home_not_private');
  await assert.rejects(openSocketPlace(join(directory, 'admin.sock')), isRefusal);
}
