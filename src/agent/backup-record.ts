import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  dayMs,
  HoldfastError,
  isHoldfastError,
  isRunning,
  makePrivateDirectory,
  processMark,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../base/index.ts';
import { isObjectId, type ObjectId } from '../storage/index.ts';

/** A backup that is there. */
const BackupSuccess = Type.Object({
  snapshot: Type.String(),
  /** ISO 8601. */
  time: Type.String(),
  files: Type.Integer(),
  /** Bytes of all files in it. */
  bytes: Type.Number(),
  /** Files and folders that could not be read. */
  unreadable: Type.Integer(),
});

/** What became of an attempt: done, or why not. */
const BackupOutcome = Type.Object({
  /** ISO 8601. */
  ended: Type.String(),
  /** `done`, or the code of what it failed by. */
  code: Type.String(),
  message: Type.Optional(Type.String()),
  hint: Type.Optional(Type.String()),
});

const BackupAttempt = Type.Object({
  /** ISO 8601. */
  begun: Type.String(),
  /** The process that made it, where the system tells one from the other. */
  process: Type.Optional(Type.String()),
  /** Not there while it goes on, and when it was killed. */
  outcome: Type.Optional(BackupOutcome),
});

/** What is known of the backups to one place: the newest attempt and the newest that succeeded. */
const BackupRecordSchema = Type.Object({
  /** `server`, or the place that was named, without what opens it. */
  place: Type.String(),
  attempt: BackupAttempt,
  success: Type.Optional(BackupSuccess),
});

const BackupFile = Type.Object({ format: Type.Literal(1), backups: Type.Array(BackupRecordSchema) });

type BackupAttempt = Static<typeof BackupAttempt>;
export type BackupOutcome = Static<typeof BackupOutcome>;
type BackupSuccess = Static<typeof BackupSuccess>;
export type BackupRecord = Static<typeof BackupRecordSchema>;

/** Where a node's own repository is, as a place of a {@link BackupRecord}. */
export const serverPlace = 'server';

const recordFile = 'backups.json';
/** A place elsewhere that nobody has backed up to for so long is forgotten. */
const forgottenAfterMs = 90 * dayMs;

/** The process and the moment of an attempt that begins now. */
export function newAttempt(nowMs: number): BackupAttempt {
  const mark = processMark();
  return { begun: new Date(nowMs).toISOString(), process: mark };
}

/** How an attempt stands: one without an outcome goes on, or its process is gone and it never ended. */
export function attemptState({ process, outcome }: BackupAttempt): 'done' | 'failed' | 'running' | 'cut off' {
  if (outcome !== undefined) return outcome.code === 'done' ? 'done' : 'failed';
  return process !== undefined && isRunning(process) ? 'running' : 'cut off';
}

/** What is kept in a node's directory of the backups of this machine. @throws HoldfastError `settings_invalid` when it is damaged */
export async function readBackupRecords(directory: string): Promise<readonly BackupRecord[]> {
  const path = join(directory, recordFile);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? [] : parseRecords(text, path);
}

/**
 * Keeps how an attempt at `place` stands, and with `success` that it succeeded; whole or not at all. A record that is damaged
 * is begun anew. Of two attempts at once the one that goes on is shown.
 */
export async function keepAttempt(
  directory: string,
  { place, attempt, success }: BackupRecord,
): Promise<void> {
  await makePrivateDirectory(directory);
  await withFileLock(join(directory, 'backups.lock'), async () => {
    const kept = await readBackupRecords(directory).catch(nothingWhenDamaged);
    const before = kept.find((record) => record.place === place);
    const best = success ?? before?.success;
    const record = {
      place,
      attempt: before !== undefined && goesOnBeside(before.attempt, attempt) ? before.attempt : attempt,
      success: best,
    };
    const others = kept.filter((other) => other.place !== place && !isForgotten(other, attempt));
    const file = { format: 1, backups: [...others, record] };
    await writeFileAtomic(join(directory, recordFile), `${JSON.stringify(file, undefined, 2)}\n`);
  });
}

/** Clocks are moved: which began first says nothing of which is newer. */
function goesOnBeside(other: BackupAttempt, ended: BackupAttempt): boolean {
  return ended.outcome !== undefined && other.process !== ended.process && attemptState(other) === 'running';
}

function isForgotten({ place, attempt }: BackupRecord, newest: BackupAttempt): boolean {
  return place !== serverPlace && Date.parse(newest.begun) - Date.parse(attempt.begun) > forgottenAfterMs;
}

function nothingWhenDamaged(error: unknown): readonly BackupRecord[] {
  if (isHoldfastError(error, 'settings_invalid')) return [];
  throw error;
}

function parseRecords(text: string, path: string): readonly BackupRecord[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Check(BackupFile, value)) return value.backups;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('settings_invalid', `${path}, what is known of earlier backups, is damaged`, {
    hint: 'holdfast backup PATH begins it anew; nothing of what was backed up is lost',
  });
}

const DamagedPacksFile = Type.Object({
  format: Type.Literal(1),
  /** By repository id, what the last check that read every pack has found. */
  repositories: Type.Record(Type.String(), Type.Array(Type.String())),
});
type DamagedPacksFile = Static<typeof DamagedPacksFile>;

const file = 'damaged-packs.json';
const nothing: DamagedPacksFile = { format: 1, repositories: {} };

/**
 * The packs of a repository that the last check from here found not to be as they were written. None when nothing is kept, or
 * what is kept is damaged: the next check finds them again.
 */
export async function readDamagedPacks(directory: string, repository: string): Promise<readonly ObjectId[]> {
  const { repositories } = await readKept(directory);
  return (repositories[repository] ?? []).filter(isObjectId);
}

/** Keeps them in a node's directory for the backups that follow, whole or not at all, in the place of those of before. */
export async function keepDamagedPacks(
  directory: string,
  repository: string,
  packs: readonly ObjectId[],
): Promise<void> {
  if (packs.length === 0 && (await readDamagedPacks(directory, repository)).length === 0) return;
  await makePrivateDirectory(directory);
  await withFileLock(join(directory, 'damaged-packs.lock'), async () => {
    const { [repository]: _, ...others } = (await readKept(directory)).repositories;
    const repositories = packs.length === 0 ? others : { ...others, [repository]: [...packs] };
    await writeFileAtomic(
      join(directory, file),
      `${JSON.stringify({ format: 1, repositories }, undefined, 2)}\n`,
    );
  });
}

async function readKept(directory: string): Promise<DamagedPacksFile> {
  const text = await readFile(join(directory, file), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Check(DamagedPacksFile, value) ? value : nothing;
  } catch {
    return nothing;
  }
}
