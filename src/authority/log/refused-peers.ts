import type { Database } from '../../db/index.ts';

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

/** Who was refused at the gate since then, as far as the log says: those who have tried most often first. */
export async function refusedPeers(database: Database, since: Date): Promise<RefusedPeer[]> {
  const rows = await database.all<Omit<RefusedPeer, 'last'> & { last: string }>(
    `SELECT record ->> '$.by' AS "by", record ->> '$.details.code' AS code,
        sum(coalesce(record ->> '$.details.repeated', 1)) AS times, max(record ->> '$.at') AS last
      FROM log WHERE sequence > (SELECT max(sequence) FROM log) - ${span}
        AND record ->> '$.kind' = 'refused' AND record ->> '$.at' >= ?
        AND (code GLOB 'certificate_*' OR code = 'operation_forbidden')
      GROUP BY 1, 2 ORDER BY times DESC, 1 LIMIT ${maxPeers}`,
    since.toISOString(),
  );
  return rows.map(({ last, ...row }) => ({ ...row, last: new Date(last) }));
}
