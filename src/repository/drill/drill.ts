import { type Bytes, forEachLimited } from '../../base/index.ts';
import { joinPath, pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { walkSnapshot } from '../restore/walk-snapshot.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { Sample, type SampledPart, type SampleSize } from './draw-sample.ts';
import { type DrillProblem, proveFile } from './prove-file.ts';

/** How a drill goes. */
export interface DrillOptions {
  /** What chance goes by: the same seed draws the same files of the same snapshot. */
  readonly seed: number;
  readonly size: SampleSize;
  /** Parts of files that were found damaged before: where the snapshot still has them, they are restored beside the sample. */
  readonly again?: readonly BlobId[];
  /** Where files are restored to, one after the other; nothing stays there. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly files: number; readonly bytes: number }) => void;
}

/** What a drill has shown. */
export interface DrillSummary {
  /** Files that were restored and are as they were saved, of large ones a stretch. */
  readonly files: number;
  /** Bytes that were restored. */
  readonly bytes: number;
  /** How many of those files are still on disk as they were saved, and equal too. */
  readonly compared: number;
  /** What cannot be restored, or is not as on disk. */
  readonly problems: readonly DrillProblem[];
}

const partsAtOnce = 4;

/**
 * Restores a sample of a snapshot from the store, and holds it against the hashes in the snapshot and against what is on disk. It reads all
 * folders of the snapshot for that. What seems damaged is looked at once more by what is stored then: others may have moved it meanwhile.
 *
 * @throws HoldfastError `snapshot_not_found` when somebody forgot the snapshot meanwhile; what keeps it from reading or writing
 */
export async function drill(
  repository: Repository,
  snapshot: StoredSnapshot,
  options: DrillOptions,
): Promise<DrillSummary> {
  const found = await lookThrough(repository, snapshot, options);
  if (!found.problems.some(({ kind }) => kind === 'damaged')) return found;
  await repository.findSnapshot(snapshot.id, { signal: options.signal });
  return await lookThrough(repository, snapshot, options);
}

async function lookThrough(
  repository: Repository,
  snapshot: StoredSnapshot,
  { seed, size, again = [], directory, signal, onProgress }: DrillOptions,
): Promise<DrillSummary> {
  const { timeNs } = snapshot;
  const index = await repository.loadIndex({ signal });
  const problems: DrillProblem[] = [];
  const sample = new Sample({ seed, timeMs: Number(timeNs / 1_000_000n), size, again });
  const onProblem = (path: Bytes, message: string): void =>
    void problems.push({ kind: 'damaged', path: pathText(path), message });
  for await (const { path, nodes } of walkSnapshot(repository, snapshot.tree, { signal, onProblem }))
    for (const node of nodes) sample.offer(joinPath(path, node.name), node);
  const [whole, compared] = [new Set<string>(), new Set<string>()];
  let bytes = 0;
  const prove = async (part: SampledPart): Promise<void> => {
    const proof = await proveFile(repository, part, { index, directory, timeNs, signal });
    const path = pathText(part.path);
    bytes += proof.bytes;
    whole.add(path);
    if (proof.isCompared) compared.add(path);
    if (proof.problem !== undefined) problems.push(proof.problem);
    onProgress?.({ files: whole.size, bytes });
  };
  await forEachLimited(sample.drawn(), partsAtOnce, prove);
  for (const { path } of problems) [whole, compared].forEach((paths) => paths.delete(path));
  return { files: whole.size, bytes, compared: compared.size, problems };
}
