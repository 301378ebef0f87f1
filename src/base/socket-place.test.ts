import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { isHoldfastError } from './error.ts';
import { isSocketPlace, socketPath } from './socket-place.ts';

test('the socket is in the home, or under a short name of its own when the home has a long one', () => {
  assert.equal(socketPath('/home/me'), '/home/me/admin.sock');
  const long = socketPath(`/home/${'x'.repeat(120)}`);
  assert.ok(Buffer.byteLength(long) <= 100, long);
  assert.notEqual(long, socketPath(`/home/${'y'.repeat(120)}`));
});

test('the socket of a long home is found with another TMPDIR, however long', () => {
  const home = `/home/${'x'.repeat(120)}`;
  const before = socketPath(home);
  const { TMPDIR } = process.env;
  try {
    process.env['TMPDIR'] = `/tmp/${'y'.repeat(80)}`;
    assert.equal(socketPath(home), before);
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
});

test('a directory of the socket that is not this user alone is refused', async () => {
  using directory = temporaryDirectory();
  const place = join(directory.path, 'place');
  assert.equal(await isSocketPlace(join(place, 'admin.sock')), false);
  mkdirSync(place, { mode: 0o700 });
  assert.equal(await isSocketPlace(join(place, 'admin.sock')), true);
  chmodSync(place, 0o755);
  const link = join(directory.path, 'link');
  symlinkSync(directory.path, link);
  for (const one of [place, link]) {
    const refused = (error: unknown): boolean => isHoldfastError(error, 'home_not_private');
    await assert.rejects(isSocketPlace(join(one, 'admin.sock')), refused);
  }
});
