import { InvalidArgumentError } from 'commander';

/** The number of a request on a command line. */
export function requestId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of holdfast request list');
}
