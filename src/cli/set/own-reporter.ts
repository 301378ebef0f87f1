import { findAgent, Reporter } from '../../agent/index.ts';
import { machineName } from '../../transport/index.ts';
import type { Context } from '../program/context.ts';

/** What tells the server how the sets of this machine stand, where no agent does. */
export async function ownReporter(
  { clock, log, signal }: Context,
  directory: string,
): Promise<Reporter | undefined> {
  if ((await findAgent(directory)) !== undefined) return undefined;
  return new Reporter({ directory, machine: machineName(), clock, log, signal });
}
