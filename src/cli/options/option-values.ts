import { InvalidArgumentError, Option } from 'commander';
import { durationForm, parseDuration, parseSize, sizeForm } from '../../base/index.ts';

/** An option that may be said several times; all that was said counts, in its order. */
export class RepeatableOption extends Option {
  /** `parse` makes values of one saying, one unless said. */
  constructor(
    flags: string,
    description: string,
    parse: (text: string) => readonly string[] = (text) => [text],
  ) {
    super(flags, `${description} (repeatable)`);
    this.argParser((text: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      ...parse(text),
    ]);
  }
}

/** A list of what has no comma in it, names and addresses: in one word with commas, in several sayings, or both. */
export class ListOption extends RepeatableOption {
  constructor(flags: string, description: string) {
    super(flags, `${description}, separated by commas`, splitList);
  }
}

function splitList(text: string): string[] {
  const values = text.split(',').map((value) => value.trim());
  if (values.every((value) => value !== '')) return values;
  throw new InvalidArgumentError('expected one value or several, separated by commas');
}

/** Reads the value of an option that takes a duration of more than nothing, in milliseconds. */
export function parseDurationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError(`expected ${durationForm}`);
  return ms;
}

/** Reads a size, in bytes. */
export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new InvalidArgumentError(`expected ${sizeForm}`);
  return bytes;
}

/** Reads how many are wanted of a list. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit;
  throw new InvalidArgumentError('expected a number from 1 to 100000');
}

/** The number of a request on a command line. */
export function requestId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of holdfast request list');
}
