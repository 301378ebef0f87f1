import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command, type Option } from 'commander';
import { isHoldfastError } from '../../base/index.ts';
import { createFullProgram } from '../program/create-program.ts';
import { RepeatableOption } from './option-values.ts';
import { addRules, atMostOne, checkRules, exactlyOne, needs, wordRulesOf } from './word-rules.ts';

/** What is said of the words of a command with some rules, or undefined when they go together. */
function problemOf(words: readonly string[]): string | undefined {
  const command = new Command('sample')
    .argument('[file]')
    .option('--to <place>')
    .option('--every <time>')
    .option('--format <format>', '', 'age')
    .option('--legacy')
    .option('--late')
    .exitOverride();
  addRules(
    command,
    exactlyOne('file', '--to'),
    needs('--every', '--to'),
    needs('--legacy', '--format p12', 'file old'),
    atMostOne('--to', '--legacy'),
    needs('--late', 'file old*'),
  );
  try {
    command.parse(words, { from: 'user' });
    checkRules(command);
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'usage')) return error.message;
    throw error;
  }
}

describe('rules of how words go together', () => {
  it('let through what goes together', () => {
    assert.equal(problemOf(['f']), undefined);
    assert.equal(problemOf(['--to', 'x', '--every', '1d']), undefined);
    assert.equal(problemOf(['f', '--legacy', '--format', 'p12']), undefined);
    assert.equal(problemOf(['old', '--legacy']), undefined);
    assert.equal(problemOf(['old~2', '--late']), undefined);
  });

  it('name both of two that do not, and what one needs', () => {
    assert.equal(problemOf([]), 'expected one of file and --to');
    assert.equal(problemOf(['f', '--to', 'x']), 'file and --to do not go together');
    assert.equal(problemOf(['f', '--every', '1d']), '--every means something beside --to alone');
    assert.equal(problemOf(['f', '--late']), '--late means something beside file old* alone');
    assert.match(problemOf(['f', '--legacy']) ?? '', /^--legacy means something beside --format p12 or/);
  });
});

/** The commands that do something, each with the words that call it. */
function leaves(command: Command, before: readonly string[] = []): { command: Command; words: string[] }[] {
  if (command.commands.length === 0) return [{ command, words: [...before] }];
  return command.commands.flatMap((below) => leaves(below, [...before, below.name()]));
}

/** A value that the option takes. */
function sampleOf({ argChoices, parseArg }: Option): string {
  const values = argChoices ?? [
    '1d',
    '1',
    '0600',
    '2027-01-01',
    'host',
    'unlimited',
    'postgres://db.example/holdfast',
  ];
  const found = values.find((value) => {
    try {
      parseArg?.(value, undefined);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(found, 'no sample fits');
  return found;
}

describe('every command', async () => {
  const all = leaves(await createFullProgram()).filter(
    ({ words }) => words[0] !== 'certutil' && words[0] !== 'dsmcert',
  );

  it('has the words that its rules name', () => {
    for (const { command, words } of all) {
      const named = new Set([
        ...command.options.map(({ long }) => long),
        ...command.registeredArguments.map((argument) => argument.name()),
      ]);
      for (const word of wordRulesOf(command).flatMap((rule) => rule.words))
        assert.ok(named.has(word.split(' ')[0]), `${words.join(' ')} has no ${word}`);
    }
  });

  it('refuses by name an option that is said twice and takes one value', async () => {
    let refused = 0;
    for (const { command, words } of all) {
      for (const option of command.options.filter((each) => !each.isBoolean() && !each.variadic)) {
        const value = sampleOf(option);
        const program = await createFullProgram();
        const said = [...words, option.long ?? '', value, option.long ?? '', value];
        const outcome = await program.parseAsync(said, { from: 'user' }).catch((error: unknown) => error);
        const isTwice =
          outcome instanceof Error && outcome.message.endsWith(' is said twice, and takes one value');
        assert.equal(isTwice, !(option instanceof RepeatableOption), said.join(' '));
        if (isTwice) refused++;
      }
    }
    assert.ok(refused > 100);
  });
});
