import type { LogHead } from '../log/index.ts';
import type { KnownIssuers } from './known-issuers.ts';
import type { LogMirror } from './log-mirror.ts';
import {
  type CheckpointFile,
  checkpointFile,
  maxCheckpointBytes,
  parseCheckpointFile,
} from './mirror-format.ts';
import { mirroredLines } from './mirrored-lines.ts';

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

export interface UnusableMirror {
  readonly kind: 'unreachable' | 'empty' | 'foreign';
  readonly mirror: LogMirror;
  readonly problem: string;
}

/** Our own log, as far as it goes. */
export interface OwnLog {
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
