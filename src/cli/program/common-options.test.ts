import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { isHoldfastError } from '../../base/index.ts';
import type { WordEntry } from '../word.ts';
import { words as allWords } from '../words.ts';
import type { CommonOptions } from './common-options.ts';
import { createProgram } from './create-program.ts';

/** Every command as it is called. */
function paths(entries: readonly WordEntry[]): string[][] {
  return entries.flatMap(({ name, words }) =>
    words === undefined ? [[name]] : paths(words).map((below) => [name, ...below]),
  );
}

/** What a command that is called by `words` begins with. */
async function begin(words: readonly string[]): Promise<CommonOptions> {
  let begun: Command | undefined;
  const start = (command: Command): never => {
    begun = command;
    throw new RangeError('begun');
  };
  const program = await createProgram({ program: 'holdfast', words }, start);
  await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
  });
  assert.ok(begun, words.join(' '));
  return begun.opts<CommonOptions>();
}

/** Words after `path` with which its command begins: what is missing says its own name. */
async function enough(path: readonly string[], given: readonly string[] = []): Promise<readonly string[]> {
  try {
    await begin([...path, ...given]);
    return given;
  } catch (error) {
    if (!isHoldfastError(error, 'usage') || given.length > 6) throw error;
    if (error.message.startsWith('missing required argument')) return enough(path, ['1', ...given]);
    const [, choice] = /^argument '.*Allowed choices are ([\w-]+)/.exec(error.message) ?? [];
    if (choice !== undefined && given.includes('1'))
      return enough(path, given.with(given.indexOf('1'), choice));
    const [, beside] = /means something beside (--[a-z-]+)/.exec(error.message) ?? [];
    const flag = beside ?? /--[a-z-]+/.exec(error.message)?.[0];
    const samples: Readonly<Record<string, string>> = {
      '--to': 'postgres://db.example/holdfast',
      '--scope': 'user',
      '--expires': '1d',
    };
    const sample =
      (path[0] === 'db' || path[0] === 'grant' || flag === '--scope' ? samples[flag ?? ''] : undefined) ??
      'x';
    return enough(path, [...given, flag ?? '', ...(flag === '--none' || flag === '--list' ? [] : [sample])]);
  }
}

const common = ['--json', '--verbose', '--home', '/h', '--keystore-password-file', '/p'];
const expected = { json: true, verbose: true, home: '/h', keystorePasswordFile: '/p' };

describe('what every command takes', () => {
  it('is taken in front of each command, between its words and behind it', async () => {
    for (const path of paths(allWords)) {
      const rest = await enough(path);
      const before = path.map((_, at) => [...path.slice(0, at), ...common, ...path.slice(at), ...rest]);
      for (const said of [...before, [...path, ...rest, ...common]]) {
        const { json, verbose, home, keystorePasswordFile } = await begin(said);
        assert.deepEqual({ json, verbose, home, keystorePasswordFile }, expected, said.join(' '));
      }
    }
  });

  it('is refused in front and behind where it takes one value, and a switch may be said twice', async () => {
    await assert.rejects(begin(['--home', '/a', 'status', '--home', '/b']), /--home <dir>' is said twice/);
    await assert.rejects(
      begin(['--home', '/a', 'ca', '--home', '/b', 'show']),
      /--home <dir>' is said twice/,
    );
    await assert.rejects(begin(['--home', '/a', '--home', '/b', 'status']), /--home <dir>' is said twice/);
    assert.equal((await begin(['--json', 'status', '--json'])).json, true);
  });

  it('has a value that may be the name of a command', async () => {
    assert.equal((await begin(['--home', 'serve', 'status'])).home, 'serve');
  });
});
