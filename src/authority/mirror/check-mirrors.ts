import { hashRecord, logStart } from '../log/index.ts';
import type { Keeping } from '../standing/index.ts';
import { KnownIssuers } from './known-issuers.ts';
import type { LogMirror } from './log-mirror.ts';
import { lookAtMirror, type OwnLog } from './look-at-mirror.ts';

/** What the log is mirrored with, and what is looked at to see whether it was. */
export interface Mirroring extends Keeping {
  readonly care: { readonly mirrors: readonly LogMirror[] };
}

/** What a mirror is good for on the day that it is needed. */
export interface CheckedMirror {
  readonly name: string;
  /** The last record that can be taken from it. */
  readonly sequence: number;
  /** Why it is not that many as it says, or none. */
  readonly problem?: string;
}

/**
 * Reads all that the mirrors have after record `after`, as a restore from a backup of that moment would. One that is
 * being written while it is read is read once more before anything bad is said of it.
 */
export async function checkMirrors(context: Mirroring, after: number): Promise<CheckedMirror[]> {
  const { care, records } = context;
  const issuers = await KnownIssuers.of(records);
  const own = await ownLog(context, after);
  return await Promise.all(
    care.mirrors.map(async (mirror) => {
      const first = await check(mirror, own, issuers);
      return first.problem === undefined ? first : await check(mirror, own, issuers);
    }),
  );
}

async function check(mirror: LogMirror, own: OwnLog, issuers: KnownIssuers): Promise<CheckedMirror> {
  const { name } = mirror;
  const look = await lookAtMirror(mirror, own, issuers);
  if (look.kind !== 'usable') return { name, sequence: 0, problem: look.problem };
  const { end, signed, damage } = look;
  if (damage !== undefined)
    return {
      name,
      sequence: end.sequence,
      problem: `can be used up to record ${end.sequence} of ${signed}: ${damage}`,
    };
  return { name, sequence: Math.max(end.sequence, signed) };
}

/** Our log as if it ended with record `after`. */
async function ownLog({ records }: Mirroring, after: number): Promise<OwnLog> {
  const hashAt = async (sequence: number): Promise<string | undefined> => {
    const record = await records.committed.log.text(sequence);
    return record === undefined ? undefined : hashRecord(record);
  };
  return { head: { sequence: after, hash: (await hashAt(after)) ?? logStart }, hashAt };
}
