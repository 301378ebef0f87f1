import { Command } from 'commander';
import { programBuild, programVersion } from '../../base/index.ts';
import { checkRules } from '../options/word-rules.ts';
import { printAnswer } from '../terminal/answer.ts';
import { wrapHelp } from '../terminal/table.ts';
import type { CommandEntry, WordEntry } from '../word.ts';
import { words as allWords } from '../words.ts';
import type { CalledWords } from './called-words.ts';
import { addCommonOptions, bringDown, takeCommonOptions, takesNextWord } from './common-options.ts';
import type { Context } from './context.ts';
import { refuseEmpty, refuseRepeated, usageError } from './failure.ts';

/** What stands below a help is wrapped at this width, whatever the terminal has. */
export const helpWidth = 80;

/** Makes the context of a command that begins. */
export type Start = (command: Command) => Context;

/** Which words are loaded, and how the one that is called begins. */
interface Wanted {
  readonly isWanted: (entry: WordEntry) => boolean;
  readonly start: Start;
}

/** The command line with the one command that is called loaded, by the program's own name or a vendor's. */
export async function createProgram({ program: name, words }: CalledWords, start: Start): Promise<Command> {
  const vendors = allWords.find((entry) => entry.name === name);
  const called = saidEntries(vendors?.words ?? allWords, words);
  const wanted: Wanted = { isWanted: (entry) => entry === vendors || called.includes(entry), start };
  if (vendors !== undefined) return await fill(createParser(name), vendors, wanted);
  return await ownProgram(wanted, words.includes('--json'));
}

/** The whole command line, with every word loaded: what help, documentation and tests look at. */
export function createFullProgram(): Promise<Command> {
  return ownProgram({ isWanted: () => true, start: misplacedStart });
}

/** The entries that `said` calls, the outermost first; options that are said before a word are passed over. */
function saidEntries(entries: readonly WordEntry[], said: readonly string[]): readonly WordEntry[] {
  const [first, ...rest] = said;
  if (first === undefined) return [];
  if (takesNextWord(first)) return saidEntries(entries, rest.slice(1));
  if (first.startsWith('-') || first === 'help') return saidEntries(entries, rest);
  const entry = entries.find(({ name }) => name === first);
  return entry === undefined ? [] : [entry, ...saidEntries(entry.words ?? [], rest)];
}

async function ownProgram(wanted: Wanted, json = false): Promise<Command> {
  const program = createParser('holdfast', json)
    .description('A backup network that brings its own certificate authority.')
    .addHelpText('after', examples);
  const isEveryday = ({ everyday = false }: WordEntry): boolean => everyday;
  await addWords(program.commandsGroup('Every day:'), allWords.filter(isEveryday), wanted);
  const others = allWords.filter((entry) => !isEveryday(entry));
  await addWords(program.commandsGroup('Running a network:'), others, wanted);
  return lead(program);
}

/**
 * A program of this name, with what is the same in each. What cannot be parsed is thrown, and said where every failure is. Its
 * version is for a person, or for whoever asked for JSON.
 */
function createParser(name: string, json = false): Command {
  const version = json ? JSON.stringify(programBuild()) : programVersion();
  return new Command(name)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureOutput({
      outputError: () => {},
      writeOut: (text) => void process.stdout.write(wrapHelp(text, helpWidth)),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .hook('preAction', (_program, command) => {
      bringDown(command);
      refuseEmpty(command);
      checkRules(command);
    });
}

async function addWords(parent: Command, entries: readonly WordEntry[], wanted: Wanted): Promise<void> {
  for (const entry of entries) await fill(parent.command(entry.name).summary(entry.summary), entry, wanted);
}

/** Gives `command` what `entry` says: the words below it, or what the one command takes and does. */
async function fill(command: Command, entry: WordEntry, wanted: Wanted): Promise<Command> {
  command.description(entry.summary);
  if (!wanted.isWanted(entry)) return command;
  if (entry.words === undefined) return await load(command, entry, wanted);
  await addWords(command.description(entry.description ?? entry.summary), entry.words, wanted);
  return lead(command);
}

async function load(command: Command, entry: CommandEntry, { start }: Wanted): Promise<Command> {
  const { word } = await entry.load();
  word.define(command);
  command.action(async (...said: readonly unknown[]) => {
    const context = start(command);
    const answer = await word.run(context, ...(said.slice(0, -1) as never[]));
    if (answer !== undefined) await printAnswer(context.output, answer);
  });
  addCommonOptions(command);
  nameRequired(command);
  return pointToItsHelp(command);
}

/** Puts what a command cannot do without into its usage line. */
function nameRequired(command: Command): void {
  const required = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags);
  if (required.length > 0)
    command.usage(command.usage().replace('[options]', ['[options]', ...required].join(' ')));
}

/** Makes a command that leads to others take what each of them takes. */
function lead(command: Command): Command {
  takeCommonOptions(command);
  return pointToItsHelp(command);
}

/** Makes what is wrong with the words of `command` point to its own help. */
function pointToItsHelp(command: Command): Command {
  refuseRepeated(command);
  return command.exitOverride((error) => {
    throw usageError(command, error);
  });
}

function misplacedStart(): Context {
  throw new TypeError('this program is for looking at, not for running');
}

const examples = `
Examples:
  holdfast up ~/Documents               a network, a server and a verified backup
  holdfast token create laptop          a join code for another machine
  holdfast join                         on that machine, which asks for the code
  holdfast backup ~/Documents           back up again; only what changed is stored
  holdfast restore latest --target DIR  bring it back
`;
