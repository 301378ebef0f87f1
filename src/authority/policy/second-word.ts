import { dayMs, HoldfastError } from '../../base/index.ts';
import { localName } from '../../policy/index.ts';
import { kinds, type LogKindName, type LogRecord, parseRecord, recordTime } from '../log/index.ts';
import { identityLabel, identityOf, type Records } from '../records/index.ts';

/** What takes the word of two administrators, and the one who says it now. */
export interface Proposal {
  /** `a shorter retention lock`. */
  readonly what: string;
  /** What the log calls a proposal, and what was decided. */
  readonly kinds: readonly LogKindName[];
  /** Whether a record proposes the very same. */
  readonly isSame: (record: LogRecord) => boolean;
  /** Whether a record decides what proposals before it were about: their word was for that once. */
  readonly isDecision: (record: LogRecord) => boolean;
  readonly by: string;
  readonly nowMs: number;
}

/** How long the word of the first administrator waits for that of a second. */
const waitsMs = dayMs;
/** One alone could make another for this, or come as another; whoever is one of two has been there as long. */
const minAgeMs = 7 * dayMs;

/**
 * What keeps a change from being made that takes two administrators; undefined when `by` is the second.
 * @throws HoldfastError `second_admin_needed` for whoever counts for neither
 */
export async function secondWordNeeded(tx: Records, proposal: Proposal): Promise<HoldfastError | undefined> {
  const { what, by } = proposal;
  await checkCounts(tx, proposal);
  if (await isSeconded(tx, proposal)) return undefined;
  return secondNeeded(
    what,
    `${by} has proposed it, and another administrator has to say the same within a day`,
  );
}

/** So many records are looked through, which a network does not make in a day. */
const span = 100_000;

/** Whether another one said the same before, and nothing was decided since; the log keeps it. */
async function isSeconded(
  tx: Records,
  { kinds: names, isSame, isDecision, by, nowMs }: Proposal,
): Promise<boolean> {
  const last = await tx.log.lastSequence();
  const texts = await tx.log.ofKinds(names, Math.max(0, last - span));
  const known = texts.flatMap((text) => {
    const record = parseRecord(text);
    return record === undefined ? [] : [{ record, atMs: recordTime(text) }];
  });
  const decided = known.findLastIndex(({ record }) => isDecision(record));
  return known
    .slice(decided + 1)
    .some(({ record, atMs }) => record.by !== by && atMs > nowMs - waitsMs && isSame(record));
}

async function checkCounts(tx: Records, { what, by, nowMs }: Proposal): Promise<void> {
  const identity = identityOf(by);
  if (identity.name === localName) return;
  const label = identityLabel(identity);
  const row = await tx.identities.find(identity);
  if (row === undefined || row.created_at > nowMs - minAgeMs)
    throw secondNeeded(
      what,
      `${label} has been an administrator for less than 7 days, and counts for neither of the two`,
    );
  if (await cameAnew(tx, label, nowMs - minAgeMs))
    throw secondNeeded(
      what,
      `${label} was given a certificate or a bearer token within 7 days, which one administrator alone could have taken, and counts for neither of the two`,
    );
}

/** Whether somebody was given what makes him this identity: a renewal takes the certificate of before, anything else an administrator. */
async function cameAnew({ log }: Records, label: string, sinceMs: number): Promise<boolean> {
  for (const { name } of [kinds.issued, kinds.renewed, kinds.bearerTokenCreated]) {
    const given = (await log.withDetail(name, 'identity', label)).filter(
      (text) => recordTime(text) > sinceMs,
    );
    if (given.some((text) => !isRenewal(parseRecord(text)))) return true;
  }
  return false;
}

function isRenewal(record: LogRecord | undefined): boolean {
  return record?.kind === 'renewed' && record.details.renews !== undefined;
}

function secondNeeded(what: string, why: string): HoldfastError {
  return new HoldfastError('second_admin_needed', `${what} takes two administrators: ${why}`);
}
