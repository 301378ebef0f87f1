import type { ErrorCode } from '../../base/index.ts';
import type { Records } from '../records/index.ts';
import { type LogKindName, type LogRecord, parseRecord, type RecordNamed } from './log-record.ts';

/** Which records are meant; all when nothing is said. */
export interface LogFilter {
  readonly kind?: LogKindName;
  /** Who did it, exactly as recorded. */
  readonly by?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** Some of the records that are meant, the newest first. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Where to go on with `before`; undefined at the beginning of the log. */
  readonly next: number | undefined;
}

/** How many records are looked at for one page: some ten milliseconds of the database. */
const span = 5000;

/**
 * Looks for records from number `before` down, at most `limit`. A page may have none and still say where to go on, so
 * that a long log keeps nobody waiting for the database.
 */
export async function searchLog(
  { log }: Records,
  filter: LogFilter,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<LogPage> {
  const top = before ?? (await log.lastSequence()) + 1;
  const bottom = Math.max(0, top - 1 - span);
  const rows = await log.search(filter, { above: bottom, below: top, limit });
  const records = rows.flatMap(({ record }) => parseRecord(record) ?? []);
  const last = rows.length === limit ? (rows.at(-1)?.sequence ?? 1) : bottom + 1;
  return { records, next: last > 1 ? last : undefined };
}

/** All records of a kind that a detail says `value` of, the newest first. */
export async function recordsWith<Name extends LogKindName>(
  { log }: Records,
  kind: Name,
  detail: Extract<keyof RecordNamed<Name>['details'], string>,
  value: string,
): Promise<RecordNamed<Name>[]> {
  const texts = await log.withDetail(kind, detail, value);
  return texts.flatMap((text) => {
    const record = parseRecord(text);
    return record?.kind === kind ? [record as RecordNamed<Name>] : [];
  });
}

/** What one of the network is refused who tries what is not theirs: another's repository, to remove or replace what is stored, an administrator's work, the connections of all. */
export const triedByPeers: readonly ErrorCode[] = [
  'connections_exhausted',
  'namespace_forbidden',
  'append_only',
  'retention_locked',
  'node_quarantined',
  'object_exists',
  'operation_forbidden',
];

/** One of the network who was refused again and again for one reason. */
export interface RefusedPeer {
  /** `client/laptop` */
  readonly by: string;
  readonly code: string;
  readonly times: number;
  /** When that was last recorded. */
  readonly last: Date;
}
const maxPeers = 20;

/** How often something was refused since then, as far as the log says, by its code; of strangers it says it once an hour. */
export async function refusalsByCause({ log }: Records, since: Date): Promise<Map<string, number>> {
  const last = await log.lastSequence();
  const range = { above: Math.max(0, last - span), below: last + 1, limit: span };
  const times = new Map<string, number>();
  for (const { record: text } of await log.search({ kind: 'refused', since }, range)) {
    const record = parseRecord(text);
    if (record?.kind !== 'refused') continue;
    const { code, repeated = 1, counts = code === undefined ? {} : { [code]: repeated } } = record.details;
    for (const [cause, count] of Object.entries(counts)) times.set(cause, (times.get(cause) ?? 0) + count);
  }
  return times;
}

/** Who was refused at the gate or behind it since then, as far as the log says: those who have tried most often first. */
export async function refusedPeers({ log }: Records, since: Date): Promise<RefusedPeer[]> {
  const above = (await log.lastSequence()) - span;
  const codes = { prefix: 'certificate_', also: triedByPeers };
  const rows = await log.refused(codes, { since, above, limit: maxPeers });
  return rows.map(({ last, ...row }) => ({ ...row, last: new Date(last) }));
}
