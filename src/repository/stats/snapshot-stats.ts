import type { BlobIndex } from '../format/blob-index.ts';
import { unitOverhead } from '../format/unit.ts';
import { findUsedBlobs } from '../prune/used-blobs.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { EntriesOptions } from '../tree-entries.ts';
import { ContentCounter } from './content-counter.ts';
import { RestoreSizes } from './restore-sizes.ts';

/** What is counted; restic's words for it. */
export const statsModes = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'] as const;

export type StatsMode = (typeof statsModes)[number];

/** What was counted; what a mode does not count is not there. */
export interface StatsCount {
  readonly bytes: number;
  readonly files?: number;
  readonly blobs?: number;
  /** Of raw data, what it would take without compression. */
  readonly uncompressedBytes?: number;
}

/** What is counted of, and whom to tell. */
export interface StatsOptions extends EntriesOptions {
  readonly snapshots: readonly StoredSnapshot[];
  readonly mode: StatsMode;
}

/**
 * Counts what snapshots hold, as restic's `stats` does:
 * - `restore-size`: what restoring each of them would write, a file with several names once;
 * - `files-by-contents`: files, those with the same content once;
 * - `blobs-per-file`: pieces of those files, each once for each path that has it;
 * - `raw-data`: all that is stored for them, as it lies in the repository.
 *
 * @throws HoldfastError `repository_damaged` for raw data of which something cannot be read; otherwise that is told
 */
export async function snapshotStats(repository: Repository, options: StatsOptions): Promise<StatsCount> {
  const { snapshots, mode, signal } = options;
  const index = await repository.loadIndex({ signal });
  const trees = snapshots.map(({ tree }) => tree);
  switch (mode) {
    case 'restore-size':
      return await new RestoreSizes(repository, index, options).count(trees);
    case 'files-by-contents':
    case 'blobs-per-file':
      return await new ContentCounter(repository, index, options).count(trees, mode);
    case 'raw-data':
      return rawData(
        index,
        await findUsedBlobs(repository, index, { trees, signal, undone: 'nothing is counted' }),
      );
  }
}

function rawData(index: BlobIndex, used: Uint8Array): StatsCount {
  let [bytes, blobs, uncompressedBytes] = [0, 0, 0];
  for (let slot = 0; slot < index.size; slot++) {
    if (used[slot] !== 1) continue;
    blobs++;
    bytes += index.lengthAt(slot);
    uncompressedBytes += index.plainLengthAt(slot) + unitOverhead;
  }
  return { blobs, bytes, uncompressedBytes };
}
