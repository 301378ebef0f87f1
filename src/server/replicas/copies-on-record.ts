import type { CopyView } from '../../admin/index.ts';
import type { CopyRound, CopyRow } from '../../replicate/index.ts';
import type { KeptRecords } from './kept-records.ts';

/** How each copy is, as it is on record. */
export async function copiesOf(records: KeptRecords): Promise<CopyView[]> {
  return (await copyRows(records)).map(viewOf);
}

/** All that is on record of copies; nothing where nothing is. */
export function copyRows(records: KeptRecords): Promise<readonly CopyRow[]> {
  return records.look(({ copies }) => copies.all(), []);
}

/** What was lost of copied repositories is meant to be, says somebody: they are followed again. */
export async function acceptLosses(records: KeptRecords): Promise<void> {
  await records.with(async ({ copies }) => {
    for (const row of await copies.all())
      if (row.halt === 'halted') await copies.keep({ ...row, halt: 'accepted' });
  });
}

/** What a copy is called on record: neither a repository nor a node has a space in its name. */
export function copyName(repository: string, node: string): string {
  return `${repository} ${node}`;
}

/** Of a copy by its name: the repository. */
export function repositoryOf(copy: string): string {
  return copy.split(' ', 1)[0] ?? '';
}

/** Of a copy by its name: the node that keeps it. */
export function nodeOf(copy: string): string {
  return copy.slice(repositoryOf(copy).length + 1);
}

/** How a copy is after a round. */
export function rowAfter(
  { lag, damaged, unequal, isHalted }: CopyRound,
  {
    copy,
    before,
    nowMs,
  }: { readonly copy: string; readonly before: CopyRow | undefined; readonly nowMs: number },
): CopyRow {
  const isWhole = lag.objects === 0;
  return {
    copy,
    looked_at: nowMs,
    whole_at: isWhole ? nowMs : (before?.whole_at ?? null),
    lag_objects: lag.objects,
    lag_bytes: lag.bytes,
    lag_since: isWhole ? null : (lag.sinceMs ?? before?.lag_since ?? nowMs),
    damaged: damaged.length,
    unequal: unequal.length,
    problem: null,
    problem_since: null,
    halt: isHalted ? 'halted' : 'none',
  };
}

const nothing = { lag_objects: 0, lag_bytes: 0, lag_since: null, damaged: 0, unequal: 0 } as const;

/** How a copy is after a round that failed: as before, and why it is no better. */
export function failedRow(
  problem: string,
  {
    copy,
    before,
    nowMs,
  }: { readonly copy: string; readonly before: CopyRow | undefined; readonly nowMs: number },
): CopyRow {
  return {
    ...(before ?? { copy, whole_at: null, halt: 'none', ...nothing }),
    looked_at: nowMs,
    problem,
    problem_since: before?.problem_since ?? nowMs,
  };
}

function viewOf(row: CopyRow): CopyView {
  return {
    repository: repositoryOf(row.copy),
    node: nodeOf(row.copy),
    looked: row.looked_at,
    whole: row.whole_at ?? undefined,
    lag: { objects: row.lag_objects, bytes: row.lag_bytes, since: row.lag_since ?? undefined },
    damaged: row.damaged,
    unequal: row.unequal,
    problem: row.problem ?? undefined,
    isHalted: row.halt === 'halted',
  };
}
