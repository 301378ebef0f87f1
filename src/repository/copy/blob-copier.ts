import { type Bytes, forEachLimited, type HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { BlobIndex, BlobLocation } from '../format/blob-index.ts';
import type { RepositoryVersion } from '../format/config.ts';
import type { Repository } from '../repository.ts';
import { type RunBlobs, type RunResult, runBlobsOf } from '../restore/content-run.ts';
import type { NewPacks } from './new-packs.ts';

/** Bytes read at once, and what is not wanted between two blobs that is read rather than asked around. */
const runBytes = 2 * 2 ** 20;
const gapBytes = 128 * 1024;
/** Stretches under way, two with each reader: each may also be the one that waits for a full pack to be stored. */
const runsUnderWay = 4;

/** A stretch of a pack after every blob in it was opened and checked. */
export interface CheckedStretch {
  /** The stretch as it is to be stored: each blob where it was before, under the key of where it goes. */
  readonly bytes: Bytes;
  /** Gives the memory of `bytes` back, where it is nobody else's. */
  readonly release?: () => void;
  /** Which of the blobs are damaged here, by their place among them, and how. */
  readonly damaged: RunResult['damaged'];
}

/** Where blobs come from, where they go, and how. */
export interface BlobCopying {
  readonly from: Repository;
  /** Of `from`. */
  readonly index: BlobIndex;
  readonly packs: NewPacks;
  /** Of the repository where they go. */
  readonly toVersion: RepositoryVersion;
  /** Opens every blob of a stretch, and checks it. It may take the bytes away. */
  readonly check: (bytes: Bytes, blobs: RunBlobs) => Promise<CheckedStretch>;
  /** Contents are compressed where they are not; directories always are. */
  readonly compress: boolean;
  /** The error for a blob that is whole nowhere. */
  readonly lost: (pack: ObjectId, problem: string) => HoldfastError;
  readonly signal: AbortSignal;
  /** Told how many bytes of blobs were copied. */
  readonly onCopied: (bytes: number) => void;
}

/** Entries that lie near each other in a pack. */
interface Stretch {
  readonly pack: ObjectId;
  readonly start: number;
  end: number;
  readonly slots: number[];
}

/** Copies blobs into new packs. Every blob is opened and checked before it is copied: what is damaged is taken from another copy. */
export class BlobCopier {
  readonly #copying: BlobCopying;

  constructor(copying: BlobCopying) {
    this.#copying = copying;
  }

  /**
   * Copies the entries of `packs` that have a 1 in `wanted`.
   * @throws HoldfastError what `lost` gives, for a blob that cannot be read
   */
  async copy(packs: Iterable<number>, wanted: Uint8Array): Promise<void> {
    await forEachLimited(this.#stretches(packs, wanted), runsUnderWay, (stretch) => this.#copy(stretch));
  }

  *#stretches(packs: Iterable<number>, wanted: Uint8Array): Generator<Stretch> {
    const { index } = this.#copying;
    const { slots, starts } = index.slotsByPack();
    for (const pack of packs) {
      let open: Stretch | undefined;
      for (const slot of slots.subarray(starts[pack], starts[pack + 1])) {
        if (wanted[slot] !== 1) continue;
        const start = index.offsetAt(slot);
        const end = start + index.lengthAt(slot);
        if (open === undefined || start > open.end + gapBytes || end - open.start > runBytes) {
          if (open !== undefined) yield open;
          open = { pack: index.packAt(pack), start, end, slots: [] };
        }
        open.end = end;
        open.slots.push(slot);
      }
      if (open !== undefined) yield open;
    }
  }

  async #copy(stretch: Stretch): Promise<void> {
    const { index, packs, onCopied } = this.#copying;
    const { start, end, slots } = stretch;
    const checked = await this.#read(stretch);
    const damaged = new Map(checked.damaged.map(({ blob, message }) => [blob, message]));
    for (const [at, slot] of slots.entries()) {
      const blob = index.locationAt(slot);
      const from = blob.offset - start;
      if (damaged.has(at) || this.#mustEncode(blob))
        await packs.add(blob, await this.#plaintextOf(blob, damaged.get(at)));
      else await packs.addSealed(blob, checked.bytes.subarray(from, from + blob.length));
    }
    checked.release?.();
    onCopied(end - start);
  }

  async #read({ pack, start, end, slots }: Stretch): Promise<CheckedStretch> {
    const { from, index, check, signal } = this.#copying;
    const range = { offset: start, length: end - start };
    const bytes = await from.store.read({ type: 'data', name: pack }, { range, signal });
    return await check(bytes, runBlobsOf(index, slots, start));
  }

  /** Whether a blob cannot be as it is where it goes. Directories are always compressed where the format knows it, as restic has them. */
  #mustEncode({ plainLength, type }: PackedBlob): boolean {
    const { toVersion, compress } = this.#copying;
    if (toVersion === 1) return plainLength !== undefined;
    return plainLength === undefined && (type === 'tree' || compress);
  }

  /** From wherever it is whole. */
  async #plaintextOf({ id, type, pack }: BlobLocation, problem: string | undefined): Promise<Bytes> {
    const { from, signal, lost } = this.#copying;
    return await from.readBlob(type, id, { signal }).catch((error: unknown) => {
      throw isHoldfastError(error, 'repository_damaged') ? lost(pack, problem ?? error.message) : error;
    });
  }
}
