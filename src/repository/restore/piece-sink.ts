import type { Bytes } from '../../base/index.ts';
import type { FileFailure } from './content-run.ts';

/** Takes the pieces of one run, in the order in which their blobs lie in the pack. Never throws. */
export interface PieceSink {
  /** A piece of file `index`; its bytes hold until the next call. */
  take(index: number, offset: number, plaintext: Bytes): void;
  /** A piece of file `index` cannot be had. */
  lose(index: number): void;
  /** What went wrong, once every piece was taken or lost. */
  end(): readonly FileFailure[];
}
