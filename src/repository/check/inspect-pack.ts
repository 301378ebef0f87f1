import { createHash } from 'node:crypto';
import { isHoldfastError } from '../../base/index.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/index.ts';
import { openBlob, type PackedBlob } from '../format/blob.ts';
import { maxHeaderBytes, openPackHeader, packOverhead } from '../format/pack-header.ts';
import type { UnitCipher } from '../format/unit.ts';
import { UnitCutter } from './unit-cutter.ts';

/** What reading a whole pack showed. */
export interface PackInspection {
  /** What is wrong, one sentence each; none when all is well. */
  readonly problems: readonly string[];
  /** Which of the expected blobs cannot be had from this pack, by their number. */
  readonly lost: ReadonlySet<number>;
}

/**
 * Reads a pack from end to end and holds no more than one blob of it: its SHA-256 against its name, every blob against
 * its tag and its id, the layout without gaps, and its header against the index.
 *
 * @param expected the blobs that the index places in this pack, by offset
 */
export async function inspectPack(
  source: { readonly store: ObjectStore; readonly cipher: UnitCipher },
  pack: ObjectInfo,
  expected: readonly PackedBlob[],
  options: { signal?: AbortSignal } = {},
): Promise<PackInspection> {
  const problems: string[] = [];
  const lost = new Set<number>();
  const readable = withoutOverlaps(expected, problems, lost);
  const cutter = new UnitCutter(
    readable.map(({ blob }) => blob),
    {
      maxTailBytes: maxHeaderBytes + packOverhead,
      onUnit: (number, unit) => {
        const entry = readable[number];
        const problem = entry && attempt(() => openBlob(source.cipher, unit, entry.blob));
        if (!entry || !problem) return;
        problems.push(problem);
        lost.add(entry.number);
      },
    },
  );
  const sum = createHash('sha256');
  for await (const chunk of await source.store.stream({ type: 'data', name: pack.name }, options)) {
    sum.update(chunk as Uint8Array);
    cutter.push(chunk as Uint8Array);
  }
  const digest = sum.digest('hex');
  if (digest !== pack.name) problems.push(`its bytes are not those that were written: SHA-256 ${digest}`);
  for (const { number, blob } of readable.slice(cutter.complete)) {
    problems.push(`it ends before ${blob.type} blob ${blob.id} does`);
    lost.add(number);
  }
  problems.push(...compareHeader(source.cipher, cutter, pack, expected));
  return { problems, lost };
}

function withoutOverlaps(
  expected: readonly PackedBlob[],
  problems: string[],
  lost: Set<number>,
): readonly { readonly number: number; readonly blob: PackedBlob }[] {
  let end = 0;
  return expected
    .map((blob, number) => ({ blob, number }))
    .filter(({ blob, number }) => {
      const { offset, length } = blob;
      const what = `${blob.type} blob ${blob.id}`;
      if (offset > end) problems.push(`the index leaves ${offset - end} bytes before ${what} to nothing`);
      if (offset < end) {
        problems.push(`the index has ${what} begin at ${offset}, within the one before`);
        lost.add(number);
        return false;
      }
      end = offset + length;
      return true;
    });
}

function compareHeader(
  cipher: UnitCipher,
  cutter: UnitCutter,
  pack: ObjectInfo,
  expected: readonly PackedBlob[],
): string[] {
  const { tail, position } = cutter;
  if (!tail) return ['what follows its last blob is too long for a header'];
  const size = { name: pack.name, size: position };
  let listed: readonly PackedBlob[] = [];
  const problem = attempt(() => {
    listed = openPackHeader(tail, cipher, size);
  });
  if (problem) return [problem];
  if (listed.length !== expected.length) {
    return [`its header lists ${listed.length} blobs, the index ${expected.length}`];
  }
  return listed.flatMap((blob, number) => {
    const same = describe(blob) === describe(expected[number]);
    return same ? [] : [`its header and the index differ on ${blob.type} blob ${blob.id}`];
  });
}

function describe(blob: PackedBlob | undefined): string {
  return JSON.stringify([blob?.type, blob?.id, blob?.offset, blob?.length, blob?.plainLength]);
}

/** What is wrong, when `work` finds damage. */
function attempt(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'repository_damaged')) return error.message;
    throw error;
  }
}
