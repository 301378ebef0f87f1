import type { SignedCheckpoint } from '../../enrol/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { type LogFilter, type LogPage, searchLog } from '../log/search-log.ts';
import { type VerifiedLog, verifyLog } from './verify-log.ts';

/** The log as an auditor sees it. */
export class Audit {
  readonly #context: AuthorityContext;

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /** Looks for records, the newest first, a page at a time. See {@link searchLog}. */
  search(filter: LogFilter, page: { readonly before?: number; readonly limit: number }): Promise<LogPage> {
    return searchLog(this.#context.records, filter, page);
  }

  /** The exact texts of the records after number `after`, in order, at most `limit`: what the hashes are of. */
  async lines(after: number, limit: number): Promise<string[]> {
    const rows = await this.#context.records.log.after(after, limit);
    return rows.map(({ record }) => record);
  }

  /** Reads the whole log and checks it. See {@link verifyLog}. */
  verify(given?: SignedCheckpoint): Promise<VerifiedLog> {
    return verifyLog(this.#context, given);
  }
}
