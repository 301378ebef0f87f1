import { parseDuration } from '../../base/index.ts';
import type { LockPeriod } from '../../policy/index.ts';
import { kinds, parseRecord, recordTime } from '../log/index.ts';
import type { AuthorityRecords } from '../records/index.ts';

/** What the retention lock was over time, as the log says. */
export class RetentionLocks {
  readonly #records: AuthorityRecords;
  #periods: readonly LockPeriod[] = [];
  #lookedAt = 0;

  constructor(records: AuthorityRecords) {
    this.#records = records;
  }

  /** In the order of their time, as far as is committed; none while there never was a lock. */
  async periods(): Promise<readonly LockPeriod[]> {
    const { log } = this.#records.committed;
    const known = this.#periods;
    const last = await log.lastSequence();
    if (last === this.#lookedAt) return known;
    const texts = await log.ofKinds([kinds.policyChanged.name], this.#lookedAt);
    this.#periods = [...known, ...texts.flatMap(periodsIn)];
    this.#lookedAt = last;
    return this.#periods;
  }
}

function periodsIn(text: string): LockPeriod[] {
  const record = parseRecord(text);
  if (record?.kind !== 'policy changed') return [];
  const change = record.details.changes.find(({ key }) => key === 'retentionLockMs');
  if (change === undefined) return [];
  return [{ fromMs: recordTime(text), lockMs: millisecondsIn(change.after) }];
}

/** As the policy is typed: a duration, milliseconds that are no whole seconds, or `off`. */
function millisecondsIn(text: string): number {
  return parseDuration(text) ?? (text === 'off' ? 0 : Number(text));
}
