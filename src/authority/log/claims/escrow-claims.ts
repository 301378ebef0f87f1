import { hash } from 'node:crypto';
import type { Bytes } from '../../../base/index.ts';
import type { Queries } from '../../../db/index.ts';
import type { LogRecord } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

interface Row {
  readonly id: number;
  readonly identity: string;
  readonly repository: string;
  readonly sealed: Bytes;
}

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
    async compare(queries) {
      const problems: string[] = [];
      for await (const { identity, repository, sealed } of rowsOf(queries)) {
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
function keyOf({ by, details }: LogRecord): string {
  return JSON.stringify([by, details['repository'], details['sha256'] ?? null]);
}

async function* rowsOf(queries: Queries): AsyncGenerator<Row> {
  const sql = `SELECT e.id, i.role || '/' || i.name AS identity, e.repository, e.sealed
    FROM escrows e JOIN identities i ON i.id = e.identity WHERE e.id > ? ORDER BY e.id LIMIT ${pageSize}`;
  for (let after = 0; ; ) {
    const rows = await queries.all<Row>(sql, after);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
