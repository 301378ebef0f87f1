import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { readStanding } from '../standing.ts';

/** Ends the work of this authority, since it goes on elsewhere; recorded in the same transaction. */
export async function retire(
  { database, log }: AuthorityContext,
  { path, by }: { readonly path: string; readonly by: string },
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run("UPDATE authority SET standing = 'retired'");
    await log.append(tx, { kind: 'retired', by, details: { movedTo: path } });
  });
}

/** Takes a retirement back. @throws HoldfastError `usage` when this authority is not retired */
export async function unretire(
  { database, log, reader }: AuthorityContext,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  const standing = readStanding(reader);
  if (standing !== 'retired') {
    throw new HoldfastError('usage', `this authority was not moved away: it is ${standing}`);
  }
  await database.transaction(async (tx) => {
    await tx.run("UPDATE authority SET standing = 'ready'");
    await log.append(tx, { kind: 'retired', by, details: { undone: reason } });
  });
}
