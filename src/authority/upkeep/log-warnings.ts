import { dayMs, type Log } from '../../base/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { custodyWarnings } from './custody-warnings.ts';
import { policyWarnings } from './policy-warnings.ts';

/** When each sentence was last said by an open authority. */
const said = new WeakMap<AuthorityContext, Map<string, number>>();

/** Says in the log what wants doing about the authority's certificates, keys and policy, each sentence once a day. */
export async function logWarnings(context: AuthorityContext, log: Log): Promise<void> {
  const nowMs = context.clock.now();
  const before = said.get(context) ?? new Map<string, number>();
  said.set(context, before);
  for (const sentence of [...(await custodyWarnings(context)), ...policyWarnings(context)]) {
    const lastMs = before.get(sentence);
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < dayMs) continue;
    before.set(sentence, nowMs);
    log.warn(sentence);
  }
}
