import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('what a script of before says', () => {
  let place: TemporaryDirectory;
  const at = (name: string): string => join(place.path, name);
  const run = (words: readonly string[]): Promise<ProgramResult> =>
    runProgram(launcher, [...words, '--home', at('home')]);

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('passphrase'), 'of the kit\n');
    const words = ['init', '--kit-passphrase-file', at('passphrase'), '--port', String(await freePorts())];
    assert.equal(
      (await run(words)).stderr,
      'warning: --kit-passphrase-file is an old spelling of --kit-password-file, and goes on working for a while\n',
    );
  });

  after(() => place[Symbol.dispose]());

  it('in an old spelling does what it did, and is told the one of today', async () => {
    await run(['ca', 'backup', at('backup.age')]);
    const kit = ['--kit', at('home/recovery-kit.txt')];
    const rehearse = ['ca', 'rehearse', ...kit, `--passphrase-file=${at('passphrase')}`];
    const { stderr } = await run(rehearse);
    assert.match(stderr, /^warning: --passphrase-file is an old spelling of --kit-password-file/);
    assert.equal((await run(['ca', 'rehearse', ...kit, '--kit-password-file', at('passphrase')])).stderr, '');
  });

  it('about a file that is there is done, with a warning that --force will be needed', async () => {
    const commands = [
      ['policy', 'export'],
      ['audit', 'export'],
      ['ca', 'crl', '--out'],
    ];
    for (const words of commands) {
      const file = at(words.join('-'));
      assert.equal((await run([...words, file])).stderr, '');
      writeFileSync(file, 'of before');
      assert.match((await run([...words, file])).stderr, /^warning: .* is replaced.*--force/);
      assert.notEqual(readFileSync(file, 'utf8'), 'of before');
      writeFileSync(file, 'of before');
      assert.equal((await run([...words, file, '--force'])).stderr, '');
      assert.notEqual(readFileSync(file, 'utf8'), 'of before');
    }
  });
});
