import {
  type BackupSet,
  findSet,
  readAttempts,
  resultOf,
  type SetAttempt,
  setTag,
  stateOf,
} from '../../agent/index.ts';
import { formatDuration } from '../../base/index.ts';
import { machineName } from '../../transport/index.ts';
import type { AnswerOf } from '../answers.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { formatAge } from '../terminal/format.ts';

/** A set as it is shown, with how it stands. */
export type SetView = AnswerOf<'set list'>[number];
/** One attempt, as it is shown. */
export type AttemptView = NonNullable<SetView['last']>;

/** The set of that name as it stands now. @throws HoldfastError `set_unknown` */
export async function viewSet(context: Context, home: Home, name: string): Promise<SetView> {
  return await viewOf(context, home, await findSet(home.node, name));
}

/** A set as it stands now. */
export async function viewOf({ clock }: Context, home: Home, set: BackupSet): Promise<SetView> {
  const attempts = await readAttempts(home.node, set);
  const { state, sinceMs, dueMs, isRunning } = stateOf(set, attempts, {
    nowMs: clock.now(),
    machine: machineName(),
  });
  const {
    id,
    name,
    paths,
    every,
    zone,
    spreadMs,
    exclude,
    excludeFile,
    excludeCaches,
    tag,
    repo,
    passwordFile,
  } = set;
  const last = attempts.at(-1);
  return {
    name,
    id,
    state,
    since: new Date(sinceMs).toISOString(),
    next: new Date(dueMs).toISOString(),
    running: isRunning,
    paths,
    every,
    zone,
    spread: formatDuration(spreadMs),
    exclude,
    excludeFile,
    excludeCaches,
    tag: [setTag(set), ...tag],
    ...(repo !== undefined && { repo }),
    ...(passwordFile !== undefined && { passwordFile }),
    ...(last !== undefined && { last: viewAttempt(last) }),
  };
}

/** An attempt as it is shown. */
export function viewAttempt(attempt: SetAttempt): AttemptView {
  const { begun, outcome } = attempt;
  return { begun, ...outcome, result: resultOf(attempt) };
}

/** `failed 2 hours ago`, `ok since 3 days`… as a table has it. */
export function stateText({ clock }: Context, { state, since, running }: SetView): string {
  const age = formatAge(clock.now() - Date.parse(since));
  return `${state}, ${age}${running ? ', running' : ''}`;
}
