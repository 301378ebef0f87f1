import {
  type BackupSet,
  countWaiting,
  forgetSpool,
  keepSpoolState,
  openSetSpool,
  parseKeepRule,
  readSpoolState,
  type SpoolState,
} from '../../agent/index.ts';
import { HoldfastError, isErrorCode, isHoldfastError, minuteMs, secondMs } from '../../base/index.ts';
import {
  clearSpool,
  type Repository,
  sendSpool,
  thinSpool,
  type Unsendable,
} from '../../repository/index.ts';
import { isOutOfReach } from '../../transport/index.ts';
import { openHome } from '../home/home.ts';
import { connectOwn, openOwnNode } from '../home/own-node.ts';
import { limitsOf } from '../options/transfer-limits.ts';
import type { Context } from '../program/context.ts';
import type { KeptBackup } from '../repository/backing-up.ts';
import { openTarget } from '../repository/repository-target.ts';
import type { Answer } from '../terminal/answer.ts';
import { formatTime, plural } from '../terminal/format.ts';
import { lineToldIn } from '../terminal/output.ts';
import { ruleOf } from './keep-set.ts';

/** How a set is saved. */
export interface SavingSet {
  /** Whether what has changed alone is. */
  readonly isLive: boolean;
  /** At the server; all of it is looked at where that is said. */
  readonly atServer: (context: Context, isWhole: boolean) => Promise<Answer<KeptBackup>>;
  /** In a repository that is open. */
  readonly here: (repository: Repository) => Promise<Answer<KeptBackup>>;
}

/** What came of it. */
export interface SavedSet {
  readonly answer: Answer<KeptBackup>;
  /** Versions that had waited and are with the server. */
  readonly sent: number;
  /** Why it waits here, where it does. */
  readonly kept?: HoldfastError;
}

/** Whether versions of a set wait here while the server is out of reach. */
export function keepsVersions({ live = false, repo }: BackupSet): boolean {
  return live && repo === undefined;
}

/** So long a server that is out of reach is tried before what it would get is kept here: changes come on. */
const patienceMs = { live: 2 * secondMs, whole: 30 * secondMs };
/** One that was out of reach is not tried again for so long where something has changed. */
const tryEveryMs = minuteMs;

/**
 * Saves a live set at the server, what waits of it first; here, until the server answers, where it is out of reach. Whoever refuses is not
 * out of reach: that a line broke is not believed until another attempt has been made at it.
 */
export async function saveOrKeep(context: Context, set: BackupSet, saving: SavingSet): Promise<SavedSet> {
  const { home, node } = await openOwnNode(context);
  const before = await readSpoolState(home.node, set);
  const known = saving.isLive ? outOfReachSince(before, context.clock.now()) : undefined;
  const cause = known ?? (await saveAtServer(context, set, saving));
  if (!isHoldfastError(cause)) return cause;
  if (node.clientPolicy.spool === '0') throw cause;
  const now = new Date(context.clock.now()).toISOString();
  const state: SpoolState = {
    since: before?.since ?? now,
    tried: known === undefined ? now : (before?.tried ?? now),
    code: cause.code,
    message: cause.message,
  };
  return { answer: await keepHere(context, set, { saving, state, cause }), sent: 0, kept: cause };
}

/** Sends what waits of a set of whatever kind, and saves it. */
export async function sendAndSave(
  context: Context,
  set: BackupSet,
  atServer: SavingSet['atServer'],
): Promise<SavedSet> {
  const { sent, unsendable } = await sendWaiting(context, set);
  const answer = await atServer(context, unsendable.length > 0);
  // What they lack may be there again, since all of the set was looked at.
  const again = unsendable.length === 0 ? nothingWaits : await sendWaiting(context, set);
  if (again.unsendable.length > 0) await giveUp(context, set, again.unsendable);
  return { answer, sent: sent + again.sent };
}

/** What it brought, or why nobody was reached. @throws what the server refuses by */
async function saveAtServer(
  context: Context,
  set: BackupSet,
  { isLive, atServer }: SavingSet,
): Promise<SavedSet | HoldfastError> {
  const mostMs = isLive ? patienceMs.live : patienceMs.whole;
  const bearing = (): Context => ({
    ...context,
    line: lineToldIn(context.output, context.log, { isUnattended: true, mostMs }),
  });
  const attempt = async (): Promise<SavedSet | HoldfastError> => {
    try {
      return await sendAndSave(bearing(), set, atServer);
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      return error;
    }
  };
  const first = await attempt();
  if (!isHoldfastError(first)) return first;
  return (await whyNotReached(bearing())) ?? (await attempt());
}

/** Undefined when it is reached. @throws what it refuses by */
async function whyNotReached(context: Context): Promise<HoldfastError | undefined> {
  try {
    const { node } = await openOwnNode(context);
    using _connection = await connectOwn(context, node);
    return undefined;
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    return error;
  }
}

function outOfReachSince(state: SpoolState | undefined, nowMs: number): HoldfastError | undefined {
  if (state === undefined || !isErrorCode(state.code)) return undefined;
  const isRecent = Math.abs(nowMs - Date.parse(state.tried)) < tryEveryMs;
  return isRecent ? new HoldfastError(state.code, state.message) : undefined;
}

/** What is kept, and why. */
interface Keeping {
  readonly saving: SavingSet;
  readonly state: SpoolState;
  readonly cause: HoldfastError;
}

/** @throws HoldfastError `spool_full` where there is no room, whatever goes by the rule of the set; `cause` where nothing can be kept yet */
async function keepHere(
  context: Context,
  set: BackupSet,
  { saving, state, cause }: Keeping,
): Promise<Answer<KeptBackup>> {
  const { home, node } = await openOwnNode(context);
  const { clock, signal, output } = context;
  const open = () => openSetSpool(node, { set, cache: home.cache, clock, signal });
  const thin = async (): Promise<number> => {
    const spool = await open();
    return spool === undefined ? 0 : await thinSpool(spool.waiting, parseKeepRule(ruleOf(set)), signal);
  };
  const attempt = async (): Promise<Answer<KeptBackup>> => {
    const spool = await open();
    if (spool === undefined) throw cause;
    const answer = await saving.here(spool.whole);
    await keepSpoolState(home.node, set, state);
    return answer;
  };
  try {
    return await attempt().catch(async (error: unknown) => {
      if (!isFull(error)) throw error;
      const gone = await thin();
      if (gone > 0)
        output.warn(
          `${plural(gone, 'version')} that waited went by the rule of the set, for there was no room`,
        );
      return await attempt();
    });
  } catch (error) {
    if (!isFull(error)) throw error;
    // What was written and came to nothing takes no room.
    await thin();
    const refused = { time: new Date(clock.now()).toISOString(), message: error.message };
    await keepSpoolState(home.node, set, { ...state, refused }).catch(() => {});
    throw error;
  }
}

function isFull(error: unknown): error is HoldfastError {
  return isHoldfastError(error, 'spool_full', 'storage_full');
}

/** What was sent, and what could not be. */
interface SentVersions {
  readonly sent: number;
  readonly unsendable: readonly Unsendable[];
}

const nothingWaits: SentVersions = { sent: 0, unsendable: [] };

async function sendWaiting(context: Context, set: BackupSet): Promise<SentVersions> {
  const home = await openHome(context.home);
  if ((await countWaiting(home.node, set)) === 0) return nothingWaits;
  const { node } = await openOwnNode(context);
  const { clock, signal, output, log } = context;
  const spool = await openSetSpool(node, { set, cache: home.cache, clock, signal });
  if (spool === undefined) return nothingWaits;
  await using target = await openTarget(context, {}, { limits: limitsOf(context, set) });
  if (target.repository.id !== spool.waiting.id) return nothingWaits;
  let sent = 0;
  const unsendable = await sendSpool(spool.waiting, target.repository, {
    signal,
    onSent: ({ id, timeNs }, left) => {
      sent++;
      const made = formatTime(new Date(Number(timeNs / 1_000_000n)));
      output.say(`  sent        the version of ${made}, which waited; ${left} left`);
      log.debug('a version that waited is with the server', { set: set.name, snapshot: id, left });
    },
  });
  if (unsendable.length === 0) await forgetSpool(home.node, set);
  return { sent, unsendable };
}

/** What cannot be made whole any more goes, and is said. */
async function giveUp(context: Context, set: BackupSet, lost: readonly Unsendable[]): Promise<void> {
  const { home, node } = await openOwnNode(context);
  const { clock, signal, output } = context;
  for (const { snapshot, missing } of lost) {
    const made = formatTime(new Date(Number(snapshot.timeNs / 1_000_000n)));
    output.warn(
      `the version of ${made}, which waited, is given up: ${plural(missing, 'piece')} that it builds on are not at the server any more`,
    );
  }
  const spool = await openSetSpool(node, { set, cache: home.cache, clock, signal });
  if (spool !== undefined) await clearSpool(spool.waiting, signal);
  await forgetSpool(home.node, set);
}
