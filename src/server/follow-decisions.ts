import type { Authority } from '../authority/index.ts';
import type { Log } from '../base/index.ts';

/**
 * Lets a server act on what was decided, whoever decided it, until it is disposed of: what was revoked ends its open
 * connections (`recheck`), and certificates are made and answered for by the issuers and the roots that are on record by then.
 */
export function followDecisions(
  authority: Authority,
  recheck: () => Promise<void>,
  log: Log,
): AsyncDisposable {
  return authority.follow({
    kinds: [
      'revoked',
      'issuing certificate revoked',
      'issuing certificate replaced',
      'tls bound',
      'tls unbound',
    ],
    async visit({ kind }) {
      if (kind !== 'revoked') await authority.readAgain();
      await recheck();
    },
    log,
  });
}
