import type { AuthorityContext } from '../authority-context.ts';

/**
 * How many identities have no certificate left that is let in everywhere, and one of a revoked issuer that is good for
 * its renewal.
 */
export async function countToRenew({ records, clock, issuer }: AuthorityContext): Promise<number> {
  if (issuer.issuings.every(({ revoked }) => revoked === undefined)) return 0;
  return await records.identities.countToRenew(clock.now());
}
