import { HoldfastError } from '../base/index.ts';
import type { CommittedReader, Queries } from '../db/index.ts';

/**
 * Whether an authority may work: `ready`; `restored` from a backup and not told yet what happened since; `superseded`,
 * because one with a higher epoch was met; `retired`, because it was moved to another machine.
 */
export type Standing = 'ready' | 'restored' | 'superseded' | 'retired';

/** The standing on record. */
export function readStanding(reader: CommittedReader): Standing {
  return reader.get('SELECT standing FROM authority')?.standing as Standing;
}

/** The standing on record, for whoever has no reader. */
export async function readStandingOf(queries: Queries): Promise<Standing | undefined> {
  return (await queries.get<{ standing: Standing }>('SELECT standing FROM authority'))?.standing;
}

/**
 * Refuses to issue, to answer and to sign for an authority that may not work.
 * @throws HoldfastError `authority_restored`, `authority_superseded`, `authority_retired`
 */
export function checkStanding({ reader }: { readonly reader: CommittedReader }): void {
  const standing = readStanding(reader);
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
