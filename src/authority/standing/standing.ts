import { HoldfastError } from '../../base/index.ts';
import type { Standing } from '../records/state.ts';
import type { Present } from './present.ts';

/**
 * Refuses to issue, to answer and to sign for an authority that may not work.
 * @throws HoldfastError `authority_restored`, `authority_superseded`, `authority_retired`
 */
export function checkStanding({ present }: { readonly present: Present }): void {
  const { standing } = present.state;
  if (standing !== 'ready') throw refusalOfStanding(standing);
}

/** Why an authority of this standing does not work. */
export function refusalOfStanding(standing: Exclude<Standing, 'ready'>): HoldfastError {
  const { code, message, hint } = refusals[standing];
  return new HoldfastError(code, message, { hint });
}

const refusals = {
  restored: {
    code: 'authority_restored',
    message: 'this authority was restored from a backup and does not know what was revoked since',
    hint: 'give it its log from a mirror (authority.log_mirrors), or say that it is lost: holdfast ca restore --help',
  },
  superseded: {
    code: 'authority_superseded',
    message: 'a newer copy of this authority is at work, so this one has stopped',
    hint: 'use the newer one; this home can be kept for looking at, and no longer issues',
  },
  retired: {
    code: 'authority_retired',
    message: 'this authority was moved to another machine',
    hint: 'use it there; when its file was never restored: holdfast ca move --undo "WHY"',
  },
} as const;
