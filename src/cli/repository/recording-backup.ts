import {
  type BackupOutcome,
  type BackupRecord,
  type Connection,
  findSetBack,
  keepAttempt,
  newAttempt,
  noteBackup,
  openRepositoryAt,
  serverPlace,
} from '../../agent/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import { type VerifySummary, verify } from '../../repository/index.ts';
import { checkHome, homeAt } from '../home/home.ts';
import { connectOwn } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { describeFailure, whatEnded } from '../program/failure.ts';
import type { KeptBackup } from './backing-up.ts';
import { shownPlace, type Target } from './repository-target.ts';

/**
 * Does `work`, a backup to `repo` or to the own server, and keeps for `status` that it was tried and what became of it. That it
 * begins is kept first: of what is killed, this is all that is known. What cannot be kept costs a warning.
 */
export async function recordBackup<T extends { readonly backup: KeptBackup }>(
  context: Context,
  repo: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const begun = { place: placeName(context, repo), attempt: newAttempt(context.clock.now()) };
  await keep(context, begun);
  try {
    const done = await work();
    await keep(context, succeeded(context, begun, done.backup));
    return done;
  } catch (error) {
    await keep(context, failed(context, begun, error));
    throw error;
  }
}

async function keep(context: Context, record: BackupRecord): Promise<void> {
  if (!(await hasHome(context))) return;
  await keepAttempt(homeAt(context.home).node, record).catch((error: unknown) => {
    const why = describeFailure(error)?.message ?? String(error);
    context.output.warn(`status will not know of this backup: ${why}`);
  });
}

/** Where there is no home, or one that cannot be used, nothing is kept: the backup itself says so. */
async function hasHome({ home }: Context): Promise<boolean> {
  return (await checkHome(home).catch(() => 'absent')) === 'used';
}

function succeeded(
  context: Context,
  { place, attempt }: BackupRecord,
  { snapshot, files, bytes, unreadable }: KeptBackup,
): BackupRecord {
  const time = timeNow(context);
  return {
    place,
    attempt: { ...attempt, outcome: { ended: time, code: 'done' } },
    success: { snapshot, time, files, bytes, unreadable },
  };
}

function failed(context: Context, { place, attempt }: BackupRecord, error: unknown): BackupRecord {
  const outcome = { ended: timeNow(context), ...failureOf(context, error) };
  return { place, attempt: { ...attempt, outcome } };
}

function timeNow({ clock }: Context): string {
  return new Date(clock.now()).toISOString();
}

/** A bug has no code: what it is, is said where it happens. */
function failureOf({ signal }: Context, error: unknown): Omit<BackupOutcome, 'ended'> {
  const unexpected = {
    code: 'unexpected',
    message: 'it ended by a bug',
    hint: 'run it again, and report what it says',
  };
  return describeFailure(whatEnded(error, signal)) ?? unexpected;
}

function placeName({ workingDirectory }: Context, repo: string | undefined): string {
  return repo === undefined ? serverPlace : shownPlace(workingDirectory, repo);
}

/** What came of {@link verifyBackup}. */
export interface Verified extends VerifySummary {
  /** When content was last read back, this time or earlier: a run without changes has none to read. */
  readonly lastRead: string | undefined;
}

/**
 * Reads back what was not proven before, over a fresh connection to the same server, past every cache, and compares it with the
 * files as it streams, writing nothing but that it is proven now.
 */
export async function verifyBackup(
  context: Context,
  { node, server }: Connection,
  backup: KeptBackup,
): Promise<Verified> {
  const { clock, signal } = context;
  using connection = await connectOwn(context, node, [server]);
  const place = await connection.place({});
  const repository = await openRepositoryAt(place, { create: false, signal });
  repository.onDamage((message) => context.output.warn(message));
  const snapshot = await repository.findSnapshot(backup.snapshot, { signal });
  const { proven } = node.state;
  // Where nothing is known to be proven, as what `backup` alone has brought, all of it is read back.
  const parent = proven && (await repository.findSnapshot(proven.snapshot, { signal }).catch(whereGone));
  const progress = context.progress('verify');
  const summary = await verify(repository, snapshot, {
    parent,
    signal,
    onProblem: ({ path, message }) => context.output.warn(`${path}: ${message}`),
    onProgress: (state) => progress.update({ ...state, totalBytes: snapshot.summary?.dataAdded ?? 0 }),
  }).finally(() => progress.stop());
  const lastRead = summary.files > 0 ? new Date(clock.now()).toISOString() : proven?.time;
  if (summary.equal && lastRead !== undefined)
    await node.updateState({ proven: { snapshot: backup.snapshot, time: lastRead } });
  return { ...summary, lastRead };
}

/** Then everything is read back again. */
function whereGone(error: unknown): undefined {
  if (!isHoldfastError(error, 'snapshot_not_found', 'repository_damaged')) throw error;
}

/**
 * Does `work`, a backup, and says first what of earlier ones is not there any more: a server that was set back. What was
 * made is kept for the next time; where that cannot be kept, it costs a warning.
 */
export async function comparingWithBefore(
  { output, signal }: Context,
  { place, repository }: Pick<Target, 'place' | 'repository'>,
  work: () => Promise<KeptBackup>,
): Promise<KeptBackup> {
  const { warnings, missed } = await findSetBack(place, repository, signal);
  for (const sentence of warnings)
    output.warn(`${sentence}; what is missing of the present files is stored again now`);
  const result = await work();
  await noteBackup(place, repository, { snapshot: result.snapshot, missed }).catch((error: unknown) => {
    const why = describeFailure(error)?.message ?? String(error);
    output.warn(`this snapshot will not be missed when it is gone: ${why}`);
  });
  return result;
}
