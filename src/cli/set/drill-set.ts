import { randomInt } from 'node:crypto';
import {
  type BackupSet,
  type Drill,
  drillBytes,
  foundIn,
  keepDrill,
  readDrills,
  setTag,
} from '../../agent/index.ts';
import {
  type DrillOptions,
  type DrillSummary,
  drill,
  type Repository,
  type StoredSnapshot,
} from '../../repository/index.ts';
import { isObjectId, type ObjectId } from '../../storage/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { describeFailure, whatEnded } from '../program/failure.ts';
import { openTarget } from '../repository/repository-target.ts';
import { timeNow } from './attempt-set.ts';

/** What was said of a drill. */
export interface DrillRequest {
  readonly seed?: number;
  /** Bytes. */
  readonly bytes?: number;
  /** Another snapshot than the newest: what is found of it is no proof of the set, and not kept. */
  readonly snapshot?: string;
}

/** What a drill of a set came to, and what kept it from being held. */
export interface Drilled {
  readonly drill: Drill;
  readonly error?: unknown;
}

/** Unless this machine was told otherwise, or told to hold none by itself. */
const usualBytes = 1000 ** 3;
/** So much of a set is restored, where that is less. */
const usualShare = 0.01;
/** Seeds are numbers below this. */
export const seedEnd: number = 2 ** 32;

/**
 * Restores a sample of the newest snapshot of a set, past every copy that is kept here, and keeps what came of it. The seed is chance unless said, so
 * that nobody knows before what will be asked for.
 */
export async function drillSet(
  context: Context,
  home: Home,
  set: BackupSet,
  request: DrillRequest,
): Promise<Drilled> {
  const { seed = randomInt(seedEnd), bytes } = request;
  const most = bytes ?? (await drillBytes(home.node)) ?? usualBytes;
  const begun = { begun: timeNow(context), seed, most };
  try {
    await using target = await openTarget(context, set, { cached: false });
    const { repository } = target;
    const filter = { tags: [[setTag(set)]], signal: context.signal };
    const newest = await repository.findSnapshot('latest', filter);
    const { snapshot: name } = request;
    const snapshot = name === undefined ? newest : await repository.findSnapshot(name, filter);
    const found = await hold(context, repository, snapshot, {
      seed,
      size: { most, share: bytes === undefined ? usualShare : 1 },
      again: (await readDrills(home.node, set))?.last.problems.flatMap(blobOf) ?? [],
      directory: home.node,
    });
    const held = { ...begun, ...foundIn(found), snapshot: snapshot.id, ended: timeNow(context) };
    if (snapshot.id === newest.id) await keep(context, home, set, held);
    return { drill: held };
  } catch (caught) {
    const error = whatEnded(caught, context.signal);
    const failure = context.signal.aborted ? undefined : describeFailure(error);
    if (failure === undefined) throw error;
    const { code, message, hint } = failure;
    const nothing = { files: 0, compared: 0, bytes: 0, wrong: 0, problems: [] };
    const ended = { ...nothing, result: 'failed' as const, ended: timeNow(context), code, message, hint };
    const failed = { ...begun, ...ended };
    if (request.snapshot === undefined) await keep(context, home, set, failed);
    return { drill: failed, error };
  }
}

/** What cannot be kept costs a warning: what was found is said all the same. */
async function keep({ output }: Context, home: Home, set: BackupSet, found: Drill): Promise<void> {
  await keepDrill(home.node, set, found).catch((error: unknown) => {
    const why = describeFailure(error)?.message ?? String(error);
    output.warn(`nobody will know of this drill of the set ${set.name}: ${why}`);
  });
}

async function hold(
  { signal, progress: start }: Context,
  repository: Repository,
  snapshot: StoredSnapshot,
  options: Omit<DrillOptions, 'signal' | 'onProgress'>,
): Promise<DrillSummary> {
  const progress = start('drill');
  const totalBytes = options.size.most;
  return await drill(repository, snapshot, {
    ...options,
    signal,
    onProgress: (state) => progress.update({ ...state, totalBytes }),
  }).finally(() => progress.stop());
}

function blobOf({ blob }: Drill['problems'][number]): ObjectId[] {
  return blob !== undefined && isObjectId(blob) ? [blob] : [];
}
