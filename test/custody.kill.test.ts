import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHoldfast } from './rig/holdfast-process.ts';
import { killAtEachStep } from './rig/kill-at-each-step.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const password = ['--password-file', 'password'];

async function done(words: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await runHoldfast([...words, '--home', 'a'], { cwd });
  assert.equal(code, 0, `${words.join(' ')}\n${stderr}`);
}

/** A folder with an authority in `a` and two files with passwords. */
async function authorityIn(directory: string): Promise<void> {
  mkdirSync(directory);
  writeFileSync(join(directory, 'password'), 'root in the safe\n');
  writeFileSync(join(directory, 'passphrase'), 'correct horse\n');
  await done(['init', '--network', 'a.test', '--names', 'localhost'], directory);
}

/** The key of the root is in the keystore, or the file that it was written to opens and brings it back. */
async function assertRootIsThere(cwd: string, step: string): Promise<void> {
  if ((await placeOfRootKey(cwd)) === 'here') return;
  assert.ok(existsSync(join(cwd, 'root.age')), `after ${step} the key of the root is nowhere`);
  await done(['ca', 'online', 'root.age', ...password], cwd);
  assert.equal(await placeOfRootKey(cwd), 'here');
}

async function placeOfRootKey(cwd: string): Promise<string | undefined> {
  const { stdout } = await runHoldfast(['ca', 'show', '--json', '--home', 'a'], { cwd });
  const { certificates } = JSON.parse(stdout) as { certificates: { label: string; keyPlace: string }[] };
  return certificates.find(({ label }) => label === 'root-1')?.keyPlace;
}

for (const word of ['offline', 'online']) {
  test(`killed at any step, ca ${word} leaves the key of the root in one place at least`, async (t) => {
    using place = temporaryDirectory();
    const [from, directory] = ['from', 'here'].map((name) => join(place.path, name)) as [string, string];
    await authorityIn(from);
    if (word === 'online') await done(['ca', 'offline', 'root.age', ...password], from);
    const check = (step: string): Promise<void> => assertRootIsThere(directory, step);
    const words = ['ca', word, 'root.age', ...password, '--home', 'a'];
    const kills = await killAtEachStep({ from, directory, words, check });
    t.diagnostic(`${kills} kills`);
    assert.ok(kills >= 8, `${kills} kills`);
  });
}

test('killed at any step, keystore rekey leaves a keystore that the old or the new passphrase opens', async (t) => {
  using place = temporaryDirectory();
  const [from, directory] = ['from', 'here'].map((name) => join(place.path, name)) as [string, string];
  await authorityIn(from);
  const again = ['keystore', 'rekey', '--new-passphrase-file', 'password', '--home', 'a'];
  const check = async (step: string): Promise<void> => {
    const byNew = [...again, '--keystore-passphrase-file', 'passphrase'];
    const first = await runHoldfast(byNew, { cwd: directory });
    if (first.code !== 0)
      assert.equal((await runHoldfast(again, { cwd: directory })).code, 0, `after ${step}`);
    const left = readdirSync(join(directory, 'a/authority'));
    assert.deepEqual(
      left.filter((name) => name.startsWith('.keystore') || name === 'stash'),
      [],
    );
  };
  const words = ['keystore', 'rekey', '--new-passphrase-file', 'passphrase', '--home', 'a'];
  const kills = await killAtEachStep({ from, directory, words, check });
  t.diagnostic(`${kills} kills`);
  assert.ok(kills >= 8, `${kills} kills`);
});
