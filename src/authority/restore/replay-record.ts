import { type Bytes, isHoldfastError } from '../../base/index.ts';
import {
  type Decision,
  decisionIn,
  kindOf,
  type Learnt,
  type LogKind,
  type LogRecord,
} from '../log/index.ts';
import type { MirroredRecord } from '../mirror/index.ts';
import type { Records } from '../records/index.ts';

/** How much was replayed of what. */
export interface ReplayCounts {
  records: number;
  certificates: number;
  revoked: number;
  issuers: number;
  /** Records whose contents no log holds: by kind. */
  readonly lost: Record<string, number>;
}

/** Puts one record into the log as it was written, and does again what it says that was done. */
export async function replayRecord(
  tx: Records,
  { record, text, attached }: MirroredRecord,
  counts: ReplayCounts,
): Promise<void> {
  await tx.log.append({ sequence: record.sequence, record: text });
  counts.records += 1;
  const kind = kindOf(record);
  const isLost = kind.lost === true || (kind.attachment !== undefined && attached === undefined);
  if (isLost || !(await applyAgain(tx, { kind, record, attached }, counts)))
    counts.lost[kind.name] = (counts.lost[kind.name] ?? 0) + 1;
}

interface Logged {
  readonly kind: LogKind;
  readonly record: LogRecord;
  readonly attached: Bytes | undefined;
}

/** Gives false for what does not fit any more, a change of the policy say: it is lost like what the log does not hold. */
async function applyAgain(tx: Records, logged: Logged, counts: ReplayCounts): Promise<boolean> {
  const { kind, record } = logged;
  const decision = decisionIn(record);
  try {
    const result = await kind.apply?.(tx, decision, await givenTo(tx, logged, decision));
    if (kind.apply !== undefined) add(counts, kind.learnt?.(result) ?? {});
    return true;
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    return false;
  }
}

async function givenTo(
  tx: Records,
  { kind, attached }: Logged,
  decision: Decision<LogRecord['details']>,
): Promise<unknown> {
  return attached === undefined ? undefined : await kind.attachment?.open(tx, decision, attached);
}

function add(counts: ReplayCounts, { certificates = 0, revoked = 0, issuers = 0 }: Learnt): void {
  counts.certificates += certificates;
  counts.revoked += revoked;
  counts.issuers += issuers;
}
