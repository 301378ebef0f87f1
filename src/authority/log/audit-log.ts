import { type Clock, HoldfastError } from '../../base/index.ts';
import type { AuthorityRecords, LogRow, Records } from '../records/index.ts';
import { RecordComparison } from './claims/compare-records.ts';
import type { AnyKind } from './kinds/index.ts';
import type { Decision, DetailsOf, GivenTo, LogKind, ResultOf } from './log-kind.ts';
import { hashRecord, type LogHead, type LogRecord, logStart, parseRecord, recordTime } from './log-record.ts';

/** What is to be recorded of a kind. */
export type LogEntry<Kind extends LogKind> = Omit<Decision<DetailsOf<Kind>>, 'atMs'> &
  /** What the kind needs beside what the log says. */
  (GivenTo<Kind> extends undefined ? { readonly given?: undefined } : { readonly given: GivenTo<Kind> });

/** What every decision is put on record with. */
export interface Recording {
  readonly records: AuthorityRecords;
  readonly log: AuditLog;
}

/** With the time of the last record. */
interface LogEnd extends LogHead {
  readonly atMs: number;
}

const pageSize = 1000;
/** So few that they are gone again before the collector of garbage takes them for something that stays. */
const verifiedAtOnce = 200;

/** The authority's one log: append-only, each record carrying the hash of the one before. */
export class AuditLog {
  readonly #records: AuthorityRecords;
  readonly #epoch: number;
  readonly #clock: Clock;
  readonly #refusal: HoldfastError | undefined;
  /** After what was last appended. */
  #end: (LogEnd & { readonly text: string }) | undefined;

  /** A log with a `refusal` takes no records: it waits for what a mirror knows, and they would stand where others do. */
  constructor(records: AuthorityRecords, epoch: number, clock: Clock, refusal?: HoldfastError) {
    this.#records = records;
    this.#epoch = epoch;
    this.#clock = clock;
    this.#refusal = refusal;
  }

  /**
   * Records a decision and does to the tables what its kind does, in the transaction `tx`, which gives it its number.
   * @throws HoldfastError the refusal that it was made with, when it takes no records
   */
  async decide<Kind extends AnyKind>(
    tx: Records,
    kind: Kind,
    { by, details, given }: LogEntry<Kind>,
  ): Promise<ResultOf<Kind>> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { atMs, ...head } = await this.#endOf(tx);
    const nowMs = this.#clock.now();
    // A record earlier than the one before it must not hide from the clock's guard how far the log has come.
    if (nowMs < atMs) await tx.state.rememberTime(atMs);
    const record = {
      epoch: this.#epoch,
      sequence: head.sequence + 1,
      previous: head.hash,
      at: new Date(nowMs).toISOString(),
      kind: kind.name,
      by,
      details,
    };
    const text = JSON.stringify(record);
    await tx.log.append({ sequence: record.sequence, record: text });
    this.#end = { sequence: record.sequence, hash: hashRecord(text), atMs: nowMs, text };
    const any: LogKind = kind;
    return (await any.apply?.(tx, { details, by, atMs: nowMs }, given)) as ResultOf<Kind>;
  }

  /** Decides something in a transaction of its own. */
  record<Kind extends AnyKind>(kind: Kind, entry: LogEntry<Kind>): Promise<ResultOf<Kind>> {
    return this.#records.transaction((tx) => this.decide(tx, kind, entry));
  }

  /** Where it ends, once that is on the disk. */
  async head(): Promise<LogHead> {
    const { sequence, hash } = endAt(await this.#records.transaction((tx) => tx.log.last()));
    return { sequence, hash };
  }

  /** The records after number `after`, in order, at most `limit`. */
  async list({ after = 0, limit = pageSize }: { after?: number; limit?: number } = {}): Promise<LogRecord[]> {
    const page = await this.#records.log.after(after, limit);
    return page.map((stored) => parseRecord(stored.record) ?? damaged(stored.sequence, 'it is no record'));
  }

  /**
   * Reads the whole log and checks that it is one chain without gaps that passes through the `checkpoints`.
   * @throws HoldfastError `authority_damaged`, naming the first record that is wrong
   */
  async verify(
    ...checkpoints: readonly { readonly sequence: number; readonly head: string }[]
  ): Promise<LogHead> {
    return await this.#read(checkpoints, async () => {});
  }

  /**
   * Verifies the whole log, and holds against it what the database has of everything that it speaks of.
   * @throws HoldfastError `authority_damaged`, naming the first record that is wrong, or what is on record otherwise
   */
  async verifyRecords(
    checkpoints: readonly { readonly sequence: number; readonly head: string }[],
  ): Promise<LogHead> {
    const comparison = new RecordComparison();
    const head = await this.#read(checkpoints, (records) => comparison.note(records, this.#records));
    return await this.#records.transaction(async (tx) => {
      // What was recorded since it was read belongs to the tables as they are now.
      const rest = await tx.log.after(head.sequence, Number.MAX_SAFE_INTEGER);
      const end = followAll(head, rest);
      await comparison.note(end.records, tx);
      await comparison.finish(tx);
      return end.head;
    });
  }

  async #read(
    checkpoints: readonly { readonly sequence: number; readonly head: string }[],
    visit: (records: readonly LogRecord[]) => Promise<void>,
  ): Promise<LogHead> {
    let head: LogHead = { sequence: 0, hash: logStart };
    for (;;) {
      const page = await this.#records.log.after(head.sequence, verifiedAtOnce);
      const next = followAll(head, page, checkpoints);
      await visit(next.records);
      head = next.head;
      if (page.length === 0) break;
    }
    const signed = Math.max(0, ...checkpoints.map(({ sequence }) => sequence));
    if (head.sequence < signed)
      damaged(head.sequence + 1, `it is missing, and all up to ${signed} were signed for`);
    return head;
  }

  /** What was appended and then undone is not there, and another process may have appended in its place. */
  async #endOf(tx: Records): Promise<LogEnd> {
    const last = await tx.log.last();
    return this.#end !== undefined && this.#end.text === last?.record ? this.#end : endAt(last);
  }
}

function endAt(last: LogRow | undefined): LogEnd {
  return last === undefined
    ? { sequence: 0, hash: logStart, atMs: 0 }
    : { sequence: last.sequence, hash: hashRecord(last.record), atMs: recordTime(last.record) };
}

/** The head after some more records, each of which has to follow on the one before and to be the one that was signed for. */
function followAll(
  head: LogHead,
  page: readonly LogRow[],
  checkpoints: readonly { readonly sequence: number; readonly head: string }[] = [],
): { readonly head: LogHead; readonly records: readonly LogRecord[] } {
  let end = head;
  const records = page.map((stored) => {
    const record = follow(end, stored);
    const { sequence } = stored;
    const hash = hashRecord(stored.record);
    if (checkpoints.some((each) => each.sequence === sequence && each.head !== hash))
      damaged(sequence, 'it is not the one that was signed for');
    end = { sequence, hash };
    return record;
  });
  return { head: end, records };
}

/** The next record, which has to follow on the head before. */
function follow(head: LogHead, { sequence, record }: LogRow): LogRecord {
  const expected = head.sequence + 1;
  if (sequence !== expected) damaged(expected, `it is missing, the next one is ${sequence}`);
  const parsed = parseRecord(record) ?? damaged(expected, 'it is no record');
  if (parsed.sequence !== sequence) damaged(expected, `it says that it is ${parsed.sequence}`);
  if (parsed.previous !== head.hash)
    damaged(expected, 'the record before it is not the one it was written after');
  return parsed;
}

function damaged(sequence: number, problem: string): never {
  throw new HoldfastError('authority_damaged', `the log is damaged at record ${sequence}: ${problem}`, {
    hint: 'keep this database as it is, and compare with the checkpoints that clients hold',
  });
}
