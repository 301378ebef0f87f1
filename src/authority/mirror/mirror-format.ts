import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { SignedCheckpoint } from '../../enrol/index.ts';

/**
 * What lies on a mirror, all of it text (`docs/reference/log-mirror.md`):
 *
 * - `checkpoint.json`: how far the mirror goes, signed, with the certificate that signed it, and where each epoch begins;
 * - `log-<epoch>-<first>.jsonl`: records of one epoch from the one numbered `first` on, at most {@link segmentRecords} of
 *   them, a line for each, and signed checkpoints between them.
 */
export const checkpointFile = 'checkpoint.json';
/** How many records a segment has at most; segments begin at an epoch's first record and at each multiple of it. */
const segmentRecords = 256;
/** No checkpoint file is longer. */
export const maxCheckpointBytes = 256 * 1024;
/** No segment is longer: records with certificates are about 2 KiB, and few. */
export const maxSegmentBytes = 64 * 1024 * 1024;

const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });

export const CheckpointFile = Type.Object(
  {
    signed: SignedCheckpoint,
    /** The issuing certificate whose key signed, DER. */
    issuing: Base64,
    /** The epochs of the log, with the number of the first record of each. */
    epochs: Type.Array(
      Type.Object({ epoch: Type.Integer({ minimum: 1 }), first: Type.Integer({ minimum: 1 }) }),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);
export type CheckpointFile = Static<typeof CheckpointFile>;

/** A line of a segment: a record's exact text with what it is about (a certificate, a sealed password), or a checkpoint. */
const RecordLine = Type.Object(
  { record: Type.String(), certificate: Type.Optional(Base64), sealed: Type.Optional(Base64) },
  { additionalProperties: false },
);
export type RecordLine = Static<typeof RecordLine>;
const CheckpointLine = Type.Object(
  { signed: SignedCheckpoint, issuing: Base64 },
  { additionalProperties: false },
);
export type CheckpointLine = Static<typeof CheckpointLine>;

/** The name of the segment of `epoch` whose first record is numbered `first`. */
export function segmentName(epoch: number, first: number): string {
  return `log-${String(epoch).padStart(6, '0')}-${String(first).padStart(12, '0')}.jsonl`;
}

/** The number of the first record of the segment that record `sequence` of an epoch beginning with `first` is in. */
export function segmentStart(sequence: number, first: number): number {
  const aligned = sequence - ((sequence - 1) % segmentRecords);
  return Math.max(first, aligned);
}

/** The last number that the segment beginning with `start` can have. */
export function segmentEnd(start: number): number {
  return start - ((start - 1) % segmentRecords) + segmentRecords - 1;
}

/** What a checkpoint file says, or undefined when it is none. */
export function parseCheckpointFile(bytes: Bytes): CheckpointFile | undefined {
  const value = parseJson(asBuffer(bytes).toString());
  return Check(CheckpointFile, value) ? value : undefined;
}

/** A line of a segment, or undefined when it is none. */
export function parseSegmentLine(text: string): RecordLine | CheckpointLine | undefined {
  const value = parseJson(text);
  return Check(RecordLine, value) || Check(CheckpointLine, value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
