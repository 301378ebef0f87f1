import type { Argument, Command, Option } from 'commander';
import { createFullProgram } from '../../src/cli/program/create-program.ts';

/** A manual page, and the name of its file. */
export interface ManPage {
  readonly file: string;
  /** In the macros of man(7). */
  readonly text: string;
}

/** `holdfast.1` with the list of commands, and one page for each word behind it: `holdfast-cert.1` has `cert list` and the others. */
export async function manPages(version: string): Promise<ManPage[]> {
  const program = await createFullProgram();
  const words = program.commands.filter(isOwn);
  return [programPage(program, words, version), ...words.map((word) => wordPage(word, version))];
}

const isOwn = (command: Command): boolean => command.name() !== 'help';

function programPage(program: Command, words: readonly Command[], version: string): ManPage {
  const text = [
    heading('holdfast', version, program.description()),
    '.SH SYNOPSIS',
    '.B holdfast',
    '.I command',
    '.RI [ options ]',
    '.SH COMMANDS',
    ...words.flatMap((word) => ['.TP', `.BR holdfast\\-${escape(word.name())} (1)`, escape(word.summary())]),
    '.SH SEE ALSO',
    words.map((word) => `.BR holdfast\\-${escape(word.name())} (1)`).join(' ,\n'),
  ];
  return { file: 'holdfast.1', text: `${text.join('\n')}\n` };
}

function wordPage(word: Command, version: string): ManPage {
  const name = `holdfast-${word.name()}`;
  const commands = leaves(word, ['holdfast']);
  const text = [
    heading(name, version, word.summary()),
    '.SH SYNOPSIS',
    ...commands.flatMap(({ path, command }) => [`.B ${escape(path)}`, ...usageOf(command), '.br']),
    '.SH DESCRIPTION',
    ...commands.flatMap(describe),
    '.SH SEE ALSO',
    '.BR holdfast (1)',
  ];
  return { file: `${name}.1`, text: `${text.join('\n')}\n` };
}

function heading(name: string, version: string, summary: string): string {
  const title = name.toUpperCase();
  return `.TH "${title}" 1 "" "Holdfast ${version}"\n.SH NAME\n${escape(name)} \\- ${escape(summary)}`;
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, above: readonly string[]): Leaf[] {
  const path = [...above, command.name()];
  const below = command.commands.filter(isOwn);
  return below.length === 0
    ? [{ path: path.join(' '), command }]
    : below.flatMap((each) => leaves(each, path));
}

function describe({ path, command }: Leaf): string[] {
  return [
    `.SS ${escape(path)}`,
    escape(command.description()),
    ...command.registeredArguments.map(argumentText),
    ...command.options.map(optionText),
    ...helpText(command),
  ];
}

/** What stands behind the words, when anything does; options stand below. */
function usageOf(command: Command): string[] {
  const usage = command.usage().replace(/^\[options\] ?/, '');
  return usage === '' ? [] : [escape(usage)];
}

function argumentText(argument: Argument): string {
  return `.TP\n.I ${escape(argument.name())}\n${escape(argument.description)}`;
}

function optionText({ flags, description }: Option): string {
  return `.TP\n.B ${escape(flags)}\n${escape(description)}`;
}

/** What stands below the options in the help of a command, its examples for the most part, as it is. */
function helpText(command: Command): string[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  const own = text.slice(text.indexOf(command.helpInformation()) + command.helpInformation().length).trim();
  return own === '' ? [] : ['.PP', '.nf', escape(own), '.fi'];
}

/** A line that begins with a dot or a quote would be a request; a hyphen is one that can be copied. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}
