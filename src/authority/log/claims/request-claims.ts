import { minuteMs } from '../../../base/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** The clock was asked twice in one transaction. */
const toleranceMs = minuteMs;

/** Requests: what was approved or denied stays so for as long as it is kept, and nothing else is denied. */
export function requestClaims(): Claims {
  const decided = new Map<number, { readonly state: string; readonly atMs: number }>();
  return {
    note(record) {
      if (record.kind === 'requested') decided.delete(record.details.request);
      else if (record.kind === 'approved' || record.kind === 'denied')
        decided.set(record.details.request, decisionOf(record));
    },
    async compare(records) {
      const rows = await records.requests.all();
      return rows.flatMap((row) => {
        const decision = decided.get(row.id);
        // The number of one that was removed can have been given again.
        const isOfIt = decision !== undefined && row.asked_at <= decision.atMs + toleranceMs;
        const expected = isOfIt ? decision.state : undefined;
        if (expected === undefined && row.state !== 'denied') return [];
        if (expected === row.state) return [];
        return [`request ${row.id} is ${row.state} on record, and ${expected ?? 'not decided'} in the log`];
      });
    },
  };
}

function decisionOf({ kind, at }: RecordNamed<'approved' | 'denied'>): {
  readonly state: string;
  readonly atMs: number;
} {
  return { state: kind, atMs: Date.parse(at) };
}
