import type { CommittedReader, Database } from '../../db/index.ts';
import { committedHead, type LogHead } from './audit-log.ts';

/**
 * Where the log ends by what is on the disk: what others may be told. What is committed can be seen a moment before that,
 * and is lost when the power fails in it; whoever was told of such a record would take the authority for a copy that was
 * set back.
 */
export class DurableHead {
  #head: LogHead;
  /** To be called before the reader is closed. */
  readonly stop: () => void;

  /** Of a database that has just been opened: all that is in it is on the disk. */
  constructor(database: Database, reader: CommittedReader) {
    this.#head = committedHead(reader);
    this.stop = database.onDurable(() => {
      this.#head = committedHead(reader);
    });
  }

  get current(): LogHead {
    return this.#head;
  }
}
