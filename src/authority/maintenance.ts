import type { Log } from '../base/index.ts';
import type { AuthorityContext } from './authority-context.ts';
import { logWarnings } from './custody/log-warnings.ts';
import { keepTime } from './log/check-clock.ts';
import { keepCheckpoint } from './log/kept-checkpoint.ts';
import { noteAllOnKit } from './note-on-kit.ts';
import { replaceIssuingWhenDue } from './replace-issuing.ts';
import { expireRequests, removeOldRequests } from './requests/end-requests.ts';
import { renewOcspSignersWhenDue } from './revocation/renew-ocsp-signers.ts';
import { signCrlsWhenDue } from './revocation/sign-crls-when-due.ts';

/** One piece of work that is due now and then; looks for itself whether it is. */
type Step = (context: AuthorityContext, log: Log) => Promise<void>;

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
export async function maintain(
  context: AuthorityContext,
  log: Log,
  more: readonly Step[] = [],
): Promise<void> {
  for (const step of [...steps, ...more]) {
    if (context.present.state.standing !== 'ready') return;
    try {
      await step(context, log);
    } catch (error) {
      log.error('upkeep of the authority failed', { step: step.name, error });
    }
  }
}
