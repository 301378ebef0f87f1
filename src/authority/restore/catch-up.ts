import { type Bytes, type Clock, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import {
  AuditLog,
  type Decision,
  decisionIn,
  hashRecord,
  kindOf,
  kinds,
  type Learnt,
  type LogHead,
  type LogKind,
  type LogRecord,
} from '../log/index.ts';
import {
  KnownIssuers,
  type LogMirror,
  lookAtMirror,
  type MirroredRecord,
  type MirrorLook,
  mirroredLines,
  type UsableMirror,
} from '../mirror/index.ts';
import type { AuthorityRecords, Records } from '../records/index.ts';

/** What an administrator can say of the certificates of before where no log is left that knows them: one of these. */
export interface LogLossOptions {
  /** Of keys alone: none of them is accepted, and every machine joins again. */
  readonly reEnrol?: boolean | undefined;
  /** Of keys alone: those that are valid are accepted, whichever of them were revoked. */
  readonly trustIssued?: boolean | undefined;
  /** There is no log any more, and why. */
  readonly logIsLost?: string | undefined;
}

/**
 * What the log is to say of certificates that an authority knows nothing of; undefined where nothing was chosen.
 * @throws HoldfastError `usage` for two choices
 */
export function logLossReason({ reEnrol, trustIssued, logIsLost }: LogLossOptions): string | undefined {
  const choices = [
    reEnrol === true ? 're-enrol: no certificate of before is accepted' : undefined,
    trustIssued === true
      ? 'trust-issued: certificates of before are accepted while they are valid'
      : undefined,
    logIsLost,
  ].filter((choice) => choice !== undefined);
  if (choices.length < 2) return choices[0];
  throw new HoldfastError('usage', 'two choices for the certificates of before', {
    hint: 'say one of --re-enrol, --trust-issued and --log-is-lost',
  });
}

/** Whether something is said that an authority with its records does not ask. */
export function isOfKeysAlone({ reEnrol, trustIssued }: LogLossOptions): boolean {
  return reEnrol === true || trustIssued === true;
}

/** How a restored authority is to learn what happened after its backup. */
export interface CatchUpOrder extends LogLossOptions {
  /** Where its log may be. */
  readonly mirrors: readonly LogMirror[];
  /** The file that the key of the root came from; absolute. */
  readonly rootFrom?: string | undefined;
  /** The backup was the last thing that the authority did, so that nothing can be missing. */
  readonly complete?: boolean;
  readonly clock: Clock;
  /** Who decided, for the log. */
  readonly by: string;
}

/** What a restored authority has learnt. */
export interface CaughtUp {
  readonly epoch: number;
  /** The mirror whose log was taken; absent when none was. */
  readonly mirror?: string;
  readonly counts: ReplayCounts;
  /** What of the mirrors could not be used, in sentences. */
  readonly notes: readonly string[];
  /** Host names and addresses that the valid certificates of its servers name, of each the newest. */
  readonly serverNames: readonly string[];
}

/**
 * Takes what the mirrors know beyond the database of a restored authority and puts it to work, all in one transaction:
 * its log, what was issued and revoked, then a record that says so in the new epoch. The log that goes furthest wins.
 *
 * @throws HoldfastError `authority_restored` when there is no log to take, with what each mirror said; nothing is changed
 */
export async function catchUp(records: AuthorityRecords, order: CatchUpOrder): Promise<CaughtUp> {
  const issuers = await KnownIssuers.of(records, { noRevoked: true });
  const head = await new AuditLog(records, 1, order.clock).head();
  const hashAt = (sequence: number): Promise<string | undefined> => readHash(records, sequence);
  const looks = await Promise.all(
    order.mirrors.map((mirror) => lookAtMirror(mirror, { head, hashAt }, issuers)),
  );
  const usable = looks.filter((look) => look.kind === 'usable');
  const best = usable.toSorted(byReach)[0];
  const notes = looks.flatMap((look) => noteOf(look, head, best));
  if (!knowsAll(best, looks, head)) checkMayGoOn(notes, order);
  return await records.transaction(async (tx) => {
    const counts: ReplayCounts = { records: 0, certificates: 0, revoked: 0, issuers: 0, lost: {} };
    // Nobody waits for this database meanwhile, and a log is read once more rather than held in memory.
    if (best !== undefined) await replayAll(tx, best, { from: head, issuers, counts });
    if (order.trustIssued === true) await tx.state.trustBefore(order.clock.now());
    const caughtUp = { counts, notes, ...(best && { mirror: best.mirror.name }) };
    return {
      ...caughtUp,
      epoch: await begin(tx, records, { order, head, caughtUp, seen: seenEpoch(usable) }),
      serverNames: await namesOfServers(tx, order.clock),
    };
  });
}

const maxServerCertificates = 1000;

/** As {@link CaughtUp} has them. */
export async function namesOfServers({ certificates }: Records, clock: Clock): Promise<string[]> {
  const filter = { role: 'server', state: 'valid' } as const;
  const rows = await certificates.list(filter, clock.now(), maxServerCertificates);
  const newest = new Map(rows.toReversed().map(({ name, certificate }) => [name, certificate]));
  const names = [...newest.values()].flatMap((der) => parseCertificate(der).extensions.subjectAltNames);
  return [
    ...new Set(names.flatMap((name) => (name.kind === 'dns' || name.kind === 'ip' ? [name.value] : []))),
  ];
}

function byReach(a: UsableMirror, b: UsableMirror): number {
  return b.epoch - a.epoch || b.end.sequence - a.end.sequence || b.signed - a.signed;
}

/**
 * Whether nothing is known to be missing. A mirror that cannot be reached may hold more than those that can; one that is
 * damaged did; and where none has come even as far as the backup, none was written any more when it was made.
 */
function knowsAll(
  best: UsableMirror | undefined,
  looks: readonly MirrorLook[],
  { sequence }: LogHead,
): boolean {
  if (best === undefined || looks.some(({ kind }) => kind === 'unreachable')) return false;
  const signed = Math.max(
    ...looks.map((look) => (look.kind === 'usable' && look.epoch === best.epoch ? look.signed : 0)),
  );
  return signed >= sequence && best.end.sequence >= signed;
}

/** What is missing is named, and the administrator decides. */
function checkMayGoOn(notes: readonly string[], order: CatchUpOrder): void {
  if (logLossReason(order) !== undefined || order.complete === true) return;
  const why = notes.length === 0 ? 'no mirror of its log is named' : notes.join('; ');
  throw new HoldfastError(
    'authority_restored',
    `this authority does not know what happened after its backup: ${why}`,
    {
      hint:
        'name the mirrors that are to be used: holdfast ca restore --mirror PLACE; ' +
        'when there is none any more: holdfast ca restore --log-is-lost "WHY"',
    },
  );
}

function noteOf(look: MirrorLook, own: LogHead, best: UsableMirror | undefined): string[] {
  if (look.kind !== 'usable') return [`${look.mirror.name} ${look.problem}`];
  const { mirror, end, signed, damage } = look;
  if (damage !== undefined)
    return [`${mirror.name} is used up to record ${end.sequence} of ${signed}: ${damage}`];
  if (signed < own.sequence)
    return [`${mirror.name} goes up to record ${signed} only, and the backup to ${own.sequence}`];
  if (look === best || end.sequence === best?.end.sequence) return [];
  return [`${mirror.name} goes up to record ${end.sequence} only`];
}

/** What was found is read again, and has to be the same: otherwise all of it is undone. */
async function replayAll(
  tx: Records,
  { mirror, epochs, end }: UsableMirror,
  { from, issuers, counts }: { from: LogHead; issuers: KnownIssuers; counts: ReplayCounts },
): Promise<void> {
  let head = from;
  for await (const line of mirroredLines(mirror, { epochs, until: end.sequence, from }, issuers)) {
    if (line.kind !== 'record') continue;
    await replayRecord(tx, line, counts);
    head = { sequence: line.record.sequence, hash: line.hash };
  }
  if (head.hash === end.hash) return;
  throw new HoldfastError('authority_restored', `${mirror.name} changed while it was read`, {
    hint: 'run it again',
  });
}

interface Beginning {
  readonly order: CatchUpOrder;
  /** Where the backup ended. */
  readonly head: LogHead;
  readonly caughtUp: Omit<CaughtUp, 'epoch' | 'serverNames'>;
  /** The highest epoch that any mirror has. */
  readonly seen: number;
}

/** The first records of the new epoch, from which on the authority works. */
async function begin(
  tx: Records,
  records: AuthorityRecords,
  { order, head, caughtUp, seen }: Beginning,
): Promise<number> {
  const { by, clock } = order;
  const logIsLost = logLossReason(order);
  // Of a log that is lost nobody knows how many restores it tells of, and clients do: the present millisecond is after them all.
  const least = Math.max(seen + 1, logIsLost === undefined ? 1 : clock.now());
  const epoch = await tx.state.goOn(least);
  const log = new AuditLog(records, epoch, clock);
  if (logIsLost !== undefined) await log.decide(tx, kinds.logLost, { by, details: { reason: logIsLost } });
  // A log that begins here has not seen them made.
  if (head.sequence === 0) await nameOcspSigners(tx, log, by);
  const { mirror, counts, notes } = caughtUp;
  const { rootFrom } = order;
  const from = rootFrom === undefined ? {} : { rootFrom };
  const details = { backup: head, mirror: mirror ?? null, ...counts, notes, ...from };
  await log.decide(tx, kinds.restored, { by, details });
  return epoch;
}

async function nameOcspSigners(tx: Records, log: AuditLog, by: string): Promise<void> {
  for (const { label, certificate } of await tx.ocspSigners.list()) {
    const { serial, fingerprint, notAfter } = parseCertificate(certificate);
    const details = { label, serial, fingerprint, notAfter: notAfter.toISOString() };
    await log.decide(tx, kinds.ocspSignerReplaced, { by, details });
  }
}

function seenEpoch(usable: readonly UsableMirror[]): number {
  return Math.max(0, ...usable.map(({ epoch }) => epoch));
}

async function readHash({ log }: Records, sequence: number): Promise<string | undefined> {
  const record = await log.text(sequence);
  return record === undefined ? undefined : hashRecord(record);
}

/** How much was replayed of what. */
export interface ReplayCounts {
  records: number;
  certificates: number;
  revoked: number;
  issuers: number;
  /** Records whose contents no log holds: by kind. */
  readonly lost: Record<string, number>;
}

/** Puts one record into the log as it was written, and does again what it says that was done. */
export async function replayRecord(
  tx: Records,
  { record, text, attached }: MirroredRecord,
  counts: ReplayCounts,
): Promise<void> {
  await tx.log.append({ sequence: record.sequence, record: text });
  counts.records += 1;
  const kind = kindOf(record);
  const isLost = kind.lost === true || (kind.attachment !== undefined && attached === undefined);
  if (isLost || !(await applyAgain(tx, { kind, record, attached }, counts)))
    counts.lost[kind.name] = (counts.lost[kind.name] ?? 0) + 1;
}

interface Logged {
  readonly kind: LogKind;
  readonly record: LogRecord;
  readonly attached: Bytes | undefined;
}

/** Gives false for what does not fit any more, a change of the policy say: it is lost like what the log does not hold. */
async function applyAgain(tx: Records, logged: Logged, counts: ReplayCounts): Promise<boolean> {
  const { kind, record } = logged;
  const decision = decisionIn(record);
  try {
    const result = await kind.apply?.(tx, decision, await givenTo(tx, logged, decision));
    if (kind.apply !== undefined) add(counts, kind.learnt?.(result) ?? {});
    return true;
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    return false;
  }
}

async function givenTo(
  tx: Records,
  { kind, attached }: Logged,
  decision: Decision<LogRecord['details']>,
): Promise<unknown> {
  return attached === undefined ? undefined : await kind.attachment?.open(tx, decision, attached);
}

function add(counts: ReplayCounts, { certificates = 0, revoked = 0, issuers = 0 }: Learnt): void {
  counts.certificates += certificates;
  counts.revoked += revoked;
  counts.issuers += issuers;
}
