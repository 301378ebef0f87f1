import type { Records } from '../records/records.ts';
import type { CheckpointFile } from './mirror-format.ts';

/** The epochs of a log up to record `last`, with the first record of each: found by halving, since epochs only grow. */
export async function logEpochs(records: Records, last: number): Promise<CheckpointFile['epochs']> {
  const epochs = [];
  for (let first = 1; first <= last; ) {
    const epoch = await epochAt(records, first);
    epochs.push({ epoch, first });
    first = await firstAfter(records, { epoch, first, last });
  }
  return epochs;
}

async function firstAfter(
  records: Records,
  { epoch, first, last }: { readonly epoch: number; readonly first: number; readonly last: number },
): Promise<number> {
  let [same, later] = [first, last + 1];
  while (later - same > 1) {
    const middle = Math.floor((same + later) / 2);
    if ((await epochAt(records, middle)) > epoch) later = middle;
    else same = middle;
  }
  return later;
}

async function epochAt({ log }: Records, sequence: number): Promise<number> {
  const { epoch } = JSON.parse((await log.text(sequence)) ?? '{}') as { readonly epoch?: number };
  return Number(epoch);
}
