import type { Bytes } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { ArchiveCounts } from './archive-counts.ts';
import type { BareReason } from './archive-options.ts';

/** Tells which of the paths that were named bring no file. None lies in another. */
export class BarePaths {
  readonly #counts: ArchiveCounts;
  readonly #tell: ((path: string, why: BareReason) => void) | undefined;
  #before = { found: 0, excluded: 0, unreadable: 0 };

  constructor(counts: ArchiveCounts, tell: ((path: string, why: BareReason) => void) | undefined) {
    this.#counts = counts;
    this.#tell = tell;
  }

  /** A directory that was named begins. */
  enter(): void {
    const { found, excluded, unreadable } = this.#counts;
    this.#before = { found, excluded, unreadable };
  }

  /** It ends. What could not be read is told already. */
  leave(path: Bytes): void {
    const { found, excluded, unreadable } = this.#counts;
    if (found > this.#before.found || unreadable > this.#before.unreadable) return;
    this.skip(path, excluded > this.#before.excluded ? 'emptied' : 'empty');
  }

  /** All of it is left out. */
  skip(path: Bytes, why: BareReason): void {
    this.#tell?.(pathText(path), why);
  }
}
