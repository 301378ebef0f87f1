import type { NetworkPolicy } from '../../policy/index.ts';
import { hashRecord, type LogHead, logStart, recordTime } from '../log/index.ts';
import {
  type AuthorityRecords,
  authorityDamaged,
  policyOnRecord,
  type Records,
  type StateRow,
} from '../records/index.ts';

interface Look {
  readonly state: StateRow;
  readonly head: LogHead & { readonly atMs: number };
  readonly policy: { readonly text: string | undefined; readonly value: NetworkPolicy };
  readonly lastJoinCodeEndMs: number | undefined;
}

/**
 * What is on the disk of the authority as a whole: what every decision looks at first, and what others may be told. Looked up
 * again each time that something has come to the disk, before anybody learns of it. What is committed can be seen a moment
 * before that, and is lost when the power fails in it: whoever was told of such a record would take the authority for a copy
 * that was set back.
 */
export class Present {
  #look: Look;
  /** To be called before the records are closed. */
  readonly stop: () => void;

  private constructor(records: AuthorityRecords, look: Look) {
    this.#look = look;
    this.stop = records.onDurable(async () => {
      this.#look = await lookAt(records.committed, this.#look);
    });
  }

  /** Of records that have just been opened. @throws HoldfastError `authority_damaged` when they are of no authority */
  static async of(records: AuthorityRecords): Promise<Present> {
    return new Present(records, await lookAt(records.committed));
  }

  get state(): StateRow {
    return this.#look.state;
  }

  /** Where the log ends; `atMs` is the time of its last record, in milliseconds since 1970. */
  get head(): LogHead & { readonly atMs: number } {
    return this.#look.head;
  }

  /** What the network has decided. */
  get policy(): NetworkPolicy {
    return this.#look.policy.value;
  }

  /** When the last join code ends that is not revoked, used up or not; undefined for none. */
  get lastJoinCodeEndMs(): number | undefined {
    return this.#look.lastJoinCodeEndMs;
  }
}

async function lookAt(records: Records, before?: Look): Promise<Look> {
  const [state, last, text, lastJoinCodeEndMs] = await Promise.all([
    records.state.read(),
    records.log.last(),
    records.policy.read(),
    records.joinCodes.lastEnd(),
  ]);
  if (state === undefined) throw authorityDamaged('the database does not say which network it is of');
  const { sequence = 0, record } = last ?? {};
  return {
    state,
    head:
      before?.head.sequence === sequence
        ? before.head
        : {
            sequence,
            hash: record === undefined ? logStart : hashRecord(record),
            atMs: record === undefined ? 0 : recordTime(record),
          },
    policy:
      before !== undefined && before.policy.text === text
        ? before.policy
        : { text, value: policyOnRecord(text) },
    lastJoinCodeEndMs,
  };
}
