import type { Records } from '../records/index.ts';
import { type LogKindName, parseRecord, type RecordNamed } from './log-record.ts';

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
