import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What a shell offers for the last of `words`; a folder has `kit.txt` and `other file` in it. */
type Offer = (words: readonly string[]) => Promise<string[]>;

describe('completion', () => {
  let here: TemporaryDirectory;
  before(async () => {
    here = temporaryDirectory();
    writeFileSync(join(here.path, 'kit.txt'), '');
    writeFileSync(join(here.path, 'other file'), '');
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, stdout } = await runHoldfast(['completion', shell], {});
      assert.equal(code, 0);
      writeFileSync(join(here.path, shell), stdout);
    }
  });
  after(() => here[Symbol.dispose]());

  const lines = async (program: string, script: string): Promise<string[]> => {
    const { stdout } = await runProgram(program, ['-c', script], { cwd: here.path });
    return stdout.split('\n').filter((line) => line !== '');
  };
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

  const shells: Readonly<Record<string, Offer>> = {
    bash: (words) =>
      lines(
        'bash',
        `source ./bash; COMP_WORDS=(holdfast ${quoted(words)}); COMP_CWORD=${words.length}; _holdfast
         printf '%s\\n' "\${COMPREPLY[@]}"`,
      ),
    zsh: async (words) => {
      // What a completion is offered by, which works in the line editor alone, prints here.
      const script = `compdef() { :; }; _files() { print -l -- *; }
        _describe() { print -l -- "\${(@)\${(@P)4}%%:*}"; }
        source ./zsh; words=(holdfast ${quoted(words)}); CURRENT=${words.length + 1}; _holdfast`;
      const found = await lines('zsh', script);
      return found.filter((each) => each.startsWith(words.at(-1) ?? ''));
    },
    fish: async (words) => {
      const found = await lines('fish', `source ./fish; complete -C 'holdfast ${words.join(' ')}'`);
      return found.map((line) => line.split('\t')[0] ?? '');
    },
  };

  for (const [shell, offer] of Object.entries(shells)) {
    it(`offers words, options, their values and files in ${shell}`, async () => {
      assert.deepEqual(await offer(['cer']), ['cert', 'certutil']);
      assert.deepEqual(await offer(['cert', 're']), ['renew', 'revoke']);
      assert.deepEqual(await offer(['ca', 'clock', '']), ['accept']);
      assert.deepEqual(await offer(['cert', 'list', '--st']), ['--state']);
      assert.deepEqual((await offer(['cert', 'list', '--state', ''])).sort(), [
        'expired',
        'revoked',
        'valid',
      ]);
      assert.deepEqual(await offer(['recover', '--kit', 'ki']), ['kit.txt']);
      assert.deepEqual(await offer(['token', 'create', '--role', 'st']), ['storage']);
    });

    it(`knows in ${shell} what is said in front of a command, and that a value is no command`, async () => {
      assert.deepEqual(await offer(['--json', 'cert', 're']), ['renew', 'revoke']);
      assert.deepEqual(await offer(['--home', 'serve', 'cert', 're']), ['renew', 'revoke']);
      assert.deepEqual(await offer(['cert', '--home', 'list', 're']), ['renew', 'revoke']);
    });
  }
});
