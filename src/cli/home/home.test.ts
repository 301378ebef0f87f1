import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { defaultHome } from './default-home.ts';
import { checkHome, createHome, openHome } from './home.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-home-'));
});
after(() => rm(directory, { recursive: true }));

test('a home is made for its owner alone and found again', async () => {
  const path = join(directory, 'home');
  assert.equal(await checkHome(path), 'absent');
  await createHome(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  assert.equal((await openHome(path)).path, path);
});

test('an empty directory that others can read becomes a home that they cannot', async () => {
  const path = join(directory, 'empty');
  await mkdir(path, { mode: 0o755 });
  await createHome(path);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
});

test('a home whose making was cut short is made again', async () => {
  const path = join(directory, 'cut short');
  await mkdir(path, { mode: 0o700 });
  await writeFile(join(path, '.home.json.0a1b2c3d4e5f.tmp'), '{');
  assert.equal(await checkHome(path), 'empty');
  await createHome(path);
  assert.equal(await checkHome(path), 'used');
});

test('a home that others can read is refused with the command that mends it', async () => {
  const { path } = await createHome(join(directory, 'open'));
  await chmod(path, 0o750);
  await assert.rejects(openHome(path), (error) => {
    assert(isHoldfastError(error, 'home_not_private'));
    assert.equal(error.hint, `chmod 700 ${path}`);
    return true;
  });
  assert.equal((await stat(path)).mode & 0o777, 0o750);
});

test('a directory with somebody else’s files is not made a home', async () => {
  const path = join(directory, 'documents');
  await mkdir(path, { mode: 0o700 });
  await writeFile(join(path, 'letter.txt'), '');
  await assert.rejects(createHome(path), (error) => isHoldfastError(error, 'home_missing'));
  assert.deepEqual(await readdir(path), ['letter.txt']);
});

test('a home of a newer version is refused, a damaged format file is named', async () => {
  const { path } = await createHome(join(directory, 'newer'));
  await writeFile(join(path, 'home.json'), '{"format":2}');
  await assert.rejects(openHome(path), (error) => isHoldfastError(error, 'home_newer'));
  await writeFile(join(path, 'home.json'), '{');
  await assert.rejects(openHome(path), (error) => isHoldfastError(error, 'settings_invalid'));
});

test('the home is what was said, else what the environment says', () => {
  assert.equal(defaultHome('/a', { HOLDFAST_HOME: '/b' }, '/'), '/a');
  assert.equal(defaultHome(undefined, { HOLDFAST_HOME: '/b' }, '/'), '/b');
  assert.equal(defaultHome('a', {}, '/where/the/user/stands'), '/where/the/user/stands/a');
});
