import type { Records } from '../../records/index.ts';
import type { LogRecord } from '../log-record.ts';

/** What the log says of some tables, gathered while it is read, and held against them: in both directions. */
export interface Claims {
  /** Takes note of one record, in the order of the log. */
  readonly note: (record: LogRecord) => void;
  /** Looks at what the last few records speak of, so that it need not be remembered; gives what contradicts them, in sentences. */
  readonly lookUp?: (records: Records) => Promise<readonly string[]>;
  /** Once the whole log was noted: what the tables hold otherwise, in sentences. */
  readonly compare: (records: Records) => Promise<readonly string[]>;
}

/**
 * From which record on a restore may have lost what no log holds, such as join codes: their records came from a mirror, and they
 * did not. Undefined for any other record.
 */
export function lostAfter({ kind, details }: LogRecord): number | undefined {
  return kind === 'restored' ? details.backup.sequence : undefined;
}
