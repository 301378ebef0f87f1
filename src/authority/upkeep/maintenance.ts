import { dayMs, type Log } from '../../base/index.ts';
import { noteAllOnKit } from '../custody/index.ts';
import { replaceIssuingWhenDue } from '../issuers/index.ts';
import { renewOcspSignersWhenDue } from '../ocsp/index.ts';
import { policyWarnings } from '../policy/index.ts';
import { expireRequests, removeOldRequests } from '../requests/index.ts';
import { signCrlsWhenDue } from '../revocation/index.ts';
import { keepCheckpoint, keepTime } from '../standing/index.ts';
import { custodyWarnings, type Upkeep } from './custody-warnings.ts';

/** One piece of work that is due now and then; looks for itself whether it is. */
type Step = (context: Upkeep, log: Log) => Promise<void>;

/** What keeps an authority going, in the order it is done in. */
const steps: readonly Step[] = [
  keepTime,
  replaceIssuingWhenDue,
  renewOcspSignersWhenDue,
  signCrlsWhenDue,
  expireRequests,
  removeOldRequests,
  keepCheckpoint,
  noteAllOnKit,
  logWarnings,
];

/**
 * Does everything that is due: cheap when nothing is. A step that fails is said in the log and keeps no other from its
 * turn; it is tried again the next time. `more` comes after the rest. An authority that may not work has nothing to do.
 */
export async function maintain(context: Upkeep, log: Log, more: readonly Step[] = []): Promise<void> {
  for (const step of [...steps, ...more]) {
    if (context.present.state.standing !== 'ready') return;
    try {
      await step(context, log);
    } catch (error) {
      log.error('upkeep of the authority failed', { step: step.name, error });
    }
  }
}

/** When each sentence was last said by an open authority. */
const said = new WeakMap<Upkeep, Map<string, number>>();

/** Says in the log what wants doing about the authority's certificates, keys and policy, each sentence once a day. */
async function logWarnings(context: Upkeep, log: Log): Promise<void> {
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
