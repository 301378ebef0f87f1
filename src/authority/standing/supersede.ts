import { HoldfastError } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** What showed that there is another copy of this authority which is to be used instead. */
export interface NewerCopy {
  /** `mirror /mnt/x`, `client/alpha`. */
  readonly shownBy: string;
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Ends the work of this authority for ever, on record; does nothing when it has ended already.
 * @throws HoldfastError `authority_superseded` from one that only looks, which leaves its records as they are
 */
export async function supersede({ records, log, looks }: AuthorityContext, newer: NewerCopy): Promise<void> {
  if (looks) throw knowsMore(newer);
  await records.transaction(async (tx) => {
    if (!(await tx.state.supersede())) return;
    await log.append(tx, { kind: 'superseded', by: 'authority', details: { ...newer } });
  });
}

function knowsMore({ shownBy, epoch, sequence }: NewerCopy): HoldfastError {
  return new HoldfastError(
    'authority_superseded',
    `${shownBy} has record ${sequence} of epoch ${epoch}, which is not in the log here`,
    { hint: 'holdfast audit verify says whether the log here was cut off, or this is an older copy' },
  );
}
