import type { ErrorCode } from '../../base/index.ts';
import type { Database } from '../../db/index.ts';

/** What one of the network is refused who tries what is not theirs: another's repository, to remove or replace what is stored, an administrator's work. */
export const triedByPeers: readonly ErrorCode[] = [
  'namespace_forbidden',
  'append_only',
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

/** So many records are looked at, the last ones: some ten milliseconds of the database. */
const span = 5000;
const maxPeers = 20;

/** Who was refused at the gate or behind it since then, as far as the log says: those who have tried most often first. */
export async function refusedPeers(database: Database, since: Date): Promise<RefusedPeer[]> {
  const rows = await database.all<Omit<RefusedPeer, 'last'> & { last: string }>(
    `SELECT record ->> '$.by' AS "by", record ->> '$.details.code' AS code,
        sum(coalesce(record ->> '$.details.repeated', 1)) AS times, max(record ->> '$.at') AS last
      FROM log WHERE sequence > (SELECT max(sequence) FROM log) - ${span}
        AND record ->> '$.kind' = 'refused' AND record ->> '$.at' >= ?
        AND (code GLOB 'certificate_*' OR code IN (${triedByPeers.map(() => '?').join(', ')}))
      GROUP BY 1, 2 ORDER BY times DESC, 1 LIMIT ${maxPeers}`,
    since.toISOString(),
    ...triedByPeers,
  );
  return rows.map(({ last, ...row }) => ({ ...row, last: new Date(last) }));
}
