import assert from 'node:assert/strict';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('files to which the key of the root was written', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const home = (): string[] => ['--home', at('home')];
  const quick = async (...words: string[]): Promise<void> => {
    const { code, error } = await runHere([...words, ...home()], process.env);
    assert.equal(code, 0, error?.message);
  };
  const offline = async (name: string, ...words: string[]): Promise<ProgramResult> =>
    await runProgram(launcher, ['ca', 'offline', at(name), ...password(), ...words, ...home()]);
  const password = (): string[] => ['--password-file', at('password')];
  const warnings = async (...words: string[]): Promise<string> =>
    (await runProgram(launcher, [...words, ...home()])).stderr;

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('password'), 'a long password\n');
    await quick('init', '--network', 'keys.test', '--names', 'localhost');
    await quick('certutil', '-backup', 'a long password', at('certutil.p12'));
    await quick('ca', 'backup', at('backup.p12'), '--format', 'p12', ...password());
    await quick('ca', 'backup', at('changed.p12'), '--format', 'p12', ...password());
    await quick('ca', 'backup', at('gone.p12'), '--format', 'p12', ...password());
    await quick('ca', 'move', at('moved.age'));
    await quick('ca', 'move', '--undo', 'it stays here');
    appendFileSync(at('changed.p12'), 'another file by now');
    renameSync(at('gone.p12'), at('kept elsewhere'));
  });
  after(() => place[Symbol.dispose]());

  it('are no trouble under a password as long as the key is here', async () => {
    assert.doesNotMatch(await warnings('status'), /\.p12/);
  });

  it('are named when it leaves, and whenever somebody looks after that', async () => {
    const { stderr } = await offline('root.age');
    for (const name of ['certutil.p12', 'backup.p12'])
      assert.ok(stderr.includes(`still lies in ${at(name)}`), stderr);
    for (const name of ['changed.p12', 'gone.p12']) assert.ok(!stderr.includes(name), stderr);
    assert.match(stderr, /the backup moved\.age .* still holds the key of the root/);
    for (const command of ['status', 'ca show'])
      assert.match(
        await warnings(...command.split(' ')),
        /lies as PKCS#12 in .*certutil\.p12, though it was taken offline: remove that file/,
      );
  });

  it('are removed when that is said, as long as they are what was written', async () => {
    await quick('ca', 'online', at('root.age'), ...password());
    const { stdout } = await offline('again.age', '--remove-copies', '--json');
    const { removed, copies } = JSON.parse(stdout) as { removed: string[]; copies: string[] };
    assert.deepEqual([removed.sort(), copies], [[at('backup.p12'), at('certutil.p12')], []]);
    const left = ['certutil.p12', 'backup.p12', 'changed.p12', 'kept elsewhere', 'moved.age'];
    assert.deepEqual(
      left.filter((name) => existsSync(at(name))),
      left.slice(2),
    );
  });

  it('are named after a restore from one of them', async () => {
    const restored = ['--home', at('restored')];
    const words = ['ca', 'restore', at('moved.age'), '--kit', at('home/recovery-kit.txt')];
    await runProgram(launcher, [...words, '--names', 'localhost', '--log-is-lost', 'a test', ...restored]);
    const { stderr } = await runProgram(launcher, [
      'ca',
      'offline',
      at('restored.age'),
      ...password(),
      ...restored,
    ]);
    assert.match(stderr, /the backup moved\.age .* still holds the key of the root/);
  });
});
