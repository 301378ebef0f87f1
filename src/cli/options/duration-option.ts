import { InvalidArgumentError } from 'commander';
import { durationForm, parseDuration } from '../../base/index.ts';

/** Reads the value of an option that takes a duration of more than nothing, in milliseconds. */
export function parseDurationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError(`expected ${durationForm}`);
  return ms;
}
