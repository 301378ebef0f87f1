import type { Bytes } from '../../base/index.ts';
import type { WantedFile } from './content-plan.ts';
import type { RunPurpose } from './content-run.ts';
import type { FileProblem } from './file-problem.ts';

/** What is done with files whose content is read. */
export interface ContentSink {
  readonly purpose: RunPurpose;
  /** A file that several runs make up begins: says where its pieces go, having made it. The system's error when it cannot. */
  begin(file: WantedFile, size: number): Bytes;
  /** What `begin` made is to go. */
  abandon(place: Bytes): void;
  /**
   * All pieces, `size` bytes, are where they belong; `place` is what `begin` said, undefined for a file that one worker
   * made whole.
   */
  done(file: WantedFile, place: Bytes | undefined, size: number): void;
  /** The content cannot be had, or is not as it should be (`attributes`: it is, but the rest is not). */
  failed(file: WantedFile, problem: FileProblem): void;
  /** So many more bytes of content have been opened. */
  progress(bytes: number): void;
}
