import type { Command, CommanderError, Option } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { RepeatableOption } from '../options/option-values.ts';

/** What to throw when `command` could not be parsed: an error that names its help. Help and version, which end a parse too, stay what they are. */
export function usageError(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0 || error.code === 'commander.help') return error;
  const message = error.message
    .replace(/^error: /, '')
    .replace(
      /^command-argument value ('[^']*') is invalid for argument ('[^']*')\. /,
      'argument $2: $1 is invalid; ',
    )
    .replace(/\n\(Did you mean ([^?\n]*)\?\)/, '; did you mean $1?');
  return new HoldfastError('usage', message, { hint: helpOf(command) });
}

/** The command that shows the help of `command`, as a user calls it: `holdfast cert revoke --help`. */
export function helpOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return [...names, '--help'].join(' ');
}

/**
 * Refuses a word of `command` that is there and empty: what a script has for a variable that was never set. As a path it
 * would be the folder that the user stands in.
 * @throws HoldfastError `usage`
 */
export function refuseEmpty(command: Command): void {
  const [empty] = [...emptyArguments(command), ...emptyOptions(command)];
  if (empty === undefined) return;
  throw new HoldfastError('usage', `${empty} is empty`, { hint: helpOf(command) });
}

/** A vendor's words are read by `compat`, which knows where one may be empty. */
function emptyArguments({ args, registeredArguments }: Command): string[] {
  return args.flatMap((word, at) => {
    const name = (registeredArguments[at] ?? registeredArguments.at(-1))?.name();
    return word === '' && name !== 'words' ? [`argument '${name}'`] : [];
  });
}

function emptyOptions(command: Command): string[] {
  return command.options
    .filter((option) => [command.getOptionValue(option.attributeName())].flat().includes(''))
    .map(({ flags }) => `option '${flags}'`);
}

/**
 * Makes `command` refuse an option that is said twice with a value and takes one: the first would be passed over. A switch
 * may be said as often as somebody likes.
 */
export function refuseRepeated(command: Command): void {
  for (const option of command.options.filter(takesOne)) {
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      times += 1;
      if (times > 1) throw saidTwice(command, option);
    });
  }
}

/** What to throw for such an option. */
export function saidTwice(command: Command, option: Option): HoldfastError {
  return new HoldfastError('usage', `option '${option.flags}' is said twice, and takes one value`, {
    hint: helpOf(command),
  });
}

function takesOne(option: Option): boolean {
  return !option.isBoolean() && !option.variadic && !(option instanceof RepeatableOption);
}
