import type { ObjectId } from '../../storage/index.ts';
import type { BlobId, BlobType } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { SlotsByPack } from '../format/pack-list.ts';

/** What a problem is about. */
export type CheckSubject = 'config' | 'key' | 'snapshot' | 'index' | 'pack' | 'tree' | 'file';

/** Something that a check found. */
export interface CheckProblem {
  /** An error means that something is lost or will be; a hint is untidy and harmless. */
  readonly kind: 'error' | 'hint';
  readonly subject: CheckSubject;
  /** The name of the file in the repository, or the path of a file in a snapshot. */
  readonly name: string;
  /** A sentence that names it, for people. */
  readonly message: string;
  /** Set for a pack that no index lists. */
  readonly isUnlisted?: true;
}

/** Counts the problems and hands each on as it is found. */
export class CheckReport {
  readonly #onProblem: (problem: CheckProblem) => void;
  #errors = 0;
  #hints = 0;

  constructor(onProblem: (problem: CheckProblem) => void) {
    this.#onProblem = onProblem;
  }

  get errors(): number {
    return this.#errors;
  }

  get hints(): number {
    return this.#hints;
  }

  error(subject: CheckSubject, name: string, message: string): void {
    this.#errors++;
    this.#onProblem({ kind: 'error', subject, name, message });
  }

  hint(subject: CheckSubject, name: string, message: string): void {
    this.#hints++;
    this.#onProblem({ kind: 'hint', subject, name, message });
  }

  /** A pack that no index lists. */
  unlisted(pack: string): void {
    this.#hints++;
    const message = `pack ${pack} is in no index`;
    this.#onProblem({ kind: 'hint', subject: 'pack', name: pack, message, isUnlisted: true });
  }
}

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

/** Which of the blobs that the index names are not really there: one bit of knowledge for each of its slots. */
export class LostBlobs {
  readonly #index: BlobIndex;
  readonly #lost: Uint8Array;

  constructor(index: BlobIndex) {
    this.#index = index;
    this.#lost = new Uint8Array(index.size);
  }

  /** Marks the copy of a blob at this slot. */
  mark(slot: number): void {
    this.#lost[slot] = 1;
  }

  /** Whether the copy at this slot was marked. */
  isMarked(slot: number): boolean {
    return this.#lost[slot] === 1;
  }

  /** Whether no copy of the blob is left. */
  isLost(type: BlobType, id: BlobId): boolean {
    const first = this.#index.findHex(type, id);
    // Nearly always there is one copy, and it is whole.
    if (first === -1) return true;
    return this.isMarked(first) && this.#index.slotsOf(type, id).every((slot) => this.isMarked(slot));
  }
}
