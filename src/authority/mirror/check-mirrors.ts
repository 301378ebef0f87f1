import { hashRecord, type LogHead, logStart } from '../log/index.ts';
import type { Keeping } from '../standing/index.ts';
import {
  type CheckpointFile,
  checkpointFile,
  type LogMirror,
  maxCheckpointBytes,
  parseCheckpointFile,
} from './log-mirror.ts';
import { KnownIssuers, mirroredLines } from './mirrored-lines.ts';

/** What the log is mirrored with, and what is looked at to see whether it was. */
export interface Mirroring extends Keeping {
  readonly upkeep: { readonly mirrors: readonly LogMirror[] };
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
  const { upkeep, records } = context;
  const issuers = await KnownIssuers.of(records);
  const own = await ownLog(context, after);
  return await Promise.all(
    upkeep.mirrors.map(async (mirror) => {
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

/** What a mirror knows beyond some record. */
export type MirrorLook = UsableMirror | UnusableMirror;

export interface UsableMirror {
  readonly kind: 'usable';
  readonly mirror: LogMirror;
  readonly epochs: CheckpointFile['epochs'];
  /** Of what is on it. */
  readonly epoch: number;
  /** The last record that the authority signed for, or where we are when it knows nothing more. */
  readonly end: LogHead;
  /** The last record that its checkpoint says it has, which is before our own last one where it did not follow. */
  readonly signed: number;
  /** Why it is not believed, or cannot be read, any further. */
  readonly damage?: string;
}

interface UnusableMirror {
  readonly kind: 'unreachable' | 'empty' | 'foreign';
  readonly mirror: LogMirror;
  readonly problem: string;
}

/** Our own log, as far as it goes. */
interface OwnLog {
  readonly head: LogHead;
  /** The hash of a record. */
  hashAt(sequence: number): Promise<string | undefined>;
}

/**
 * Reads all that a mirror has beyond our own log and says how far it can be believed: every record chained to our head,
 * and up to a place that a key of this authority signed for.
 */
export async function lookAtMirror(
  mirror: LogMirror,
  own: OwnLog,
  issuers: KnownIssuers,
): Promise<MirrorLook> {
  try {
    return await look(mirror, own, issuers);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: 'unreachable', mirror, problem: `cannot be read: ${error.message}` };
  }
}

async function look(mirror: LogMirror, own: OwnLog, issuers: KnownIssuers): Promise<MirrorLook> {
  const bytes = await mirror.read(checkpointFile, maxCheckpointBytes);
  if (bytes === undefined) return { kind: 'empty', mirror, problem: 'has no log on it' };
  const file = parseCheckpointFile(bytes);
  const checkpoint = file && issuers.checkpoint(file.signed, file.issuing);
  if (file === undefined || checkpoint === undefined)
    return { kind: 'foreign', mirror, problem: 'holds no checkpoint that this authority signed' };
  const { epoch, sequence, head } = checkpoint;
  const { epochs } = file;
  if (sequence <= own.head.sequence) {
    if ((await own.hashAt(sequence)) !== head) return fork(mirror, sequence);
    return { kind: 'usable', mirror, epochs, epoch, end: own.head, signed: sequence };
  }
  return await follow({ mirror, epochs, epoch, until: sequence }, own, issuers);
}

async function follow(
  { mirror, epochs, epoch, until }: Pick<UsableMirror, 'mirror' | 'epochs' | 'epoch'> & { until: number },
  own: OwnLog,
  issuers: KnownIssuers,
): Promise<MirrorLook> {
  let head = own.head;
  let end = own.head;
  let damage: string | undefined;
  for await (const line of mirroredLines(mirror, { epochs, until, from: own.head }, issuers)) {
    if (line.kind === 'record') head = { sequence: line.record.sequence, hash: line.hash };
    else if (line.kind === 'signed') end = head;
    else damage = line.problem;
  }
  // A record further on that does not follow on the one before is a damaged one, and more than a copy's log is lost with it.
  const isFork = head === own.head && damage?.includes('written after') === true;
  if (isFork) return fork(mirror, own.head.sequence);
  if (damage === undefined && end.sequence < until)
    damage = `nobody signed for what comes after record ${end.sequence}`;
  return {
    kind: 'usable',
    mirror,
    epochs,
    epoch,
    end,
    signed: until,
    damage,
  };
}

function fork(mirror: LogMirror, sequence: number): UnusableMirror {
  return {
    kind: 'foreign',
    mirror,
    problem: `has another record ${sequence}: it is the log of another copy`,
  };
}
