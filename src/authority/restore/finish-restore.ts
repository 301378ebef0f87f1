import { readFile } from 'node:fs/promises';
import { type Clock, type HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { DatabaseLocation } from '../../db/index.ts';
import { openRecoveryKit } from '../../enrol/index.ts';
import { fingerprint } from '../../pki/index.ts';
import { type DetailsOf, hashRecord, type kinds, logStart, parseRecord } from '../log/index.ts';
import { finishBuilding, unfinishedBuildings } from '../opening/index.ts';
import {
  authorityDirectory,
  databasePath,
  finishMove,
  openRecords,
  type Records,
  readRecordsIn,
} from '../records/index.ts';
import { type CatchUpOrder, type CaughtUp, catchUp, namesOfServers } from './catch-up.ts';
import type { RestoreSource } from './restore-source.ts';

interface FinishOrder extends CatchUpOrder {
  readonly home: string;
  readonly database?: DatabaseLocation | undefined;
}

/**
 * Goes on with a restore into a database that was killed when the records were there and the keys not in their place: what
 * it left is the same authority from the same file. Undefined where nothing is left of one. For whoever holds the lock of the
 * home.
 */
export async function finishRestore(
  source: RestoreSource,
  { home, database, ...order }: FinishOrder,
): Promise<CaughtUp | HoldfastError | undefined> {
  if (database === undefined || (await unfinishedBuildings(home)).length === 0) return undefined;
  const isWhole = async (directory: string): Promise<boolean> => {
    await using records = await openRecords(directory, { database });
    return (await isOf(source, records)) && (await finishMove(directory, records));
  };
  if (!(await finishBuilding(home, isWhole))) return undefined;
  await using records = await openRecords(authorityDirectory(home), { database });
  const learnt = await caughtUpBefore(records, order.clock);
  if (learnt !== undefined) return learnt;
  try {
    return await catchUp(records, order);
  } catch (error) {
    if (isHoldfastError(error, 'authority_restored')) return error;
    throw error;
  }
}

/** Whether a recovery kit is that of a restore from keys which was killed before the keys were in their place. */
export async function wroteKit(home: string, path: string): Promise<boolean> {
  const recipients = await Promise.all((await unfinishedBuildings(home)).map(recipientIn));
  try {
    return recipients.includes((await openRecoveryKit(await readFile(path, 'utf8'))).recipient);
  } catch (error) {
    if (isHoldfastError(error, 'recovery_kit_malformed', 'password_wrong')) return false;
    throw error;
  }
}

async function recipientIn(directory: string): Promise<string | undefined> {
  try {
    const state = await readRecordsIn(databasePath(directory), (records) => records.state.read());
    return state?.recovery_recipient;
  } catch {
    // It was killed before there was such a database.
    return undefined;
  }
}

/** Whether records are those of a restore from this very file, with nothing that came after. */
async function isOf(source: RestoreSource, records: Records): Promise<boolean> {
  const [root] = (await records.issuers.list('root')).map(({ certificate }) => fingerprint(certificate));
  if (root === undefined || root !== rootOf(source)) return false;
  const before = source.kind === 'backup' ? source.manifest.log.head : logStart;
  const last = await records.log.last();
  const learnt = await learntBefore(records);
  return before === (learnt?.backup.hash ?? (last === undefined ? logStart : hashRecord(last.record)));
}

function rootOf(source: RestoreSource): string | undefined {
  if (source.kind === 'backup') return source.manifest.root;
  const roots = [...source.authority.certificates].filter(([label]) => label.startsWith('root-'));
  return roots.toSorted(([a], [b]) => (a < b ? 1 : -1))[0]?.[1].fingerprint;
}

/** The last record of the log, where it is that an authority has gone to work; undefined for one that waits. */
async function learntBefore({ state, log }: Records): Promise<DetailsOf<typeof kinds.restored> | undefined> {
  if ((await state.read())?.standing !== 'ready') return undefined;
  const last = await log.last();
  const record = last && parseRecord(last.record);
  return record?.kind === 'restored' ? record.details : undefined;
}

async function caughtUpBefore(records: Records, clock: Clock): Promise<CaughtUp | undefined> {
  const details = await learntBefore(records);
  const state = await records.state.read();
  if (details === undefined || state === undefined) return undefined;
  const { mirror, records: count, certificates, revoked, issuers, lost, notes } = details;
  const counts = { records: count, certificates, revoked, issuers, lost };
  const serverNames = await namesOfServers(records, clock);
  return { epoch: state.epoch, counts, notes, serverNames, ...(mirror !== null && { mirror }) };
}
