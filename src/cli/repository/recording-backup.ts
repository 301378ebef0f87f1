import {
  type BackupOutcome,
  type BackupRecord,
  keepAttempt,
  newAttempt,
  serverPlace,
} from '../../agent/index.ts';
import { checkHome, homeAt } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { describeFailure, whatEnded } from '../program/failure.ts';
import type { BackupResult } from './backing-up.ts';
import { repositoryPlace } from './repository-target.ts';

/**
 * Does `work`, a backup to `repo` or to the own server, and keeps for `status` that it was tried and what became of it. That it
 * begins is kept first: of what is killed, this is all that is known. What cannot be kept costs a warning.
 */
export async function recordBackup<T extends { readonly backup: BackupResult }>(
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
  { snapshot, files, bytes, unreadable }: BackupResult,
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

/** Without name and password, which a URL may hold. */
function placeName({ workingDirectory }: Context, repo: string | undefined): string {
  if (repo === undefined) return serverPlace;
  const place = repositoryPlace(workingDirectory, repo);
  if (place.kind === 'directory') return place.path;
  const url = new URL(place.url);
  return `${url.origin}${url.pathname}`;
}
