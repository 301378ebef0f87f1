import { resolve } from 'node:path';
import type { Command } from 'commander';
import { HoldfastError } from '../../base/index.ts';

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
