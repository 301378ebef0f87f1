import {
  type DrillRecord,
  drillFinding,
  drillState,
  findAgent,
  findSet,
  isDrillAlarm,
  type LiveStanding,
  type MachineSet,
  type RefusedSet,
  readAllSets,
  readAttempts,
  readDrills,
  readSets,
  readStanding,
  readWaiting,
  resultOf,
  type SetAttempt,
  setTag,
  stateOf,
  surroundings,
  type Unrecorded,
  unprovenSince,
  whatKeeps,
  withNewest,
} from '../../agent/index.ts';
import { formatDuration, isHoldfastError } from '../../base/index.ts';
import { machineName } from '../../transport/index.ts';
import type { AnswerOf } from '../answers.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatAge, formatBytes, formatTime, plural } from '../terminal/format.ts';

/** A set as it is shown, with how it stands. */
export type SetView = AnswerOf<'set list'>[number];
type WatchView = NonNullable<SetView['watched']>;
type DrillView = NonNullable<SetView['drill']>;
/** One attempt, as it is shown. */
export type AttemptView = NonNullable<SetView['last']>;

/** The set of that name as it stands now. @throws HoldfastError `set_unknown` */
export async function viewSet(context: Context, home: Home, name: string): Promise<SetView> {
  return await viewOf(context, home, await findSet(home.node, name));
}

/** Every set of this machine as it stands now. */
export async function viewSets(
  context: Context,
  home: Home,
  unrecorded?: Unrecorded,
): Promise<readonly SetView[]> {
  const sets = await readSets(home.node);
  return await Promise.all(sets.map((set) => viewOf(context, home, set, unrecorded)));
}

/** A set as it stands now. */
export async function viewOf(
  { clock }: Context,
  home: Home,
  set: MachineSet,
  unrecorded: Unrecorded = () => undefined,
): Promise<SetView> {
  const attempts = withNewest(await readAttempts(home.node, set), unrecorded(set));
  const nowMs = clock.now();
  const { state, sinceMs, dueMs, isRunning } = stateOf(set, attempts, { nowMs, machine: machineName() });
  const waits = dueMs > nowMs || isRunning ? undefined : await whatKeeps(set, surroundings(nowMs));
  const last = attempts.at(-1);
  const {
    added: _,
    spreadMs,
    hookLimitMs,
    tag,
    live = false,
    onMains = false,
    unmetered = false,
    ...said
  } = set;
  const record = await readDrills(home.node, set);
  const unprovenMs = await unprovenSince(home.node, set, { attempts, record, nowMs });
  const watched = live ? await readStanding(home.node, set) : undefined;
  const waiting = await readWaiting(home.node, set);
  return {
    ...said,
    state,
    since: new Date(sinceMs).toISOString(),
    next: new Date(dueMs).toISOString(),
    ...(waits !== undefined && { waits }),
    running: isRunning,
    spread: formatDuration(spreadMs),
    tag: [setTag(set), ...tag],
    hookLimit: formatDuration(hookLimitMs),
    live,
    ...(watched !== undefined && { watched: viewStanding(watched) }),
    ...(waiting !== undefined && { waiting }),
    onMains,
    unmetered,
    ...(last !== undefined && { last: viewAttempt(last) }),
    ...(record !== undefined && { drill: viewDrills(record) }),
    ...(unprovenMs !== undefined && { unproven: new Date(unprovenMs).toISOString() }),
  };
}

function viewDrills(record: DrillRecord): DrillView {
  const { begun: _, most: _most, problems: _problems, ...last } = record.last;
  const found = drillFinding(record.last);
  return {
    ...last,
    result: drillState(record),
    ...(found !== undefined && { found }),
    ...(record.proven !== undefined && { proven: record.proven.ended }),
  };
}

function viewStanding({ since, directories, fileSystems, unwatched, rescans }: LiveStanding): WatchView {
  return { since, directories, fileSystems, unwatched, rescans };
}

/** An attempt as it is shown. */
export function viewAttempt(attempt: SetAttempt): AttemptView {
  const { begun, live = false, outcome, hooks = [] } = attempt;
  return { begun, live, ...outcome, result: resultOf(attempt), hooks };
}

/** `failed, 2 hours ago, running`, as a table has it. */
export function stateText({ clock }: Context, { state, since, running }: SetView): string {
  const age = formatAge(clock.now() - Date.parse(since));
  return `${state}, ${age}${running ? ', running' : ''}`;
}

/** `proven 3 days ago`: since when it is known that the set can be restored; what is known to the contrary. */
export function provenText({ clock }: Pick<Context, 'clock'>, drill: Proving | undefined): string {
  const age = (time: string): string => formatAge(clock.now() - Date.parse(time));
  if (drill === undefined) return 'not proven yet';
  if (isDrillAlarm(drill.result)) return `found ${drill.result} ${age(drill.ended)}`;
  const proven = drill.proven === undefined ? 'not proven yet' : `proven ${age(drill.proven)}`;
  if (drill.result === 'empty') return `${proven}, and nothing is in it`;
  return drill.result === 'failed' ? `${proven}, and not since: ${drill.found}` : proven;
}

/** Why nothing proves a set, though its machine is to hold drills. */
export function whyUnproven(drill: Pick<DrillView, 'result' | 'found'> | undefined): string {
  const failure = drill?.result === 'failed' ? drill.found : undefined;
  return failure ?? 'no restore drill was held';
}

/** What is known of a set by its drills. */
type Proving = Pick<DrillView, 'result' | 'ended' | 'proven' | 'found'>;

/** How the sets of a machine stand. */
export interface SetStanding {
  readonly sets: readonly SetView[];
  /** What wants doing, each with the next step. */
  readonly warnings: readonly string[];
}

/** How the sets of this machine stand, and what of it wants attention: all that is not `ok`. */
export async function setStanding(context: Context, home: Home): Promise<SetStanding> {
  try {
    const { refused, ...all } = await readAllSets(home.node);
    const sets = await Promise.all(all.sets.map((set) => viewOf(context, home, set)));
    const hasAgent = (await findAgent(home.node)) !== undefined;
    const warnings = sets.flatMap((set) => [
      ...attentionTo(context, set, hasAgent),
      ...attentionToDrill(set),
    ]);
    const idle = sets.length > 0 && !hasAgent ? [noAgent] : [];
    return { sets, warnings: [...idle, ...warnings, ...refused.flatMap(refusalText)] };
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    return { sets: [], warnings: [`${error.message}: ${error.hint}`] };
  }
}

/** Rows of `status`: each set, how it stands, and when it runs next. */
export function* standingRows(context: Context, sets: readonly SetView[]): Iterable<Row> {
  for (const set of sets) {
    const next = set.waits === undefined ? `next ${formatTime(new Date(set.next))}` : `waits: ${set.waits}`;
    const how = [...(set.live ? [liveText(set)] : []), ...waitingTexts(set)];
    yield row('set', set.name, stateText(context, set), provenText(context, set.drill), ...how, next);
  }
}

/** Whether what changes in a live set is seen. */
export function liveText({ watched }: SetView): string {
  if (watched === undefined) return 'live, and not watched now';
  const blind =
    watched.unwatched.length === 0 ? '' : `, but for ${plural(watched.unwatched.length, 'place')}`;
  const what =
    watched.fileSystems === 0
      ? `${plural(watched.directories, 'folder')} watched`
      : `${plural(watched.fileSystems, 'file system')} watched whole`;
  return `live, ${what}${blind}`;
}

/** What of a set waits here until the server answers. */
export function waitingTexts({ waiting }: SetView): string[] {
  if (waiting === undefined || waiting.versions === 0) return [];
  const since = formatTime(new Date(waiting.since));
  return [`${plural(waiting.versions, 'version')} kept here since ${since}, ${formatBytes(waiting.bytes)}`];
}

/** Why events alone do not tell what has changed. */
export const gapWords = {
  overflow: 'more happened than the kernel could tell',
  mount: 'something else is mounted there',
  silent: 'its file system does not tell what others change',
  limit: 'the kernel allows no more: sysctl fs.inotify.max_user_watches, fs.inotify.max_user_instances',
} as const;

/** What the owner does not want is not said again and again. */
function refusalText({ name, error: { code, message, hint } }: RefusedSet): string[] {
  if (code === 'set_refused') return [];
  return [
    `the set ${name} that the server sends does not run: ${message} [${code}]; ${hint ?? 'holdfast set sent'}; or: holdfast set refuse ${name}`,
  ];
}

const noAgent = 'no agent runs here, and no set by itself: holdfast agent';

/** What the drills of a set have found that wants attention, or that none has proven it for too long. */
export function attentionToDrill({ name, drill, unproven }: SetView): string[] {
  if (drill !== undefined && isDrillAlarm(drill.result))
    return [
      `the restore drill of the set ${name} found it ${drill.result}: ${drill.found}: holdfast drill ${name} looks again`,
    ];
  if (unproven === undefined) return [];
  const since = formatTime(new Date(unproven));
  return [
    `nothing proves since ${since} that the set ${name} can be restored: ${whyUnproven(drill)}; now: holdfast drill ${name}`,
  ];
}

/** What a set is by its drills, where that wants attention. */
export function drillTrouble({ drill }: SetView): string {
  return drill !== undefined && isDrillAlarm(drill.result) ? drill.result : 'unproven';
}

/** What of a set wants attention, each in a sentence; the last one says how it stands. */
export function attentionTo(context: Context, set: SetView, hasAgent: boolean): string[] {
  const { name, state, waits, last } = set;
  const { message, code, hint } = last?.forgot ?? {};
  const rule =
    message === undefined
      ? []
      : [`the rule of the set ${name} is not applied: ${message} [${code}]; next: ${hint}`];
  const blind = set.watched?.unwatched.filter((place) => place.why === 'limit') ?? [];
  if (blind.length > 0)
    rule.push(
      `of the live set ${name} ${blind.map(({ path }) => path).join(', ')} is looked through every 5 minutes and not watched: ${gapWords.limit}`,
    );
  const { refused } = set.waiting ?? {};
  if (refused !== undefined)
    rule.push(
      `a version of the set ${name} could not be kept here while the server is out of reach: ${refused.message}; next: holdfast client set spool 50GB, or free space`,
    );
  if (state === 'ok') return rule;
  const outOfReach = set.waiting && `the server is out of reach (${set.waiting.message})`;
  const why = waits ?? outOfReach ?? (hasAgent ? 'the agent has not begun it' : 'no agent runs');
  const what = {
    never: `it has not run yet, ${waits ?? 'and is due'}; now: holdfast set run ${name}`,
    late: `${why}; now: holdfast set run ${name}`,
    missed: `${why}; now: holdfast set run ${name}`,
    failed: `${last?.message ?? 'it ended without a word'} [${last?.code ?? 'killed'}]: holdfast set show ${name}`,
    partial: `${plural(last?.unreadable ?? 0, 'file')} could not be read: holdfast set run ${name} names them`,
    stuck: `its run does not get on: holdfast set show ${name}`,
  };
  return [...rule, `the set ${name} is ${stateText(context, set)}: ${what[state]}`];
}
