import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { isHoldfastError } from './error.ts';
import { openSocketPlace } from './socket-place.ts';

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
