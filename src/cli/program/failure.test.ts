import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { isHoldfastError } from '../../base/index.ts';
import { createFullProgram } from './create-program.ts';

test('words that a command does not have point to the help of that very command', async () => {
  const program = await createFullProgram();
  for (const words of wordsOf(program, [])) {
    // Its words are the vendor's, with options that look unknown.
    if (words[0] === 'certutil' || words[0] === 'dsmcert') continue;
    await assert.rejects(program.parseAsync([...words, '--no-such-option'], { from: 'user' }), (error) => {
      assert.ok(isHoldfastError(error, 'usage'));
      assert.match(error.message, /^unknown option '--no-such-option'|^required option/);
      assert.equal(error.hint, ['holdfast', ...words, '--help'].join(' '));
      return true;
    });
  }
});

/** The words of `command`, which itself is called with `before`, and of all below it. */
function wordsOf(command: Command, before: readonly string[]): (readonly string[])[] {
  return [before, ...command.commands.flatMap((below) => wordsOf(below, [...before, below.name()]))];
}
