import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  HoldfastError,
  isRunning,
  makePrivateDirectory,
  processMark,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../../base/index.ts';
import type { BackupSet } from './backup-set.ts';

/** What a program came to that ran before or after a set. */
const HookRun = Type.Object({
  when: Type.Enum(['before', 'after']),
  file: Type.String(),
  /** `exit code 1`, `signal SIGKILL`, or why it never began. */
  ended: Type.String(),
  /** The end of what it wrote. */
  output: Type.String(),
});
export type HookRun = Static<typeof HookRun>;

/** How an attempt at a set ended. */
const SetOutcome = Type.Object({
  /** ISO 8601. */
  ended: Type.String(),
  /** `kept`: it waits here, since no server could be reached. */
  result: Type.Enum(['ok', 'partial', 'failed', 'kept']),
  /** Of the error, where it failed or the server was out of reach. */
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  hint: Type.Optional(Type.String()),
  /** What was saved; also where an after hook failed then. */
  snapshot: Type.Optional(Type.String()),
  files: Type.Optional(Type.Integer()),
  bytes: Type.Optional(Type.Number()),
  added: Type.Optional(Type.Number()),
  unreadable: Type.Optional(Type.Integer()),
  /** Versions that had waited and went to the server first. */
  sent: Type.Optional(Type.Integer()),
  /** How many snapshots went by the rule of the set, and why it could not be applied, or no space be freed. */
  forgot: Type.Optional(
    Type.Object({
      removed: Type.Integer(),
      /** Bytes that were freed, where that was done. */
      freed: Type.Optional(Type.Number()),
      code: Type.Optional(Type.String()),
      message: Type.Optional(Type.String()),
      hint: Type.Optional(Type.String()),
    }),
  ),
});
export type SetOutcome = Static<typeof SetOutcome>;

/** One attempt at a set. */
const SetAttempt = Type.Object({
  /** ISO 8601. */
  begun: Type.String(),
  /** The process that makes it, where the system tells one from the other. */
  process: Type.Optional(Type.String()),
  /** When it was last seen to get on, ISO 8601. */
  seen: Type.Optional(Type.String()),
  hooks: Type.Optional(Type.Array(HookRun)),
  /** That it was made since something had changed, and at no time of the schedule. */
  live: Type.Optional(Type.Boolean()),
  /** Not there while it goes on, and when it was killed. */
  outcome: Type.Optional(SetOutcome),
});
export type SetAttempt = Static<typeof SetAttempt>;

const AttemptFile = Type.Object({ format: Type.Literal(1), attempts: Type.Array(SetAttempt) });

type SetId = Pick<BackupSet, 'id'>;

/** So many attempts are kept of each set, as many live ones beside them, and the newest that brought a snapshot. */
const maxKept = 40;

/** How an attempt stands: one without an outcome goes on, or its process is gone and it never ended. */
export function resultOf({ process, outcome }: SetAttempt): SetOutcome['result'] | 'running' | 'cut off' {
  if (outcome !== undefined) return outcome.result;
  return process !== undefined && isRunning(process) ? 'running' : 'cut off';
}

/** The attempts at a set, the newest last; none when what was kept is damaged, which the next attempt begins anew. */
export async function readAttempts(directory: string, { id }: SetId): Promise<readonly SetAttempt[]> {
  const text = await readFile(attemptsPath(directory, id), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(AttemptFile, value) ? value.attempts : [];
  } catch {
    return [];
  }
}

/** What an agent knows of the newest run of a set that is not on record. */
export type Unrecorded = (set: SetId) => SetAttempt | undefined;

/** Attempts with one that is not on record, unless one came after it. */
export function withNewest(
  kept: readonly SetAttempt[],
  newest: SetAttempt | undefined,
): readonly SetAttempt[] {
  const keptMs = Date.parse(kept.at(-1)?.begun ?? '') || Number.NEGATIVE_INFINITY;
  return newest === undefined || Date.parse(newest.begun) <= keptMs ? kept : [...kept, newest];
}

/**
 * Keeps that an attempt begins, by this process, unless another one goes on: it is the lock of the set too, which a process
 * that was killed does not hold.
 * @throws HoldfastError `set_running` with the id of its process
 */
export async function beginAttempt(
  directory: string,
  set: Pick<BackupSet, 'id' | 'name'>,
  nowMs: number,
  isLive = false,
): Promise<SetAttempt> {
  const begun = new Date(nowMs).toISOString();
  const attempt = { begun, process: processMark(), ...(isLive && { live: true }) };
  await change(directory, set, (attempts) => {
    const running = attempts.find((each) => resultOf(each) === 'running');
    if (running !== undefined) throw isRunningAlready(set, running);
    return [...attempts, attempt];
  });
  return attempt;
}

function isRunningAlready(
  { name }: Pick<BackupSet, 'name'>,
  { process = '', begun }: SetAttempt,
): HoldfastError {
  const [pid] = process.split(' ');
  return new HoldfastError('set_running', `process ${pid} runs the set ${name} since ${begun}`);
}

/** Keeps how the attempt stands that this process began. */
export async function keepSetAttempt(directory: string, set: SetId, attempt: SetAttempt): Promise<void> {
  await change(directory, set, (attempts) =>
    attempts.map((each) =>
      each.begun === attempt.begun && each.process === attempt.process ? attempt : each,
    ),
  );
}

/** Forgets what became of a set that is no more. */
export async function forgetAttempts(directory: string, { id }: SetId): Promise<void> {
  await rm(attemptsPath(directory, id), { force: true });
}

async function change(
  directory: string,
  set: SetId,
  next: (attempts: readonly SetAttempt[]) => readonly SetAttempt[],
): Promise<void> {
  await makePrivateDirectory(join(directory, 'sets'));
  await withFileLock(join(directory, 'sets', `${set.id}.lock`), async () => {
    const attempts = bounded(next(await readAttempts(directory, set)));
    const file = { format: 1, attempts };
    await writeFileAtomic(attemptsPath(directory, set.id), `${JSON.stringify(file, undefined, 2)}\n`);
  });
}

function bounded(attempts: readonly SetAttempt[]): readonly SetAttempt[] {
  const kept = new Set([
    newestSuccess(attempts),
    ...attempts.filter(({ live = false }) => live).slice(-maxKept),
    ...attempts.filter(({ live = false }) => !live).slice(-maxKept),
  ]);
  return attempts.filter((each) => kept.has(each));
}

/** The newest attempt that brought a snapshot, perhaps without some files. */
export function newestSuccess(attempts: readonly SetAttempt[]): SetAttempt | undefined {
  return attempts.findLast(({ outcome }) => outcome?.result === 'ok' || outcome?.result === 'partial');
}

function attemptsPath(directory: string, id: string): string {
  return join(directory, 'sets', `${id}.json`);
}
