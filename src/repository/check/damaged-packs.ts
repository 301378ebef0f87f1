import type { ObjectId } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { SlotsByPack } from '../format/slots-by-pack.ts';
import type { CheckReport } from './check-report.ts';
import type { LostBlobs } from './lost-blobs.ts';

/** The packs that are missing or not as they were written, each reported as it is found. */
export class DamagedPacks {
  readonly #index: BlobIndex;
  readonly #lost: LostBlobs;
  readonly #report: CheckReport;
  readonly #names = new Set<ObjectId>();
  #byPack: SlotsByPack | undefined;

  constructor(index: BlobIndex, lost: LostBlobs, report: CheckReport) {
    this.#index = index;
    this.#lost = lost;
    this.#report = report;
  }

  /** In the order in which they were found. */
  get names(): readonly ObjectId[] {
    return [...this.#names];
  }

  /**
   * Reports what is wrong with a pack, once its lost blobs are marked: an error, or a hint when each of its blobs can be had
   * from another pack, as after a backup that stored them again.
   */
  add(pack: ObjectId, message: string): void {
    this.#names.add(pack);
    if (!this.#isReplaced(pack)) this.#report.error('pack', pack, message);
    else this.#report.hint('pack', pack, `${message}; all that was in it is in other packs too`);
  }

  #isReplaced(pack: ObjectId): boolean {
    this.#byPack ??= this.#index.slotsByPack();
    const { slots, starts } = this.#byPack;
    const number = this.#index.packNumber(pack);
    return slots.subarray(starts[number], starts[number + 1]).every((slot) => {
      const { type, id } = this.#index.locationAt(slot);
      return this.#index
        .slotsOf(type, id)
        .some((other) => this.#index.packNumberAt(other) !== number && !this.#lost.isMarked(other));
    });
  }
}
