import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Check } from 'typebox/value';
import { minuteMs, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { SignedCheckpoint } from '../../enrol/index.ts';
import { hashRecord } from '../log/index.ts';
import { type Checkpointing, Checkpoints, ourCheckpoint } from './checkpoints.ts';

/** What is kept beside the database, and where that is. */
export interface Keeping extends Checkpointing {
  readonly directory: string;
}

/** What a checkpoint that was kept is compared with. */
type KeptBeside = Pick<Keeping, 'directory' | 'issuer' | 'records'>;

/** What an open authority has kept, and when. */
const kept = new WeakMap<Keeping, { readonly sequence: number; readonly atMs: number }>();
const keepEveryMs = minuteMs;

/**
 * Keeps beside the database how far the log has come, signed, at most once a minute: whoever changes the database then
 * has another file to match, and no key to sign it with.
 */
export async function keepCheckpoint(context: Keeping): Promise<void> {
  const last = kept.get(context);
  if (last === undefined || performance.now() - last.atMs >= keepEveryMs) await keepLastCheckpoint(context);
}

/**
 * Keeps it now, as the last thing before an authority is closed. One that the log does not pass through stays: it is the
 * proof that something is wrong. A full disk leaves the one before.
 */
export async function keepLastCheckpoint(context: Keeping): Promise<void> {
  if (context.looks || context.present.state.standing !== 'ready') return;
  if (!kept.has(context) && !(await takeUpKept(context))) return;
  const { sequence } = context.present.head;
  if (sequence === kept.get(context)?.sequence) return;
  try {
    await writeFileAtomic(pathIn(context), JSON.stringify(new Checkpoints(context).sign()));
    kept.set(context, { sequence, atMs: performance.now() });
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  }
}

/** Goes on from what was kept before this authority was opened; false when the log contradicts it. */
async function takeUpKept(context: Keeping): Promise<boolean> {
  if (!(await passesKeptCheckpoint(context))) return false;
  const signed = await readKeptCheckpoint(context);
  if (signed === undefined || signed === 'damaged') return true;
  const { sequence } = ourCheckpoint(context.issuer, signed) ?? { sequence: 0 };
  kept.set(context, { sequence, atMs: performance.now() });
  return true;
}

/** Whether the log passes through what was kept last; true when nothing was. */
export async function passesKeptCheckpoint(context: KeptBeside): Promise<boolean> {
  const signed = await readKeptCheckpoint(context);
  if (signed === undefined) return true;
  const checkpoint = signed === 'damaged' ? undefined : ourCheckpoint(context.issuer, signed);
  if (checkpoint === undefined) return false;
  const record = await context.records.committed.log.text(checkpoint.sequence);
  return record !== undefined && hashRecord(record) === checkpoint.head;
}

/** The checkpoint that was kept last; undefined when none was, `damaged` when the file holds something else. */
export async function readKeptCheckpoint(
  context: Pick<Keeping, 'directory'>,
): Promise<SignedCheckpoint | 'damaged' | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(pathIn(context), 'utf8'));
    return Check(SignedCheckpoint, value) ? value : 'damaged';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}

function pathIn({ directory }: Pick<Keeping, 'directory'>): string {
  return join(directory, 'checkpoint.json');
}
