import { hash } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { isObjectId, type ObjectId } from '../../storage/index.ts';
import { mostJsonBytes, ZstdDecoder } from './compression.ts';
import type { UnitCipher } from './unit.ts';

/** What a blob is: a piece of a file, or a directory. */
export type BlobType = 'data' | 'tree';

/** A blob's name: the SHA-256 of its plaintext, before compression, as 64 lowercase hexadecimal digits. */
export type BlobId = ObjectId;

/** A blob and where in its pack it is. */
export interface PackedBlob {
  readonly id: BlobId;
  readonly type: BlobType;
  /** Where its encrypted unit begins in the pack. */
  readonly offset: number;
  /** Length of the encrypted unit. */
  readonly length: number;
  /** Length of the plaintext; only there when the blob is compressed. */
  readonly plainLength?: number;
}

/** A pack and the blobs in it. */
export interface PackContents {
  readonly id: ObjectId;
  readonly blobs: readonly PackedBlob[];
}

/** The largest blob there can be: lengths have 32 bits. */
export const maxBlobBytes = 2 ** 32 - 1;

/** The largest piece of a file that is read: sixteen times what restic makes. */
export const maxDataBlobBytes = 2 ** 27;

/** Whether `value` is 64 lowercase hexadecimal digits. */
export function isId(value: unknown): value is ObjectId {
  return typeof value === 'string' && isObjectId(value);
}

/** The id of the blob that holds `plaintext`, and likewise the name of the file that holds these bytes. */
export function idOf(bytes: Bytes): ObjectId {
  return hash('sha256', bytes) as ObjectId;
}

/**
 * The plaintext of a blob from its encrypted unit: tag, decompression and SHA-256 are all checked, and before them that
 * memory for it can be asked for. `repository_damaged` names the blob and which of them failed.
 */
export function openBlob(
  cipher: UnitCipher,
  unit: Bytes,
  blob: Pick<PackedBlob, 'id' | 'type' | 'plainLength'>,
): Bytes {
  const what = `${blob.type} blob ${blob.id}`;
  const most = mostPlainBytes(blob.type, unit.length);
  if ((blob.plainLength ?? 0) > most)
    throw damaged(`${what} would have ${blob.plainLength} bytes, and has ${most} at most`);
  const stored = cipher.unseal(unit);
  if (!stored) throw damaged(`${what} does not authenticate: its bytes are not those that were written`);
  const plaintext = blob.plainLength === undefined ? stored : inflate(stored, blob.plainLength, what);
  const found = idOf(plaintext);
  if (found !== blob.id) throw damaged(`${what} holds something else: SHA-256 ${found}`);
  return plaintext;
}

/** The most plaintext that a unit of so many bytes is opened for. */
export function mostPlainBytes(type: BlobType, unitBytes: number): number {
  return type === 'tree' ? mostJsonBytes(unitBytes) : maxDataBlobBytes;
}

/** One for each thread, made when it is first needed: a context for each blob costs more than most directories. */
let decoder: ZstdDecoder | undefined;

function inflate(frame: Bytes, plainLength: number, what: string): Bytes {
  decoder ??= new ZstdDecoder();
  try {
    return new Uint8Array(decoder.decode(frame, plainLength));
  } catch (cause) {
    throw new HoldfastError('repository_damaged', `${what} does not decompress to ${plainLength} bytes`, {
      cause,
    });
  }
}

function damaged(message: string): HoldfastError {
  return new HoldfastError('repository_damaged', message);
}
