import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import type { SerialNumber } from '../../pki/index.ts';
import type { NetworkPolicy } from '../../policy/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { hashRecord, kinds, type LogHead, logStart, type Recording, recordTime } from '../log/index.ts';
import {
  type AuthorityRecords,
  authorityDamaged,
  policyOnRecord,
  type Records,
  type Standing,
  type StateRow,
} from '../records/index.ts';

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

/** What showed that there is another copy of this authority which is to be used instead. */
interface NewerCopy {
  /** `mirror /mnt/x`, `client/alpha`. */
  readonly shownBy: string;
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Ends the work of this authority for ever, on record; does nothing when it has ended already.
 * @throws HoldfastError `authority_superseded` from one that only looks, which leaves its records as they are
 */
export async function supersede(
  { records, log, looks }: Recording & { readonly looks: boolean },
  newer: NewerCopy,
): Promise<void> {
  if (looks) throw knowsMore(newer);
  await records.transaction(async (tx) => {
    if ((await tx.state.read())?.standing !== 'ready') return;
    await log.decide(tx, kinds.superseded, { by: 'authority', details: { ...newer } });
  });
}

function knowsMore({ shownBy, epoch, sequence }: NewerCopy): HoldfastError {
  return new HoldfastError(
    'authority_superseded',
    `${shownBy} has record ${sequence} of epoch ${epoch}, which is not in the log here`,
    { hint: 'holdfast audit verify says whether the log here was cut off, or this is an older copy' },
  );
}

/** Ends the work of this authority, since it goes on elsewhere; recorded in the same transaction. */
export async function retire(
  { log }: Recording,
  { path, by, holdsRoot }: { readonly path: string; readonly by: string; readonly holdsRoot: boolean },
): Promise<void> {
  await log.record(kinds.retired, { by, details: { movedTo: path, holdsRoot } });
}

/** Takes a retirement back. @throws HoldfastError `usage` when this authority is not retired */
export async function unretire(
  { present, log }: Recording & { readonly present: Present },
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  const { standing } = present.state;
  if (standing !== 'retired') {
    throw new HoldfastError('usage', `this authority was not moved away: it is ${standing}`);
  }
  await log.record(kinds.retired, { by, details: { undone: reason } });
}

/**
 * What the records say of a certificate: `good`; `issuer revoked`, when it was issued here and only what stands above it
 * is not to be believed any more; `revoked`; or `unknown`, which is also another one with a number that is on record.
 */
type RevocationStatus = 'good' | 'issuer revoked' | 'revoked' | 'unknown';

/**
 * Looks a certificate up in what is committed, by an index however many there are. Given as a whole it has to be the
 * very one that was issued: whoever has the key of an issuer makes certificates with any number, and is stopped here
 * before anybody knows of it.
 */
export async function revocationStatus(
  { records, issuer }: { readonly records: AuthorityRecords; readonly issuer: Issuer },
  serial: SerialNumber,
  der?: Bytes,
): Promise<RevocationStatus> {
  const row = await records.committed.certificates.find(serial);
  if (row === undefined) return 'unknown';
  if (der !== undefined && !equalBytes(row.certificate, der)) return 'unknown';
  if (row.revoked_at !== null) return 'revoked';
  const issuing = issuer.issuings.find(({ label }) => label === row.issuer);
  return issuing?.revoked === undefined ? 'good' : 'issuer revoked';
}

interface Look {
  readonly state: StateRow;
  readonly head: LogHead & { readonly atMs: number };
  readonly policy: { readonly text: string | undefined; readonly value: NetworkPolicy };
  readonly lastJoinCodeEndMs: number | undefined;
}

/**
 * What is on the disk of the authority as a whole: what every decision looks at first, and what others may be told. Looked up
 * again each time that something has come to the disk, before anybody learns of it. What is committed can be seen a moment
 * before that, and is lost when the power fails in it: whoever was told of such a record would take the authority for a copy
 * that was set back.
 */
export class Present {
  #look: Look;
  /** To be called before the records are closed. */
  readonly stop: () => void;

  private constructor(records: AuthorityRecords, look: Look) {
    this.#look = look;
    this.stop = records.onDurable(async () => {
      this.#look = await lookAt(records.committed, this.#look);
    });
  }

  /** Of records that have just been opened. @throws HoldfastError `authority_damaged` when they are of no authority */
  static async of(records: AuthorityRecords): Promise<Present> {
    return new Present(records, await lookAt(records.committed));
  }

  get state(): StateRow {
    return this.#look.state;
  }

  /** Where the log ends; `atMs` is the time of its last record, in milliseconds since 1970. */
  get head(): LogHead & { readonly atMs: number } {
    return this.#look.head;
  }

  /** What the network has decided. */
  get policy(): NetworkPolicy {
    return this.#look.policy.value;
  }

  /** When the last join code ends that is not revoked, used up or not; undefined for none. */
  get lastJoinCodeEndMs(): number | undefined {
    return this.#look.lastJoinCodeEndMs;
  }
}

async function lookAt(records: Records, before?: Look): Promise<Look> {
  const [state, last, text, lastJoinCodeEndMs] = await Promise.all([
    records.state.read(),
    records.log.last(),
    records.policy.read(),
    records.joinCodes.lastEnd(),
  ]);
  if (state === undefined) throw authorityDamaged('the database does not say which network it is of');
  const { sequence = 0, record } = last ?? {};
  return {
    state,
    head:
      before?.head.sequence === sequence
        ? before.head
        : {
            sequence,
            hash: record === undefined ? logStart : hashRecord(record),
            atMs: record === undefined ? 0 : recordTime(record),
          },
    policy:
      before !== undefined && before.policy.text === text
        ? before.policy
        : { text, value: policyOnRecord(text) },
    lastJoinCodeEndMs,
  };
}
