import type { AuthorityContext } from '../authority-context.ts';

const condition = "state = 'pending' AND expires_at < ?";

/** Requests on which nobody has decided in time are void. */
export async function expireRequests({ database, reader, clock }: AuthorityContext): Promise<void> {
  const nowMs = clock.now();
  if (reader.get(`SELECT 1 FROM requests WHERE ${condition} LIMIT 1`, nowMs) === undefined) return;
  await database.run(`UPDATE requests SET state = 'expired' WHERE ${condition}`, nowMs);
}
