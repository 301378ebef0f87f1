import type { AuthorityContext } from '../authority-context.ts';

/** What showed that there is another copy of this authority which is to be used instead. */
export interface NewerCopy {
  /** `mirror /mnt/x`, `client/alpha`. */
  readonly shownBy: string;
  readonly epoch: number;
  readonly sequence: number;
}

/** Ends the work of this authority for ever, on record; does nothing when it has ended already. */
export async function supersede({ database, log }: AuthorityContext, newer: NewerCopy): Promise<void> {
  await database.transaction(async (tx) => {
    const { changes } = await tx.run("UPDATE authority SET standing = 'superseded' WHERE standing = 'ready'");
    if (changes === 0) return;
    await log.append(tx, { kind: 'superseded', by: 'authority', details: { ...newer } });
  });
}
