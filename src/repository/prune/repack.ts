import { HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { LostContent } from '../archive/known-blobs.ts';
import { IndexWriter } from '../archive/pack-uploader.ts';
import { BlobCopier } from '../copy/blob-copier.ts';
import { NewPacks } from '../copy/new-packs.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { blobRun } from '../restore/content-run.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import type { PrunePlan } from './plan-prune.ts';

interface RepackOptions {
  readonly signal: AbortSignal;
  /** Told how many bytes of blobs were copied. */
  readonly onCopied: (bytes: number) => void;
}

/**
 * Copies the blobs of a plan into new packs, as they are stored: what is encrypted stands for itself wherever it is (restic design
 * document, "Pack Format"). What is damaged is taken from another copy, and where there is none nothing has been removed yet.
 *
 * @throws HoldfastError `repository_damaged` naming the blob and the pack
 */
export async function repack(
  repository: Repository,
  index: BlobIndex,
  { repack: repacked, moved, compress, figures }: PrunePlan,
  { signal, onCopied }: RepackOptions,
): Promise<void> {
  if (figures.moved.blobs === 0) return;
  await using pool = new ReaderPool(repository.masterKey);
  const writer = new IndexWriter(repository, { signal, mayWrite: Promise.resolve(), lost: LostContent.none });
  const packs = new NewPacks(repository, { writer, signal });
  const copier = new BlobCopier({
    from: repository,
    index,
    packs,
    toVersion: repository.version,
    check: async (bytes, blobs) => {
      // The readers take the memory away.
      const { damaged } = await pool.run(blobRun(new Uint8Array(bytes), blobs), 'compare', signal);
      return { bytes, damaged };
    },
    compress,
    lost: damagedIn,
    signal,
    onCopied,
  });
  await copier.copy(repacked, moved);
  await packs.flush();
  const { blobs } = packs.added;
  if (blobs !== figures.moved.blobs)
    throw new Error(`${blobs} blobs were copied, expected ${figures.moved.blobs}`);
}

function damagedIn(pack: ObjectId, problem: string): HoldfastError {
  return new HoldfastError('repository_damaged', `pack ${pack}: ${problem}; nothing was removed`, {
    hint: 'holdfast check --read-data names the files that are lost with it; holdfast backup PATH stores again what is still there',
  });
}
