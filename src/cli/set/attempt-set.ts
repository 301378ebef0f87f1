import {
  type BackupSet,
  type HookRun,
  hasSucceeded,
  hookFailed,
  liveTag,
  runHook,
  type SetOutcome,
  setTag,
} from '../../agent/index.ts';
import { secondMs } from '../../base/index.ts';
import type { WalkLimit } from '../../files/index.ts';
import { backUpOffline, backUpPaths, type RunOptions } from '../backup.ts';
import type { Context } from '../program/context.ts';
import { describeFailure, exitCode, whatEnded } from '../program/failure.ts';
import type { BackupResult, KeptBackup } from '../repository/backing-up.ts';
import type { Answer } from '../terminal/answer.ts';
import { lineToldIn } from '../terminal/output.ts';
import { goOnLive } from './go-on-live.ts';
import { hasRule, keepSet } from './keep-set.ts';
import { keepsVersions, type SavedSet, saveOrKeep, sendAndSave } from './save-or-keep.ts';

/** What an attempt came to: what is kept of it, and what is said of it. */
interface Attempted {
  readonly outcome: SetOutcome;
  /** What the backup gave, also where a hook failed after it. */
  readonly answer?: Answer<BackupResult>;
  readonly error?: unknown;
}

/** What an attempt is of beside the set. */
export interface AttemptOptions {
  /** What each hook came to is added. */
  readonly hooks: HookRun[];
  /** What has changed, where that alone is to be saved: no hooks run then, and no rule is applied. */
  readonly changes?: WalkLimit | 'anything' | undefined;
}

/**
 * Runs what stands before a set, backs it up, and runs what stands after it, whatever came of the rest. A hook that fails fails the set;
 * what was saved by then is saved.
 */
export async function attemptSet(
  context: Context,
  set: BackupSet,
  { hooks, changes }: AttemptOptions,
): Promise<Attempted> {
  if (changes !== undefined) return await settle(context, () => backUpSet(context, set, changes));
  const saved = await settle(context, async () => {
    await runOwn(context, set, { when: 'before', hooks });
    const done = await backUpSet(context, set);
    // Whoever is out of reach forgets nothing.
    const isRuled = hasRule(set) && done.kept === undefined;
    return { ...done, ...(isRuled && { forgot: await keepSet(context, set) }) };
  });
  try {
    await runOwn(context, set, { when: 'after', hooks, outcome: saved.outcome });
    return saved;
  } catch (error) {
    if (saved.error === undefined)
      return { ...saved, outcome: { ...saved.outcome, ...failureOf(context, error) }, error };
    context.log.warn('the hook after the set failed too', { error });
    return saved;
  }
}

/** A set that is saved, and what its rule did. */
type Saved = SavedSet & Pick<SetOutcome, 'forgot'>;

async function settle(context: Context, work: () => Promise<Saved>): Promise<Attempted> {
  try {
    const { answer, sent, kept, forgot } = await work();
    const outcome = {
      ...outcomeOf(context, answer),
      ...(sent > 0 && { sent }),
      ...(kept && { ...failureOf(context, kept), result: 'kept' as const }),
      ...(forgot && { forgot }),
    };
    return { answer, outcome };
  } catch (error) {
    return { error, outcome: failureOf(context, error) };
  }
}

async function backUpSet(
  context: Context,
  set: BackupSet,
  changes?: AttemptOptions['changes'],
): Promise<SavedSet> {
  const { paths, repo, passwordFile } = set;
  const place = { ...(repo !== undefined && { repo }), ...(passwordFile !== undefined && { passwordFile }) };
  const atServer = (bearing: Context, isWhole: boolean): Promise<Answer<KeptBackup>> =>
    goingOn(bearing, set, isWhole && changes !== undefined ? 'anything' : changes, (options) =>
      backUpPaths(bearing, paths, { ...place, ...options }),
    );
  if (!keepsVersions(set)) {
    const line = lineToldIn(context.output, context.log, { isUnattended: true });
    return await sendAndSave({ ...context, line }, set, atServer);
  }
  return await saveOrKeep(context, set, {
    isLive: changes !== undefined,
    atServer,
    here: (repository) =>
      goingOn(context, set, changes, (options) => backUpOffline(context, repository, { paths, options })),
  });
}

/** Saves a set, and keeps from where the next run of it goes on where it is live. */
async function goingOn(
  context: Context,
  set: BackupSet,
  changes: AttemptOptions['changes'],
  save: (options: RunOptions) => Promise<Answer<KeptBackup>>,
): Promise<Answer<KeptBackup>> {
  const { exclude, excludeFile, excludeCaches, tag, zone, limitUpload, limitDownload } = set;
  const going = set.live === true ? await goOnLive(context, set, changes) : undefined;
  const answer = await save({
    exclude,
    excludeFile,
    excludeCaches,
    zone,
    ...(limitUpload !== undefined && { limitUpload }),
    ...(limitDownload !== undefined && { limitDownload }),
    tag: [setTag(set), ...(changes === undefined ? [] : [liveTag]), ...tag],
    ...(changes !== undefined && { skipIfUnchanged: true }),
    ...going?.choices,
  });
  await going?.keep(answer.value.snapshot);
  return answer;
}

/** Which hook is run, and what had come of the set by then. */
interface OwnHook {
  readonly when: 'before' | 'after';
  readonly hooks: HookRun[];
  readonly outcome?: SetOutcome;
}

/** So long a hook has that puts things back after Ctrl-C or SIGTERM. */
const lastMomentsMs = 30 * secondMs;

async function runOwn(context: Context, set: BackupSet, { when, hooks, outcome }: OwnHook): Promise<void> {
  const file = set[when];
  if (file === undefined) return;
  const environment = {
    HOLDFAST_HOME: context.home,
    HOLDFAST_SET: set.name,
    HOLDFAST_HOOK: when,
    ...(outcome !== undefined && resultOf(outcome)),
  };
  const signal =
    when === 'after' && context.signal.aborted ? AbortSignal.timeout(lastMomentsMs) : context.signal;
  const ran = await runHook({ when, file, limitMs: set.hookLimitMs, environment }, signal);
  hooks.push(ran);
  if (hasSucceeded(ran)) return;
  if (when === 'before') context.signal.throwIfAborted();
  throw hookFailed(ran);
}

function resultOf({ result, snapshot = '', code = '' }: SetOutcome): Readonly<Record<string, string>> {
  return { HOLDFAST_RESULT: result, HOLDFAST_SNAPSHOT: snapshot, HOLDFAST_ERROR: code };
}

function outcomeOf(context: Context, { value, exitCode: code }: Answer<BackupResult>): SetOutcome {
  const { snapshot, files, bytes, added, unreadable } = value;
  const result = code === exitCode.someFilesUnread ? 'partial' : 'ok';
  return { ended: timeNow(context), result, snapshot, files, bytes, added, unreadable };
}

/** A bug has no code: what it is, is said where it happens. */
function failureOf(context: Context, error: unknown): SetOutcome {
  const { code, message, hint } = describeFailure(whatEnded(error, context.signal)) ?? {
    code: 'unexpected',
    message: 'it ended by a bug',
    hint: 'run it again, and report what it says',
  };
  return { ended: timeNow(context), result: 'failed', code, message, hint };
}

/** The moment, in ISO 8601. */
export function timeNow({ clock }: Context): string {
  return new Date(clock.now()).toISOString();
}
