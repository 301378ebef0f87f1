import { hash } from 'node:crypto';
import type { EscrowRow, Records } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

const pageSize = 200;

/** Sealed passwords: each that was left is there, byte for byte, and no other. */
export function escrowClaims(): Claims {
  /** Where a restore may have lost one, the record counts for none. */
  const left = new Map<string, { readonly sequence: number; required: boolean }>();
  return {
    note(record) {
      if (record.kind === 'escrowed') left.set(keyOf(record), { sequence: record.sequence, required: true });
      const from = lostAfter(record);
      if (from === undefined) return;
      for (const entry of left.values()) if (entry.sequence > from) entry.required = false;
    },
    async compare(records) {
      const problems: string[] = [];
      for await (const { identity, repository, sealed } of rowsOf(records)) {
        const keys = [hash('sha256', sealed), null].map((sha256) =>
          JSON.stringify([identity, repository, sha256]),
        );
        const entry = keys.map((key) => left.get(key)).find((each) => each !== undefined);
        if (entry !== undefined) entry.required = false;
        else
          problems.push(
            `a sealed password of ${identity} is on record, and the log does not say that it was left`,
          );
      }
      const missing = [...left.values()].filter(({ required }) => required);
      return [
        ...problems,
        ...missing.map(({ sequence }) => `the sealed password of record ${sequence} is not on record`),
      ];
    },
  };
}

/** The first records of this kind did not say what was left. */
function keyOf({ by, details }: RecordNamed<'escrowed'>): string {
  return JSON.stringify([by, details.repository, details.sha256 ?? null]);
}

async function* rowsOf({ escrows }: Records): AsyncGenerator<EscrowRow> {
  for (let after = 0; ; ) {
    const rows = await escrows.after(after, pageSize);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
