import { type Bytes, HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { idOf, type PackedBlob } from '../format/blob.ts';
import { openPackHeader } from '../format/pack-header.ts';
import { runBlobsOf } from './run-blobs.ts';
import type { RunOpener } from './run-opener.ts';

/** A whole pack, and what the index says is in it. */
export interface PackToCheck {
  readonly name: ObjectId;
  readonly bytes: Bytes;
  readonly indexed: readonly PackedBlob[];
}

/**
 * Everything that can be wrong with a pack, each as a sentence; none when it is as it was written. Checked are the SHA-256
 * of the file, the header, that header and index agree, and of every blob the tag, the decompression and the SHA-256.
 */
export function checkPackBytes(opener: RunOpener, pack: PackToCheck): string[] {
  const problems: string[] = [];
  const found = idOf(pack.bytes);
  if (found !== pack.name) problems.push(`holds other bytes than were written: SHA-256 ${found}`);
  const header = readHeader(opener, pack, problems);
  if (header !== undefined) problems.push(...disagreements(header, pack.indexed));
  const blobs = header ?? pack.indexed;
  const columns = runBlobsOf(blobs, 0);
  for (const [index, { type }] of blobs.entries()) {
    attempt(problems, () => opener.open(pack.bytes, columns, index, type));
  }
  return problems;
}

function readHeader(opener: RunOpener, pack: PackToCheck, problems: string[]): PackedBlob[] | undefined {
  const info = { name: pack.name, size: pack.bytes.length };
  return attempt(problems, () => openPackHeader(pack.bytes, opener.cipher, info));
}

/** What only one of header and index has, or has elsewhere. */
function disagreements(header: readonly PackedBlob[], indexed: readonly PackedBlob[]): string[] {
  const inHeader = new Set(header.map(placeOf));
  const inIndex = new Set(indexed.map(placeOf));
  return [
    ...header
      .filter((blob) => !inIndex.has(placeOf(blob)))
      .map(({ type, id }) => `${type} blob ${id} is in its header and not so in the index`),
    ...indexed
      .filter((blob) => !inHeader.has(placeOf(blob)))
      .map(({ type, id }) => `${type} blob ${id} is in the index and not so in its header`),
  ];
}

function placeOf({ type, id, offset, length, plainLength }: PackedBlob): string {
  return [type, id, offset, length, plainLength].join();
}

function attempt<T>(problems: string[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
