import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** Ends the work of this authority, since it goes on elsewhere; recorded in the same transaction. */
export async function retire(
  { records, log }: AuthorityContext,
  { path, by }: { readonly path: string; readonly by: string },
): Promise<void> {
  await records.transaction(async (tx) => {
    await tx.state.setStanding('retired');
    await log.append(tx, { kind: 'retired', by, details: { movedTo: path } });
  });
}

/** Takes a retirement back. @throws HoldfastError `usage` when this authority is not retired */
export async function unretire(
  { records, present, log }: AuthorityContext,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  const { standing } = present.state;
  if (standing !== 'retired') {
    throw new HoldfastError('usage', `this authority was not moved away: it is ${standing}`);
  }
  await records.transaction(async (tx) => {
    await tx.state.setStanding('ready');
    await log.append(tx, { kind: 'retired', by, details: { undone: reason } });
  });
}
