import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { makePrivateDirectory, systemErrorCode, withFileLock, writeFileAtomic } from '../../base/index.ts';
import type { DrillSummary } from '../../repository/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';

/**
 * What a restore drill came to: all that it restored is as it was saved; something cannot be restored; something on disk is not what was
 * saved though it looks so; the snapshot has no file with content, so that nothing is proven; it could not be held, so that nothing is.
 */
export const drillResults = ['proven', 'damaged', 'different', 'empty', 'failed'] as const;

/** A restore drill that has ended. */
const Drill = Type.Object({
  /** ISO 8601. */
  begun: Type.String(),
  ended: Type.String(),
  result: Type.Enum([...drillResults]),
  /** Which snapshot; not known where it failed before. */
  snapshot: Type.Optional(Type.String()),
  /** What the sample was drawn by, and how many bytes it may have. */
  seed: Type.Integer(),
  most: Type.Integer(),
  /** Files that were restored and are as they were saved, how many of them were held against the disk too, and bytes restored. */
  files: Type.Integer(),
  compared: Type.Integer(),
  bytes: Type.Integer(),
  /** What is wrong, the first of it, and how much of it there is. */
  wrong: Type.Integer(),
  problems: Type.Array(
    Type.Object({
      kind: Type.Enum(['damaged', 'different']),
      path: Type.String(),
      message: Type.String(),
      blob: Type.Optional(Type.String()),
    }),
  ),
  /** Why it could not be held. */
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  hint: Type.Optional(Type.String()),
});
export type Drill = Static<typeof Drill>;

/** The newest drill of a set, and the newest that proved it. */
const DrillRecord = Type.Object({ last: Drill, proven: Type.Optional(Drill) });
export type DrillRecord = Static<typeof DrillRecord>;

const DrillFile = Type.Object({ format: Type.Literal(1), ...DrillRecord.properties });

type SetId = Pick<BackupSet, 'id'>;

/** So many problems are kept: what is restored again next time. */
const maxProblems = 100;

/** What is known of the drills of a set; nothing where none was held, or what was kept is damaged, which the next one begins anew. */
export async function readDrills(directory: string, set: SetId): Promise<DrillRecord | undefined> {
  const text = await readFile(drillPath(directory, set), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(DrillFile, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps what a drill came to. One that could not be held changes nothing of what is known: what was found damaged is damaged until another has
 * restored it.
 */
export async function keepDrill(directory: string, set: SetId, drill: Drill): Promise<void> {
  await makePrivateDirectory(join(directory, 'sets'));
  await withFileLock(join(directory, 'sets', `${set.id}.lock`), async () => {
    const before = await readDrills(directory, set);
    const last = drill.result === 'failed' ? { ...drill, ...foundBefore(before) } : drill;
    const proven = drill.result === 'proven' ? drill : before?.proven;
    const file = { format: 1, last, ...(proven && { proven }) };
    await writeFileAtomic(drillPath(directory, set), `${JSON.stringify(file, undefined, 2)}\n`);
  });
}

/** Forgets the drills of a set that is no more. */
export async function forgetDrills(directory: string, set: SetId): Promise<void> {
  await rm(drillPath(directory, set), { force: true });
}

function foundBefore(before: DrillRecord | undefined): Pick<Drill, 'wrong' | 'problems'> {
  const { wrong = 0, problems = [] } = before?.last ?? {};
  return { wrong, problems };
}

/** What of a drill is kept of what it found. */
export function foundIn({
  files,
  compared,
  bytes,
  problems,
}: DrillSummary): Pick<Drill, 'result' | 'files' | 'compared' | 'bytes' | 'wrong' | 'problems'> {
  const kept = problems.slice(0, maxProblems);
  const counts = { files, compared, bytes, wrong: problems.length, problems: [...kept] };
  const [first] = problems;
  if (first === undefined) return { ...counts, result: files === 0 ? 'empty' : 'proven' };
  const isDamaged = problems.some(({ kind }) => kind === 'damaged');
  return { ...counts, result: isDamaged ? 'damaged' : 'different' };
}

function drillPath(directory: string, { id }: SetId): string {
  return join(directory, 'sets', `${id}.drill.json`);
}
