import type { Argument, Command, Option } from 'commander';

/** What may stand where something is to be completed. */
export type Values =
  | { readonly kind: 'file' }
  /** Text that nobody can guess. */
  | { readonly kind: 'text' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

/** A word or an option, and what it is for. */
export interface Described {
  readonly text: string;
  readonly summary: string;
}

/** An option as a shell needs it. */
export interface CompletableOption extends Described {
  /** What follows it; undefined for a switch. */
  readonly values: Values | undefined;
}

/** What can be said after the words of `path`. */
export interface Completable {
  /** `cert list`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly Described[];
  readonly options: readonly CompletableOption[];
  /** What its arguments are, where it has any. */
  readonly argument: Values | undefined;
}

/** Names of values that are places on this machine. */
const fileNames = /^(?:file|dir|directory|path|paths|place|file-or-name|serial-or-file)$/;

/** Every command of the program with what a shell can offer after it, the program itself first. */
export function completables(command: Command, path: readonly string[] = []): Completable[] {
  const below = command.commands.filter((each) => each.name() !== 'help');
  const [argument] = command.registeredArguments;
  const own: Completable = {
    path: path.join(' '),
    words: below.map((each) => ({ text: each.name(), summary: each.summary() })),
    options: command.options.flatMap(completableOption),
    argument: argument && valuesOf(argument, argument.name()),
  };
  return [own, ...below.flatMap((each) => completables(each, [...path, each.name()]))];
}

function completableOption(option: Option): CompletableOption[] {
  const { long, description: summary } = option;
  if (long === undefined || long === null) return [];
  const name = /[<[]([a-z0-9-]+)/.exec(option.flags)?.[1];
  return [{ text: long, summary, values: name === undefined ? undefined : valuesOf(option, name) }];
}

function valuesOf({ argChoices }: Argument | Option, name: string): Values {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  return { kind: fileNames.test(name) ? 'file' : 'text' };
}

/** Cases of a shell's `case "$path $word" in` that say which options take a value, and of which kind, in `takes`. */
export function valueCases(all: readonly Completable[]): string {
  return all
    .flatMap(({ path, options }) =>
      options.flatMap(({ text, values }) =>
        values === undefined ? [] : [`      '${path} ${text}') takes='${kindOf(values)}' ;;`],
      ),
    )
    .join('\n');
}

/** The pattern of such a case that every path there is fits. */
export function knownPaths(all: readonly Completable[]): string {
  const paths = all.map(({ path }) => path).filter((path) => path !== '');
  return paths.map((path) => (path.includes(' ') ? `'${path}'` : `' ${path}'`)).join(' | ');
}

function kindOf(values: Values): string {
  return values.kind === 'words' ? `words:${values.words.join(' ')}` : values.kind;
}
