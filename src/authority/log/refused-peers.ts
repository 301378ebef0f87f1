import type { ErrorCode } from '../../base/index.ts';
import type { Records } from '../records/index.ts';

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
export async function refusedPeers({ log }: Records, since: Date): Promise<RefusedPeer[]> {
  const above = (await log.lastSequence()) - span;
  const codes = { prefix: 'certificate_', also: triedByPeers };
  const rows = await log.refused(codes, { since, above, limit: maxPeers });
  return rows.map(({ last, ...row }) => ({ ...row, last: new Date(last) }));
}
