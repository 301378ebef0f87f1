import type { Command, Option } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { RepeatableOption } from '../options/repeatable-option.ts';
import { helpOf } from './usage-error.ts';

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
