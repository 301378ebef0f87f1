import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { saidTwice } from './failure.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly home?: string;
  readonly keystorePasswordFile?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const rows: readonly (readonly [flags: string, description: string])[] = [
  ['--home <dir>', 'home directory (HOLDFAST_HOME; /var/lib/holdfast for root)'],
  ['--keystore-password-file <file>', "passphrase of the authority's keystore, where it has one"],
  ['--json', 'print JSON on stdout'],
  ['--verbose', 'log what is done, as JSON lines on stderr'],
];

const makeOptions = (): Option[] => rows.map(([flags, description]) => new Option(flags, description));

/** Gives a command what every command takes, and its help a part that says so. */
export function addCommonOptions(command: Command): void {
  command.optionsGroup('Everywhere:');
  for (const option of makeOptions()) command.addOption(option);
}

/** Makes the program, or a word with others below it, take the same: `holdfast --json status` is `holdfast status --json`. */
export function takeCommonOptions(command: Command): void {
  command.enablePositionalOptions();
  for (const option of makeOptions()) command.addOption(option.hideHelp());
}

/**
 * Gives `command` the common options that were said before it.
 * @throws HoldfastError `usage` when one is said before and after, and takes one value
 */
export function bringDown(command: Command): void {
  for (const above of ancestors(command))
    for (const option of makeOptions()) {
      const name = option.attributeName();
      if (above.getOptionValueSource(name) !== 'cli') continue;
      if (option.required && command.getOptionValueSource(name) === 'cli') throw saidTwice(command, option);
      command.setOptionValueWithSource(name, above.getOptionValue(name), 'cli');
    }
}

/** Whether `word` is a common option whose value is the next word. */
export function takesNextWord(word: string): boolean {
  return rows.some(([flags]) => flags.startsWith(`${word} <`));
}

function ancestors({ parent }: Command): Command[] {
  return parent === null ? [] : [parent, ...ancestors(parent)];
}

/**
 * `error` with the option in front whose value it is about: a path in a message says what was looked at, and not why. Paths
 * count from `workingDirectory`.
 */
export function nameOption(error: unknown, command: Command, workingDirectory: string): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const { code, message, hint, cause } = error;
  const option = command.options.find(({ long }) => long !== undefined && message.includes(long));
  const flag = option === undefined ? optionOf(message, command, workingDirectory) : undefined;
  if (flag === undefined) return error;
  return new HoldfastError(code, `${flag}: ${message}`, { hint, cause });
}

function optionOf(message: string, command: Command, workingDirectory: string): string | undefined {
  const said = command.options.filter(
    (option) => option.long !== '--home' && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  return said.find((option) => {
    const values = [command.getOptionValue(option.attributeName())].flat();
    return values.some(
      (value) => typeof value === 'string' && speaksOf(message, resolve(workingDirectory, value)),
    );
  })?.long;
}

/** Whether `path` stands in `message` by itself, and not as the beginning of another. */
function speaksOf(message: string, path: string): boolean {
  const after = message.split(path).slice(1);
  return after.some((rest) => !/^[\w/-]/.test(rest) && !/^\.\w/.test(rest));
}
