import type { CommittedReader } from '../../db/index.ts';
import type { CheckpointFile } from './mirror-format.ts';

/** The epochs of a log up to record `last`, with the first record of each: found by halving, since epochs only grow. */
export function logEpochs(reader: CommittedReader, last: number): CheckpointFile['epochs'] {
  const epochs = [];
  for (let first = 1; first <= last; ) {
    const epoch = epochAt(reader, first);
    epochs.push({ epoch, first });
    first = firstAfter(reader, { epoch, first, last });
  }
  return epochs;
}

/** The first record of a later epoch than that of record `first`; `last + 1` when there is none. */
function firstAfter(
  reader: CommittedReader,
  { epoch, first, last }: { readonly epoch: number; readonly first: number; readonly last: number },
): number {
  let [same, later] = [first, last + 1];
  while (later - same > 1) {
    const middle = Math.floor((same + later) / 2);
    if (epochAt(reader, middle) > epoch) later = middle;
    else same = middle;
  }
  return later;
}

function epochAt(reader: CommittedReader, sequence: number): number {
  const row = reader.get(
    "SELECT json_extract(record, '$.epoch') AS epoch FROM log WHERE sequence = ?",
    sequence,
  );
  return Number(row?.['epoch']);
}
