import type { Command } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { helpOf } from '../program/failure.ts';

/**
 * A word of a command: an option by its long flag (`--to`), an argument by its name (`file`); with a value behind a space it
 * is that word when it has that value (`--format p12`), or, before a star, one that begins so (`snapshot latest*`); of several
 * values one of them.
 */
type Word = string;

/** How words of a command go together. What would be passed over is refused: whoever said it counts on it. */
export interface WordRule {
  readonly words: readonly Word[];
  /** What is wrong with the words that were said, or undefined. */
  problem(said: (word: Word) => boolean): string | undefined;
}

/** Not more than one of `words`. */
export function atMostOne(...words: readonly Word[]): WordRule {
  return {
    words,
    problem: (said) => {
      const [first, second] = words.filter(said);
      return second === undefined ? undefined : `${first} and ${second} do not go together`;
    },
  };
}

/** One of `words`, and not two. */
export function exactlyOne(...words: readonly Word[]): WordRule {
  const notTwo = atMostOne(...words);
  return {
    words,
    problem: (said) => (words.some(said) ? notTwo.problem(said) : `expected one of ${words.join(' and ')}`),
  };
}

/** One of `words`, or more. */
export function atLeastOne(...words: readonly Word[]): WordRule {
  return {
    words,
    problem: (said) => (words.some(said) ? undefined : `expected ${words.join(' or ')}, or both`),
  };
}

/** `word` only beside one of `others`. */
export function needs(word: Word, ...others: readonly Word[]): WordRule {
  return {
    words: [word, ...others],
    problem: (said) =>
      said(word) && !others.some(said)
        ? `${word} means something beside ${others.join(' or ')} alone`
        : undefined,
  };
}

const rulesOf = new WeakMap<Command, readonly WordRule[]>();

/** Says how the words of `command` go together. */
export function addRules(command: Command, ...rules: readonly WordRule[]): Command {
  rulesOf.set(command, [...wordRulesOf(command), ...rules]);
  return command;
}

/** The rules that were said of `command`. */
export function wordRulesOf(command: Command): readonly WordRule[] {
  return rulesOf.get(command) ?? [];
}

/** Holds what was said to the rules of `command`. @throws HoldfastError `usage` */
export function checkRules(command: Command): void {
  for (const rule of wordRulesOf(command)) {
    const problem = rule.problem((word) => isSaid(command, word));
    if (problem !== undefined) throw new HoldfastError('usage', problem, { hint: helpOf(command) });
  }
}

function isSaid(command: Command, word: Word): boolean {
  const [name = '', value] = word.split(' ');
  const found = name.startsWith('--') ? optionValue(command, name) : argumentValue(command, name);
  return value === undefined ? found !== undefined : [found].flat().some((one) => isValue(one, value));
}

function isValue(found: unknown, value: string): boolean {
  if (!value.endsWith('*')) return found === value;
  return typeof found === 'string' && found.startsWith(value.slice(0, -1));
}

/** What was typed; a default was not. */
function optionValue(command: Command, flag: string): unknown {
  const name = declared(
    command.options.find(({ long }) => long === flag),
    flag,
  ).attributeName();
  return command.getOptionValueSource(name) === 'cli' ? command.getOptionValue(name) : undefined;
}

function argumentValue({ registeredArguments, processedArgs }: Command, name: string): unknown {
  const at = registeredArguments.findIndex((argument) => argument.name() === name);
  declared(registeredArguments[at], name);
  const value: unknown = processedArgs[at];
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}

function declared<T>(word: T | undefined, name: string): T {
  if (word === undefined) throw new TypeError(`a rule names ${name}, which is no word of the command`);
  return word;
}
