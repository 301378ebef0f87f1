import { type Bytes, forEachLimited, type HoldfastError } from '../../base/index.ts';
import type { ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import { ByteBudget, isPackDamage } from '../restore/content-reader.ts';
import type { ReaderPool } from '../restore/reader-pool.ts';
import type { DamagedPacks, LostBlobs } from './check-report.ts';
import { PackInspector, type PackStretch } from './pack-inspector.ts';

/** What is read, and by whom. */
interface DataCheck {
  readonly repository: Repository;
  readonly index: BlobIndex;
  readonly packs: readonly ObjectInfo[];
  readonly pool: ReaderPool;
  readonly lost: LostBlobs;
  readonly damaged: DamagedPacks;
  readonly signal: AbortSignal;
  readonly onPack: (pack: ObjectInfo) => void;
}

/** Bytes of packs held at a time, and stretches under way: two in each worker, the others being read. */
const heldBytes = 24 * 1024 * 1024;
const stretchesUnderWay = 10;

/**
 * Reads every byte of the packs: main reads and hashes them, and workers open what is in them. What is wrong with one is
 * reported and its lost blobs are marked once all of it was read.
 */
export async function checkPackData(task: DataCheck): Promise<void> {
  const budget = new ByteBudget(heldBytes);
  await forEachLimited(stretchesOf(task), stretchesUnderWay, async ({ reading, stretch }) => {
    await budget.hold(stretch.end - stretch.start, async () => reading.read(stretch));
  });
}

interface NextStretch {
  readonly reading: PackReading;
  readonly stretch: PackStretch;
}

/** One pack is planned when its turn comes: what is known of its blobs takes more memory than they do in the index. */
function* stretchesOf(task: DataCheck): Generator<NextStretch> {
  const { slots, starts } = task.index.slotsByPack();
  for (const pack of task.packs) {
    const number = task.index.packNumber(pack.name);
    const reading = new PackReading(task, pack, slots.subarray(starts[number], starts[number + 1]));
    if (pack.size === 0) reading.finish();
    for (const stretch of reading.stretches) yield { reading, stretch };
  }
}

/** A pack that is being read: several stretches at a time, which are hashed in their order. */
class PackReading {
  readonly #task: DataCheck;
  readonly #pack: ObjectInfo;
  readonly #slots: Uint32Array;
  readonly #inspector: PackInspector;
  #left: number;
  /** Resolves when the stretches that began before were hashed. */
  #hashed: Promise<void> = Promise.resolve();
  #failure: HoldfastError | undefined;

  constructor(task: DataCheck, pack: ObjectInfo, slots: Uint32Array) {
    this.#task = task;
    this.#pack = pack;
    this.#slots = slots;
    this.#inspector = new PackInspector(task.repository.cipher, pack, { index: task.index, slots });
    this.#left = this.stretches.length;
  }

  get stretches(): readonly PackStretch[] {
    return this.#inspector.stretches;
  }

  /** Reads one stretch, to be called in their order; with the last one the pack is done. */
  async read(stretch: PackStretch): Promise<void> {
    const before = this.#hashed;
    const own = Promise.withResolvers<void>();
    this.#hashed = own.promise;
    try {
      const bytes = await this.#bytesOf(stretch);
      await before;
      const run = bytes && this.#inspector.take(stretch, bytes);
      own.resolve();
      if (run) {
        const { pool, signal } = this.#task;
        this.#inspector.opened(stretch, await pool.run(run, 'compare', signal));
      }
    } finally {
      own.resolve();
    }
    if (--this.#left === 0) this.finish();
  }

  /** Undefined once a part of the pack cannot be read: that says nothing about others, which a lost connection does. */
  async #bytesOf({ start, end }: PackStretch): Promise<Bytes | undefined> {
    if (this.#failure) return undefined;
    const { repository, signal } = this.#task;
    const range = { offset: start, length: end - start };
    try {
      return await repository.store.read({ type: 'data', name: this.#pack.name }, { range, signal });
    } catch (error) {
      if (!isPackDamage(error)) throw error;
      this.#failure ??= error;
      return undefined;
    }
  }

  /** Reports what the pack is like. */
  finish(): void {
    const { lost, damaged, onPack } = this.#task;
    const { name } = this.#pack;
    if (this.#failure) {
      for (const slot of this.#slots) lost.mark(slot);
      damaged.add(name, `pack ${name} cannot be read: ${this.#failure.message}`);
    } else {
      const { problems, lost: lostHere } = this.#inspector.finish();
      for (const blob of lostHere) lost.mark(this.#slots[blob] ?? 0);
      for (const problem of problems) damaged.add(name, problem);
    }
    onPack(this.#pack);
  }
}
