import type { Command } from 'commander';
import type { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { formatElapsed } from '../terminal/format.ts';
import { parseDurationOption } from './option-values.ts';

/** Options of every command that locks a repository for itself. */
export interface LockingOptions {
  /** Milliseconds. */
  readonly retryLock?: number;
}

/** Adds the option that says how a repository that somebody else holds is waited for. */
export function addLockOptions(command: Command): Command {
  return command.option(
    '--retry-lock <duration>',
    'wait so long for whoever works on the repository (10m, 2h)',
    parseDurationOption,
  );
}

/** The same as the repository takes it; who is waited for is named. */
export function lockingOf(
  { retryLock }: LockingOptions,
  { output }: Pick<Context, 'output'>,
): { readonly retryForMs?: number; readonly onWaiting: (error: HoldfastError) => void } {
  const onWaiting = ({ message }: HoldfastError): void =>
    output.say(`  waiting     up to ${formatElapsed(retryLock ?? 0)}: ${message}`);
  return { onWaiting, ...(retryLock !== undefined && { retryForMs: retryLock }) };
}
