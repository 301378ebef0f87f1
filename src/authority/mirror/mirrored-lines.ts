import { asBuffer, type Bytes, isHoldfastError } from '../../base/index.ts';
import { type Checkpoint, type SignedCheckpoint, verifyCheckpoint } from '../../enrol/index.ts';
import {
  type Certificate,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { hashRecord, kindOf, type LogHead, type LogRecord, parseRecord } from '../log/index.ts';
import type { Records } from '../records/index.ts';
import {
  type CheckpointFile,
  type LogMirror,
  maxSegmentBytes,
  parseSegmentLine,
  type RecordLine,
  segmentEnd,
  segmentName,
  segmentStart,
} from './log-mirror.ts';

/** A record as a mirror has it, following on the one before. */
export interface MirroredRecord {
  readonly kind: 'record';
  readonly record: LogRecord;
  readonly text: string;
  /** SHA-256 of the text. */
  readonly hash: string;
  /** What the record names by its digest: a certificate, a sealed password. */
  readonly attached: Bytes | undefined;
}

/** What stands on a mirror from some record on: records, signed places between them, and why it goes no further. */
type MirroredLine =
  | MirroredRecord
  | { readonly kind: 'signed'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'damaged'; readonly problem: string };

/**
 * Reads a mirror's log after `from` up to where its checkpoint says that it ends, in order. Each record follows on the
 * one before, and its certificate is the one it names; whether somebody signed for it is said by what comes after it.
 */
export async function* mirroredLines(
  mirror: LogMirror,
  { epochs, until, from }: { readonly epochs: CheckpointFile['epochs']; until: number; from: LogHead },
  issuers: KnownIssuers,
): AsyncGenerator<MirroredLine> {
  let head = from;
  while (head.sequence < until) {
    const segment = segmentOf(epochs, head.sequence + 1);
    const before = head.sequence;
    const lines = await readLines(mirror, segment.name);
    for (const text of lines) {
      const line = readLine(text, { head, end: Math.min(segment.end, until) }, issuers);
      if (line === undefined) continue;
      yield line;
      if (line.kind === 'damaged') return;
      if (line.kind === 'record') head = { sequence: line.record.sequence, hash: line.hash };
    }
    if (head.sequence === before || head.sequence < Math.min(segment.end, until)) {
      yield damaged(head.sequence + 1, `${segment.name} does not have it`);
      return;
    }
  }
}

/** The lines of a segment; none when it is missing or no segment can be that long. */
async function readLines(mirror: LogMirror, name: string): Promise<string[]> {
  const bytes = await mirror.read(name, maxSegmentBytes);
  return bytes === undefined ? [] : asBuffer(bytes).toString().split('\n');
}

function segmentOf(epochs: CheckpointFile['epochs'], sequence: number): { name: string; end: number } {
  const index = epochs.findLastIndex(({ first }) => first <= sequence);
  const { epoch, first } = epochs[Math.max(index, 0)] ?? { epoch: 1, first: 1 };
  const start = segmentStart(sequence, first);
  const next = epochs[index + 1]?.first ?? Number.POSITIVE_INFINITY;
  return { name: segmentName(epoch, start), end: Math.min(segmentEnd(start), next - 1) };
}

/** The next line that says something about what comes after `head`, or undefined. */
function readLine(
  text: string,
  { head, end }: { readonly head: LogHead; readonly end: number },
  issuers: KnownIssuers,
): MirroredLine | undefined {
  if (text === '') return undefined;
  const line = parseSegmentLine(text);
  if (line === undefined) return damaged(head.sequence + 1, 'it is no record');
  if ('signed' in line) {
    const checkpoint = issuers.checkpoint(line.signed, line.issuing);
    const isHere = checkpoint?.sequence === head.sequence && checkpoint.head === head.hash;
    return isHere ? { kind: 'signed', checkpoint } : undefined;
  }
  return readRecord(line, head, end);
}

function readRecord(line: RecordLine, head: LogHead, end: number): MirroredLine | undefined {
  const record = parseRecord(line.record);
  if (record === undefined) return damaged(head.sequence + 1, 'it is no record');
  if (record.sequence <= head.sequence || record.sequence > end) return undefined;
  if (record.sequence !== head.sequence + 1) return damaged(head.sequence + 1, 'it is missing');
  if (record.previous !== head.hash)
    return damaged(record.sequence, 'the record before it is not the one it was written after');
  const attached = attachedTo(record, line);
  if (attached === undefined && kindOf(record).attachment?.as === 'certificate')
    return damaged(record.sequence, 'its certificate is not the one it names');
  return { kind: 'record', record, text: line.record, hash: hashRecord(line.record), attached };
}

/** What stands beside a record, if it is what the record names. */
function attachedTo(record: LogRecord, line: RecordLine): Bytes | undefined {
  const { attachment } = kindOf(record);
  const text = attachment && line[attachment.as];
  if (text === undefined) return undefined;
  const bytes = fromBase64(text);
  return attachment?.isOf(record.details, bytes) === true ? bytes : undefined;
}

function damaged(sequence: number, problem: string): MirroredLine {
  return { kind: 'damaged', problem: `record ${sequence}: ${problem}` };
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** Whether something found outside is of this authority: signed by its root, or by what its root signed. */
export class KnownIssuers {
  readonly #network: string;
  readonly #roots: readonly Certificate[];
  readonly #issuings = new Map<string, Certificate | undefined>();

  private constructor(network: string, roots: readonly Certificate[]) {
    this.#network = network;
    this.#roots = roots;
  }

  /**
   * The authority whose records these are. Where what is found is compared with the log itself, whoever signed for it may
   * have been revoked since; where it is all that there is, `noRevoked` keeps a thief of the key from being believed.
   */
  static async of(
    records: Records,
    { noRevoked = false }: { readonly noRevoked?: boolean } = {},
  ): Promise<KnownIssuers> {
    const { network = '' } = (await records.state.read()) ?? {};
    const rows = await records.issuers.all();
    const roots = rows.filter(({ kind }) => kind === 'root');
    const known = new KnownIssuers(
      network,
      roots.map(({ certificate }) => parseCertificate(certificate)),
    );
    if (!noRevoked) return known;
    for (const { certificate } of rows.filter(({ revoked_at }) => revoked_at !== null))
      known.#issuings.set(asBuffer(certificate).toString('base64'), undefined);
    return known;
  }

  /** The issuing certificate in base64, or undefined when no root of this authority signed it. */
  issuing(base64: string): Certificate | undefined {
    if (!this.#issuings.has(base64)) this.#issuings.set(base64, this.#judge(base64));
    return this.#issuings.get(base64);
  }

  /** What a checkpoint says, or undefined when this authority did not sign it. */
  checkpoint(signed: SignedCheckpoint, issuing: string): Checkpoint | undefined {
    const certificate = this.issuing(issuing);
    if (certificate === undefined) return undefined;
    try {
      const checkpoint = verifyCheckpoint(signed, certificate);
      return checkpoint.network === this.#network ? checkpoint : undefined;
    } catch (error) {
      if (isHoldfastError(error, 'checkpoint_invalid')) return undefined;
      throw error;
    }
  }

  #judge(base64: string): Certificate | undefined {
    try {
      const certificate = parseCertificate(Uint8Array.from(Buffer.from(base64, 'base64')));
      const isOurs = this.#roots.some((root) => verifyCertificateSignature(certificate, publicKeyOf(root)));
      return isOurs && certificate.extensions.basicConstraints?.ca === true ? certificate : undefined;
    } catch (error) {
      if (isHoldfastError(error)) return undefined;
      throw error;
    }
  }
}
