import {
  type Bytes,
  forEachLimited,
  fromHex,
  HoldfastError,
  isHoldfastError,
  toHex,
} from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { LostContent } from '../archive/known-blobs.ts';
import { IndexWriter } from '../archive/pack-uploader.ts';
import { BlobEncoder } from '../archive/pack-writer.ts';
import { plaintextSlack } from '../archive/unit-writer.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { runBlobsOf } from '../restore/content-run.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import { OpenCopy } from './copied-pack.ts';
import type { PrunePlan } from './plan-prune.ts';

/** Bytes read at once, and what is not wanted between two blobs that is read rather than asked around. */
const runBytes = 2 * 2 ** 20;
const gapBytes = 128 * 1024;
/** Stretches under way, two with each reader: each may also be the one that waits for a full pack to be stored. */
const runsUnderWay = 4;

interface RepackOptions {
  readonly signal: AbortSignal;
  /** Told how many bytes of blobs were copied. */
  readonly onCopied: (bytes: number) => void;
}

/**
 * Copies the blobs of a plan into new packs, and lists those in new index files as they come. Every blob is opened and checked before
 * it is copied: what is damaged is taken from another copy, and where there is none nothing has been removed yet.
 *
 * @throws HoldfastError `repository_damaged` naming the blob and the pack
 */
export async function repack(
  repository: Repository,
  index: BlobIndex,
  plan: PrunePlan,
  options: RepackOptions,
): Promise<void> {
  if (plan.figures.moved.blobs === 0) return;
  await using pool = new ReaderPool(repository.masterKey);
  await new Repacker(repository, { index, pool, plan, options }).copyAll();
}

/** Entries that lie near each other in a pack. */
interface Stretch {
  readonly pack: ObjectId;
  readonly start: number;
  end: number;
  readonly slots: number[];
}

class Repacker {
  readonly #repository: Repository;
  readonly #index: BlobIndex;
  readonly #pool: ReaderPool;
  readonly #plan: PrunePlan;
  readonly #options: RepackOptions;
  readonly #writer: IndexWriter;
  readonly #encoder: BlobEncoder;
  readonly #open = { tree: new OpenCopy(), data: new OpenCopy() };
  #copied = 0;

  constructor(
    repository: Repository,
    parts: {
      readonly index: BlobIndex;
      readonly pool: ReaderPool;
      readonly plan: PrunePlan;
      readonly options: RepackOptions;
    },
  ) {
    const { signal } = parts.options;
    this.#repository = repository;
    this.#index = parts.index;
    this.#pool = parts.pool;
    this.#plan = parts.plan;
    this.#options = parts.options;
    this.#encoder = new BlobEncoder(repository.version);
    const mayWrite = Promise.resolve();
    this.#writer = new IndexWriter(repository, { signal, mayWrite, lost: LostContent.none });
  }

  async copyAll(): Promise<void> {
    const { figures } = this.#plan;
    await forEachLimited(this.#stretches(), runsUnderWay, (stretch) => this.#copy(stretch));
    for (const type of ['tree', 'data'] as const) await this.#store(type);
    await this.#writer.flush();
    if (this.#copied !== figures.moved.blobs)
      throw new Error(`${this.#copied} blobs were copied, expected ${figures.moved.blobs}`);
  }

  *#stretches(): Generator<Stretch> {
    const { repack: packs, moved } = this.#plan;
    const { slots, starts } = this.#index.slotsByPack();
    for (const pack of packs) {
      let open: Stretch | undefined;
      for (const slot of slots.subarray(starts[pack], starts[pack + 1])) {
        if (moved[slot] === 0) continue;
        const start = this.#index.offsetAt(slot);
        const end = start + this.#index.lengthAt(slot);
        if (open === undefined || start > open.end + gapBytes || end - open.start > runBytes) {
          if (open !== undefined) yield open;
          open = { pack: this.#index.packAt(pack), start, end, slots: [] };
        }
        open.end = end;
        open.slots.push(slot);
      }
      if (open !== undefined) yield open;
    }
  }

  async #copy({ pack, start, end, slots }: Stretch): Promise<void> {
    const { signal, onCopied } = this.#options;
    const range = { offset: start, length: end - start };
    const bytes = await this.#repository.store.read({ type: 'data', name: pack }, { range, signal });
    const damaged = await this.#check(bytes, start, slots);
    for (const [at, slot] of slots.entries()) {
      const blob = this.#index.locationAt(slot);
      const mustEncode = damaged.has(at) || this.#mustCompress(blob);
      if (mustEncode) await this.#encode(blob, damaged.get(at));
      else
        this.#open[blob.type].add(
          bytes.subarray(blob.offset - start, blob.offset - start + blob.length),
          blob,
        );
      this.#copied++;
      if (this.#open[blob.type].isFull) await this.#store(blob.type);
    }
    onCopied(end - start);
  }

  /** By their place among `slots` the blobs that are damaged here, and how. */
  async #check(bytes: Bytes, start: number, slots: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const blobs = runBlobsOf(this.#index, slots, start);
    // The readers take the memory away.
    const run = { bytes: new Uint8Array(bytes), blobs, pieces: noPieces, files: [] };
    const { damaged } = await this.#pool.run(run, 'compare', this.#options.signal);
    return new Map(damaged.map(({ blob, message }) => [blob, message]));
  }

  /** Directories are always compressed where the format knows it, as restic has them. */
  #mustCompress({ plainLength, type }: PackedBlob): boolean {
    const isWanted = type === 'tree' || this.#plan.compress;
    return plainLength === undefined && isWanted && this.#repository.version >= 2;
  }

  /** From wherever it is whole. */
  async #encode(
    { id, type, ...blob }: PackedBlob & { readonly pack: ObjectId },
    problem: string | undefined,
  ): Promise<void> {
    const plaintext = await this.#repository
      .readBlob(type, id, { signal: this.#options.signal })
      .catch((error: unknown) => {
        throw isHoldfastError(error, 'repository_damaged')
          ? damagedIn(blob.pack, problem ?? error.message)
          : error;
      });
    const padded = new Uint8Array(plaintext.length + plaintextSlack);
    padded.set(plaintext);
    const { bytes, length, plainLength } = this.#encoder.encode(type, fromHex(id), padded, plaintext.length);
    const unit = this.#repository.cipher.seal(bytes.subarray(0, length));
    this.#open[type].add(unit, { id, type, ...(plainLength !== undefined && { plainLength }) });
  }

  async #store(type: 'tree' | 'data'): Promise<void> {
    const open = this.#open[type];
    if (open.isEmpty) return;
    this.#open[type] = new OpenCopy();
    const { id, body, size, header } = open.finish(this.#repository.cipher);
    const name = toHex(id) as ObjectId;
    // Packs of directories are read again and again: a cache keeps them.
    const options = { size, keep: type === 'tree', signal: this.#options.signal };
    await this.#repository.store.write({ type: 'data', name }, body, options);
    await this.#writer.add(name, header);
  }
}

const noPieces = { blobs: new Uint32Array(), files: new Uint32Array(), offsets: new Float64Array() };

function damagedIn(pack: ObjectId, problem: string): HoldfastError {
  return new HoldfastError('repository_damaged', `pack ${pack}: ${problem}; nothing was removed`, {
    hint: 'holdfast check --read-data names the files that are lost with it; holdfast backup PATH stores again what is still there',
  });
}
