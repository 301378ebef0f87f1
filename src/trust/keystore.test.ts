import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmod,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Bytes, type ErrorCode, isHoldfastError, Secret } from '../base/index.ts';
import { Keystore } from './keystore.ts';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'holdfast-keystore-')), 'node');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const bytes = (text: string): Bytes => Uint8Array.from(Buffer.from(text));
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const failsWith = (code: ErrorCode, pattern: RegExp) => (error: unknown) =>
  isHoldfastError(error, code) && pattern.test(error.message);

test('what was put in is there after opening again, whatever the label is called', async () => {
  const key = newKey();
  const keystore = await Keystore.create(directory);
  await keystore.update((entries) => {
    entries.putKey('node', key);
    entries.putCertificates('node', [bytes('leaf'), bytes('issuing')]);
    entries.putSecret('__proto__', new Secret(bytes('master key')));
  });
  const opened = await Keystore.open(directory);
  assert.deepEqual(opened.labels(), ['__proto__', 'node']);
  assert.ok(opened.key('node').equals(key));
  assert.deepEqual(opened.certificate('node'), [bytes('leaf'), bytes('issuing')]);
  assert.deepEqual(opened.secret('__proto__').reveal(), bytes('master key'));
});

test('an entry that was removed is gone from the file too', async () => {
  const keystore = await Keystore.create(directory);
  await keystore.update((entries) => entries.putSecret('old', new Secret(bytes('x'))));
  await keystore.update((entries) => entries.remove('old'));
  const opened = await Keystore.open(directory);
  assert.equal(opened.has('old'), false);
  assert.throws(() => opened.secret('old'), failsWith('keystore_entry_missing', /no secret for old/));
});

test('what a writer left that was killed is written over by the next change, since it may hold a key taken away since', async () => {
  const keystore = await Keystore.create(directory);
  const left = join(directory, '.keystore.0123456789ab.tmp');
  await writeFile(left, 'a key under the stash', { mode: 0o600 });
  await using handle = await open(left, 'r');
  await keystore.destroy('no such label');
  assert.deepEqual((await readdir(directory)).sort(), ['keystore', 'stash']);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0);
  assert.equal(bytesRead, 21);
  assert.doesNotMatch(buffer.toString('latin1'), /a key/);
});

test('both files and their directory are for their owner alone', async () => {
  await Keystore.create(directory);
  assert.equal(await modeOf(join(directory, 'keystore')), 0o600);
  assert.equal(await modeOf(join(directory, 'stash')), 0o600);
  assert.equal(await modeOf(directory), 0o700);
});

for (const [what, mode] of [
  ['keystore', 0o640],
  ['keystore', 0o604],
  ['stash', 0o660],
  ['stash', 0o644],
] as const) {
  test(`a ${what} of mode ${mode.toString(8)} is refused with the command that mends it`, async () => {
    await Keystore.create(directory);
    const path = join(directory, what);
    await chmod(path, mode);
    await assert.rejects(Keystore.open(directory), (error) => {
      assert.ok(isHoldfastError(error, 'keystore_not_private'));
      assert.equal(error.hint, `chmod 600 ${path}`);
      return true;
    });
  });
}

test('a directory in which others could exchange the files is refused', async () => {
  await Keystore.create(directory);
  await chmod(directory, 0o770);
  await assert.rejects(Keystore.open(directory), failsWith('keystore_not_private', /mode 0770/));
});

test('the secrets cannot be found in the files, nor in what printing shows', async () => {
  const keystore = await Keystore.create(directory);
  await keystore.update((entries) =>
    entries.putSecret('repository', new Secret(bytes('canary-of-a-secret'))),
  );
  const files = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name), 'latin1')),
  );
  assert.equal(files.length, 2);
  assert.doesNotMatch(files.join(), /canary|repository/);
  assert.doesNotMatch(JSON.stringify(keystore.secret('repository')), /canary/);
});

test('every flipped bit of the keystore file is found', async () => {
  await Keystore.create(directory);
  const path = join(directory, 'keystore');
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 1;
    await writeFile(path, damaged);
    await assert.rejects(Keystore.open(directory), failsWith('keystore_damaged', /keystore /));
  }
});

test('a keystore cut off anywhere is damaged', async () => {
  await Keystore.create(directory);
  const path = join(directory, 'keystore');
  const { size } = await stat(path);
  for (const length of [size - 1, 60, 20, 0]) {
    await truncate(path, length);
    await assert.rejects(Keystore.open(directory), failsWith('keystore_damaged', /keystore /));
  }
});

test('a stash that is missing, cut off or of another keystore is named', async () => {
  await Keystore.create(directory);
  const stash = join(directory, 'stash');
  await writeFile(stash, Buffer.alloc(32));
  await assert.rejects(Keystore.open(directory), failsWith('keystore_damaged', /stash is not its stash/));
  await truncate(stash, 31);
  await assert.rejects(
    Keystore.open(directory),
    failsWith('keystore_damaged', /holds 31 bytes, expected 32/),
  );
  await unlink(stash);
  await assert.rejects(Keystore.open(directory), failsWith('keystore_damaged', /stash is missing/));
});

test('a keystore of a later version is said to be one', async () => {
  await Keystore.create(directory);
  await writeFile(join(directory, 'keystore'), 'holdfast keystore 3\nwhatever comes then');
  await assert.rejects(Keystore.open(directory), failsWith('keystore_damaged', /version that this program/));
});

test('where there is none, opening says so and creating works; a second creation is refused', async () => {
  assert.equal(await Keystore.exists(directory), false);
  await assert.rejects(Keystore.open(directory), failsWith('keystore_missing', /no keystore/));
  const keystore = await Keystore.create(directory);
  await keystore.update((entries) => entries.putSecret('kept', new Secret(bytes('x'))));
  await assert.rejects(Keystore.create(directory), failsWith('keystore_exists', /already/));
  assert.equal(await Keystore.exists(directory), true);
  assert.ok((await Keystore.open(directory)).has('kept'));
});

test('a crash between the two writes of a creation leaves a stash that the next creation uses', async () => {
  await Keystore.create(directory);
  const stash = await readFile(join(directory, 'stash'));
  await unlink(join(directory, 'keystore'));
  await Keystore.create(directory);
  assert.deepEqual(await readFile(join(directory, 'stash')), stash);
  await Keystore.open(directory);
});

test('twenty updates at once all arrive', async () => {
  const keystore = await Keystore.create(directory);
  const labels = Array.from({ length: 20 }, (_, index) => `secret-${index}`);
  await Promise.all(
    labels.map((label) => keystore.update((entries) => entries.putSecret(label, new Secret(bytes(label))))),
  );
  assert.deepEqual((await Keystore.open(directory)).labels(), labels.sort());
});

test('an update by another handle is not undone by the next one here', async () => {
  const here = await Keystore.create(directory);
  const there = await Keystore.open(directory);
  await there.update((entries) => entries.putSecret('there', new Secret(bytes('x'))));
  await here.update((entries) => entries.putSecret('here', new Secret(bytes('y'))));
  assert.deepEqual((await Keystore.open(directory)).labels(), ['here', 'there']);
  assert.deepEqual(here.labels(), ['here', 'there']);
});

test('an update that throws halfway changes nothing and does not stop the next', async () => {
  const keystore = await Keystore.create(directory);
  const failing = keystore.update((entries) => {
    entries.putSecret('half', new Secret(bytes('x')));
    throw new RangeError('halfway');
  });
  await assert.rejects(failing, RangeError);
  assert.deepEqual(keystore.labels(), []);
  await keystore.update((entries) => entries.putSecret('next', new Secret(bytes('y'))));
  assert.deepEqual((await Keystore.open(directory)).labels(), ['next']);
});
