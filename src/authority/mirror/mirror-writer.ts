import { asBuffer, type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import { type SignedCheckpoint, signCheckpoint } from '../../enrol/index.ts';
import { decisionIn, hashRecord, kindOf, type LogHead, parseRecord } from '../log/index.ts';
import type { Records } from '../records/index.ts';
import { supersede } from '../standing/index.ts';
import type { Mirroring } from './check-mirrors.ts';
import {
  type CheckpointFile,
  type CheckpointLine,
  checkpointFile,
  type LogMirror,
  maxCheckpointBytes,
  maxSegmentBytes,
  parseCheckpointFile,
  type RecordLine,
  segmentEnd,
  segmentName,
  segmentStart,
} from './log-mirror.ts';
import type { KnownIssuers } from './mirrored-lines.ts';

/** How many segments are written in one turn, before the checkpoint says how far it goes. */
const segmentsPerTurn = 64;

/** Where a mirror stands: the last record that it has, and whether what it has is ours from the first record on. */
interface Found {
  readonly sequence: number;
  /** It holds the log of a copy that ended, which is kept beside ours. */
  readonly forked: boolean;
}

/** Keeps one mirror up to date; one write at a time. */
export class MirrorWriter {
  readonly #context: Mirroring;
  readonly #mirror: LogMirror;
  readonly #issuers: KnownIssuers;
  /** The segment that is being filled: records are added to what was written before. */
  #open: { readonly name: string; readonly text: string; readonly end: number } | undefined;

  constructor(context: Mirroring, mirror: LogMirror, issuers: KnownIssuers) {
    this.#context = context;
    this.#mirror = mirror;
    this.#issuers = issuers;
  }

  /**
   * Writes what the mirror does not have yet, some of it when it is much, and says up to which record it has all.
   * Undefined when the mirror showed that this authority is not the one to go on: that is on record then. One that only
   * looks writes nothing, and says how far the mirror has come.
   *
   * @throws HoldfastError `backup_foreign` when it holds the log of another authority; whatever the mirror throws
   */
  async write(): Promise<number | undefined> {
    const head = await this.#context.log.head();
    const found = await this.#look(head);
    if (found === undefined) return undefined;
    if (found.sequence === head.sequence || this.#context.looks) return found.sequence;
    const epochs = await logEpochs(this.#context.records.committed, head.sequence);
    let end: LogHead = { sequence: found.sequence, hash: '' };
    for (let n = 0; n < segmentsPerTurn && end.sequence < head.sequence; n++) {
      end = await this.#writeSegment(end.sequence + 1, { head, epochs, keepOther: found.forked });
    }
    if (found.sequence === 0) await this.#forgetProblem();
    await this.#writeCheckpoint(end, epochs);
    return end.sequence;
  }

  /** What the mirror has. Undefined when it is of a newer copy of this authority. */
  async #look(head: LogHead): Promise<Found | undefined> {
    const bytes = await this.#mirror.read(checkpointFile, maxCheckpointBytes);
    if (bytes === undefined) await this.#checkIsNew();
    const file = bytes && parseCheckpointFile(bytes);
    if (file === undefined) return { sequence: 0, forked: false };
    const shown = this.#issuers.checkpoint(file.signed, file.issuing);
    if (shown === undefined) throw foreign(this.#mirror);
    const { epoch } = this.#context;
    const isOurs = shown.sequence <= head.sequence && shown.head === (await this.#hashAt(shown.sequence));
    // What a thief of its key has signed proves no newer copy; it is kept beside ours like that of a copy that ended.
    if (!isOurs && this.#isOfRevoked(file.issuing)) return { sequence: 0, forked: true };
    if (shown.epoch > epoch || (shown.epoch === epoch && !isOurs)) {
      const shownBy = `mirror ${this.#mirror.name}`;
      await supersede(this.#context, { shownBy, epoch: shown.epoch, sequence: shown.sequence });
      return undefined;
    }
    return isOurs ? { sequence: shown.sequence, forked: false } : { sequence: 0, forked: true };
  }

  /** One that had the log and is empty is the place where its disk should be, more often than a new disk. */
  async #checkIsNew(): Promise<void> {
    const { name } = this.#mirror;
    const row = await this.#context.records.mirrors.find(name);
    if (row !== undefined) throw becameEmpty(name, row.sequence);
  }

  #isOfRevoked(base64: string): boolean {
    const der = Buffer.from(base64, 'base64');
    return this.#context.issuer.issuings.some(
      ({ certificate, revoked }) => revoked !== undefined && equalBytes(certificate.der, der),
    );
  }

  async #writeSegment(
    first: number,
    {
      head,
      epochs,
      keepOther,
    }: { readonly head: LogHead; readonly epochs: CheckpointFile['epochs']; readonly keepOther: boolean },
  ): Promise<LogHead> {
    const index = epochs.findLastIndex((epoch) => epoch.first <= first);
    const { epoch, first: begin } = epochs[index] ?? { epoch: 1, first: 1 };
    const start = segmentStart(first, begin);
    const next = epochs[index + 1]?.first ?? head.sequence + 1;
    const last = Math.min(segmentEnd(start), next - 1, head.sequence);
    const name = segmentName(epoch, start);
    const goesOn = this.#open?.name === name && this.#open.end === first - 1;
    const added = await segmentText(this.#context, goesOn ? first : start, last);
    const text = goesOn ? `${this.#open?.text}${added.text}` : added.text;
    if (keepOther) await this.#keepOther(name, text);
    await this.#mirror.write(name, asBytes(text));
    this.#open = { name, text, end: last };
    return added.end;
  }

  /** A segment of a copy that has ended is what tells, one day, what that copy did. */
  async #keepOther(name: string, text: string): Promise<void> {
    const other = await this.#mirror.read(name, maxSegmentBytes);
    if (other === undefined || asBuffer(other).toString() === text) return;
    await this.#mirror.write(`ended-before-${this.#context.epoch}-${name}`, other);
  }

  async #writeCheckpoint(end: LogHead, epochs: CheckpointFile['epochs']): Promise<void> {
    const { records, clock, epoch } = this.#context;
    const file: CheckpointFile = { ...checkpointLine(this.#context, end), epochs };
    const bytes = asBytes(`${JSON.stringify(file)}\n`);
    await this.#mirror.write(checkpointFile, bytes);
    // There are web servers that answer 200 to whatever is asked, and keep nothing.
    const kept = await this.#mirror.read(checkpointFile, maxCheckpointBytes);
    if (kept === undefined || !equalBytes(kept, bytes)) throw keepsNothing(this.#mirror);
    await records.mirrors.noteWritten({
      name: this.#mirror.name,
      epoch,
      sequence: end.sequence,
      written_at: clock.now(),
    });
  }

  /** What was found wrong with it is written over. */
  async #forgetProblem(): Promise<void> {
    await this.#context.records.mirrors.noteProblem(this.#mirror.name, undefined);
  }

  async #hashAt(sequence: number): Promise<string | undefined> {
    const record = await this.#context.records.committed.log.text(sequence);
    return record === undefined ? undefined : hashRecord(record);
  }
}

function asBytes(text: string): Bytes {
  return Buffer.from(text);
}

function foreign({ name }: LogMirror): HoldfastError {
  return new HoldfastError('backup_foreign', `${name} holds the log of another authority`, {
    hint: 'give each authority a place of its own: authority.log_mirrors in holdfast.toml',
  });
}

function keepsNothing({ name }: LogMirror): HoldfastError {
  return new HoldfastError('storage_failed', `${name} does not give back what was written to it`, {
    hint: `name a server that keeps files: what it has as ${checkpointFile} is something else`,
  });
}

function becameEmpty(name: string, sequence: number): HoldfastError {
  return new HoldfastError(
    'storage_failed',
    `${name} had the log up to record ${sequence}, and is empty now`,
    {
      hint: `mount its disk; when it is a new one, put an empty file ${checkpointFile} there, and all of the log is written to it`,
    },
  );
}

/** The epochs of a log up to record `last`, with the first record of each: found by halving, since epochs only grow. */
async function logEpochs(records: Records, last: number): Promise<CheckpointFile['epochs']> {
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

/** A run of records as a mirror gets it. */
interface SegmentText {
  /** Lines, the last one a checkpoint. */
  readonly text: string;
  readonly end: LogHead;
}

/** The lines of the records from `first` to `last`, and who signs for them. */
async function segmentText(context: Mirroring, first: number, last: number): Promise<SegmentText> {
  const rows = await context.records.log.after(first - 1, last - first + 1);
  const lines = [];
  for (const { record } of rows) lines.push(JSON.stringify(await recordLine(context, record)));
  const end = { sequence: last, hash: hashRecord(rows.at(-1)?.record ?? '') };
  lines.push(JSON.stringify(checkpointLine(context, end)));
  return { text: `${lines.join('\n')}\n`, end };
}

/** A signed place in the log, with the certificate that signed. */
function checkpointLine(context: Mirroring, { sequence, hash }: LogHead): CheckpointLine {
  const { issuer, present, clock, epoch } = context;
  const signed: SignedCheckpoint = signCheckpoint(
    {
      network: issuer.network,
      epoch,
      sequence,
      head: hash,
      crlNumber: present.state.crl_number,
      at: new Date(clock.now()).toISOString(),
    },
    issuer.issuingKey,
  );
  return { signed, issuing: asBuffer(issuer.issuing.certificate.der).toString('base64') };
}

/** A record with what it names by its digest; of a password that is what nobody but the recovery kit opens. */
async function recordLine({ records }: Mirroring, text: string): Promise<RecordLine> {
  const record = parseRecord(text);
  const { attachment } = record === undefined ? {} : kindOf(record);
  const bytes = record && (await attachment?.find(records.committed, decisionIn(record)));
  if (attachment === undefined || bytes === undefined) return { record: text };
  return { record: text, [attachment.as]: asBuffer(bytes).toString('base64') };
}
