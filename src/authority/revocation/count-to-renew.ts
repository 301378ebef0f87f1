import type { AuthorityContext } from '../authority-context.ts';

/**
 * How many identities have no certificate left that is let in everywhere, and one of a revoked issuer that is good for
 * its renewal.
 */
export async function countToRenew({ database, clock, issuer }: AuthorityContext): Promise<number> {
  if (issuer.issuings.every(({ revoked }) => revoked === undefined)) return 0;
  const nowMs = clock.now();
  const row = await database.get<{ n: number }>(
    `SELECT count(*) AS n FROM identities i WHERE i.live_until >= ? AND NOT EXISTS (
      SELECT 1 FROM certificates c JOIN issuers s ON s.label = c.issuer
        WHERE c.identity = i.id AND c.revoked_at IS NULL AND c.not_after >= ? AND s.revoked_at IS NULL)`,
    nowMs,
    nowMs,
  );
  return row?.n ?? 0;
}
