import type { Command, CommanderError } from 'commander';
import { HoldfastError } from '../../base/index.ts';

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
