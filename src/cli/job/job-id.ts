import { Argument, InvalidArgumentError } from 'commander';

/** The argument that names a job. */
export function idArgument(): Argument {
  return new Argument('<id>', 'its number, as job list shows it').argParser(parseId);
}

function parseId(text: string): number {
  const id = Number(text);
  if (/^\d{1,9}$/.test(text) && id >= 1) return id;
  throw new InvalidArgumentError('expected a number of job list');
}
