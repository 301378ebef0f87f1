import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  asBuffer,
  type Bytes,
  HoldfastError,
  isSystemError,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import { SignedCheckpoint } from '../../enrol/index.ts';

/**
 * A place beyond this home that holds a copy of the log: files by name, written whole or not at all. Nothing in it is
 * believed but what is signed, or chained to what is.
 */
export interface LogMirror {
  /** How people call it, and what records keep: without any password. */
  readonly name: string;
  /** What a file holds, or undefined when there is none; more than `maxBytes` is refused. */
  read(file: string, maxBytes: number): Promise<Bytes | undefined>;
  /** Makes a file, or replaces it. */
  write(file: string, bytes: Bytes): Promise<void>;
  /** Ends what is under way, which fails then; for one that would keep a process waiting. */
  close?(): void;
}

/** Whether a mirror has a log, whoever's and however damaged. @throws whatever the mirror throws when it does not answer */
export async function lookForLog(mirror: LogMirror): Promise<boolean> {
  return (await mirror.read(checkpointFile, maxCheckpointBytes)) !== undefined;
}

/**
 * A directory that is there already, usually on another disk. It is never made: where a disk is not mounted, a directory
 * in its place would only look like a mirror.
 */
export class DirectoryMirror implements LogMirror {
  readonly name: string;

  /** @param path absolute */
  constructor(path: string) {
    this.name = path;
  }

  /** @throws HoldfastError `storage_full`, `storage_failed` */
  async read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    try {
      return await this.#read(file, maxBytes);
    } catch (error) {
      throw directoryProblem(error, this.name);
    }
  }

  /** Errors: as {@link read} */
  async write(file: string, bytes: Bytes): Promise<void> {
    try {
      await writeFileAtomic(join(this.name, file), bytes);
    } catch (error) {
      throw directoryProblem(error, this.name);
    }
  }

  async #read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    const path = join(this.name, file);
    try {
      await using handle = await open(path, 'r');
      const { size } = await handle.stat();
      if (size <= maxBytes) return await handle.readFile();
      throw new HoldfastError('storage_failed', `${path} has ${size} bytes, expected at most ${maxBytes}`);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      await using _directory = await open(this.name, 'r');
      return undefined;
    }
  }
}

/** What the system says about a directory elsewhere, in words. What is no refusal of the system comes back as it is. */
function directoryProblem(error: unknown, directory: string): unknown {
  if (!isSystemError(error)) return error;
  const [problem, hint] = meanings[error.code ?? ''] ?? [`cannot be used (${error.code})`];
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'storage_full' : 'storage_failed';
  return new HoldfastError(code, `${directory} ${problem}`, { cause: error, ...(hint && { hint }) });
}

const full = ['has no space left', 'make room there'] as const;
const forbidden = ['may not be read and written by this process', 'change its owner or mode'] as const;
const dead = ['is on a disk that does not answer', 'look at the disk, or mount it again'] as const;

const meanings: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: [
    'is on a disk that is read-only',
    'mount it for writing; a damaged disk becomes read-only by itself',
  ],
  ENOENT: ['is not there', 'mount its disk; no directory is made'],
  ENOTDIR: ['is no directory', 'name one'],
  EIO: dead,
  ESTALE: dead,
  ENODEV: dead,
  ENXIO: dead,
  EHOSTDOWN: dead,
  ETIMEDOUT: dead,
};

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
