import { isDeepStrictEqual } from 'node:util';
import { dayMs, HoldfastError, parseDuration } from '../../base/index.ts';
import { type LockPeriod, localName, type PolicyDifference } from '../../policy/index.ts';
import { kinds, parseRecord, recordTime } from '../log/index.ts';
import { type AuthorityRecords, identityLabel, identityOf, type Records } from '../records/index.ts';

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

/** How long the word of the first administrator waits for that of a second. */
const waitsMs = dayMs;
/** One alone could make another for this; whoever is one of two has been there as long. */
const minAgeMs = 7 * dayMs;

interface Proposal {
  readonly differences: readonly PolicyDifference[];
  readonly by: string;
  readonly nowMs: number;
}

/**
 * What keeps a change from being made that takes two administrators; undefined when `by` is the second.
 * @throws HoldfastError `second_admin_needed` for whoever counts for neither
 */
export async function whatIsNeeded(tx: Records, proposal: Proposal): Promise<HoldfastError | undefined> {
  const { by } = proposal;
  await checkAge(tx, proposal);
  if (await isSeconded(tx, proposal)) return undefined;
  return secondNeeded(`${by} has proposed it, and another administrator has to say the same within a day`);
}

/** Whether another one said the same before, and the lock is the same since; the log keeps it. */
async function isSeconded(tx: Records, { differences, by, nowMs }: Proposal): Promise<boolean> {
  const last = await tx.log.lastSequence();
  const names = [kinds.policyChanged.name, kinds.policyProposed.name];
  const texts = await tx.log.ofKinds(names, Math.max(0, last - span));
  const decided = texts.findLastIndex((text) => periodsIn(text).length > 0);
  return texts.slice(decided + 1).some((text) => {
    const record = parseRecord(text);
    return (
      record?.kind === 'policy proposed' &&
      record.by !== by &&
      recordTime(text) > nowMs - waitsMs &&
      isDeepStrictEqual(record.details.changes, differences)
    );
  });
}

/** So many records are looked through, which a network does not make in a day. */
const span = 100_000;

async function checkAge(tx: Records, { by, nowMs }: Proposal): Promise<void> {
  const identity = identityOf(by);
  if (identity.name === localName) return;
  const row = await tx.identities.find(identity);
  if (row !== undefined && row.created_at <= nowMs - minAgeMs) return;
  throw secondNeeded(
    `${identityLabel(identity)} has been an administrator for less than 7 days, and counts for neither of the two`,
  );
}

function secondNeeded(why: string): HoldfastError {
  return new HoldfastError(
    'second_admin_needed',
    `a shorter retention lock takes two administrators: ${why}`,
  );
}
