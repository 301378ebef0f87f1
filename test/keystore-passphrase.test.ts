import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('an authority whose keystore a passphrase opens', () => {
  let place: TemporaryDirectory;
  let home: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = async (...words: string[]): Promise<string> =>
    (await runProgram(launcher, [...words, '--home', home], { env: { HOME: place.path } })).stdout;
  const withFile = (file: string): string[] => ['--keystore-password-file', at(file)];

  before(async () => {
    place = temporaryDirectory();
    home = at('home');
    writeFileSync(at('right'), 'correct horse\n');
    writeFileSync(at('wrong'), 'incorrect horse\n');
    const port = String(await freePorts());
    const words = ['init', '--network', 'network.test', '--names', 'localhost', '--port', port];
    await run(...words, ...withFile('right'));
  });
  after(() => place[Symbol.dispose]());

  it('has no stash, and opens with the right one alone', async () => {
    assert.equal(existsSync(join(home, 'authority/stash')), false);
    const before = readFileSync(join(home, 'authority/keystore'));
    const refusal = { exit: 12, untouched: join(home, 'authority') } as const;
    for (const words of [['serve'], ['token', 'create', 'ann'], ['ca', 'show']]) {
      const there = [...words, '--home', home];
      await assertRefused(there, { ...refusal, code: 'password_missing', hint: /keystore_passphrase_file/ });
      await assertRefused([...there, ...withFile('wrong')], { ...refusal, code: 'password_wrong' });
    }
    assert.deepEqual(readFileSync(join(home, 'authority/keystore')), before);
    assert.match(await run('ca', 'show', ...withFile('right')), /root-1/);
  });

  it('is served with a file that a setting names, and then asks nobody', async () => {
    appendFileSync(join(home, 'holdfast.toml'), '\n[authority]\nkeystore_passphrase_file = "../right"\n');
    await using server = new RunningProgram(['serve', '--home', home], { env: { HOME: place.path } });
    await server.waitFor(/listening/);
    assert.match(await run('token', 'create', 'ann'), /^hf1-/);
    await run('keystore', 'rekey', '--new-keystore-password-file', at('wrong'));
    await server.stop();
    const refusal = { code: 'password_wrong', exit: 12, untouched: join(home, 'authority') } as const;
    await assertRefused(['ca', 'show', '--home', home], refusal);
  });

  it('goes under a stash, with which it starts by itself', async () => {
    await run('keystore', 'rekey', '--stash', ...withFile('wrong'));
    assert.equal(existsSync(join(home, 'authority/stash')), true);
    assert.match(await run('ca', 'show'), /root-1/);
    assert.match(await run('audit', 'list', '--kind', 'keystore rekeyed', '--json'), /"openedBy":"stash"/);
  });
});
