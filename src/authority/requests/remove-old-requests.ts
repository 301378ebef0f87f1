import { dayMs } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** How long a request is kept after the last moment it could have been decided on. */
const keptMs = 90 * dayMs;
/** At a time, so that nothing waits for it. */
const maxAtOnce = 1000;

// The newest stays: its number would be given again.
const old = `state IN ('approved', 'denied', 'expired') AND expires_at < ?
  AND id < (SELECT max(id) FROM requests)`;

/** Requests on which all has been said are removed; the log keeps what was decided. */
export async function removeOldRequests(context: AuthorityContext): Promise<void> {
  const { database, reader, clock, clockGuard } = context;
  if (clockGuard.problem() !== undefined) return;
  const before = clock.now() - keptMs;
  if (reader.get(`SELECT 1 FROM requests WHERE ${old} LIMIT 1`, before) === undefined) return;
  await database.run(
    `DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE ${old} LIMIT ${maxAtOnce})`,
    before,
  );
}
