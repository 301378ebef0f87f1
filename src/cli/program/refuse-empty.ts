import type { Command } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { helpOf } from './usage-error.ts';

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
