import type { BenchCommand } from './measure.ts';

/** A repository that one program works on, empty when it is opened and gone when it is closed. */
export interface Place extends AsyncDisposable {
  /** A command on the repository. The words of the rows are the same for both programs. */
  command(words: readonly string[]): BenchCommand;
  /** Where the repository is, when that is a directory. */
  readonly directory?: string;
  /** Bytes of all files of the repository. */
  storedBytes(): number;
  /** Process ids of the servers that take part. */
  readonly servers: readonly number[];
}

/** A program, with the kind of place its repositories are in. */
export interface Contender {
  /** As the table names it. */
  readonly name: string;
  readonly isHoldfast: boolean;
  /** A place below `directory`, an empty folder of its own. */
  open(directory: string): Promise<Place>;
}
