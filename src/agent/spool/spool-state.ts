import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { makePrivateDirectory, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';

type SetId = Pick<BackupSet, 'id'>;

/** Why versions of a set wait. Times in ISO 8601. */
const SpoolState = Type.Object({
  /** Since when. */
  since: Type.String(),
  /** When the server was asked for last, and why it was of no use. */
  tried: Type.String(),
  code: Type.String(),
  message: Type.String(),
  /** That the newest version could not be kept, and why. */
  refused: Type.Optional(Type.Object({ time: Type.String(), message: Type.String() })),
});
export type SpoolState = Static<typeof SpoolState>;

/** What waits of a set. */
interface WaitingVersions extends SpoolState {
  readonly versions: number;
  readonly bytes: number;
}

/** Where what waits of a set is, in a node's directory. */
export function spoolDirectory(directory: string, { id }: SetId): string {
  return join(directory, 'spool', id);
}

/** How many versions of a set wait. */
export async function countWaiting(directory: string, set: SetId): Promise<number> {
  return (await namesIn(join(spoolDirectory(directory, set), 'snapshots'))).length;
}

/** What waits of a set; undefined where nothing does, and none was refused. */
export async function readWaiting(directory: string, set: SetId): Promise<WaitingVersions | undefined> {
  const state = await readSpoolState(directory, set);
  const versions = await countWaiting(directory, set);
  if (state === undefined || (versions === 0 && state.refused === undefined)) return undefined;
  return { ...state, versions, bytes: await bytesIn(spoolDirectory(directory, set)) };
}

/** What was kept by {@link keepSpoolState}; undefined where nothing was, or it is damaged. */
export async function readSpoolState(directory: string, set: SetId): Promise<SpoolState | undefined> {
  const text = await readFile(statePath(directory, set), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(SpoolState, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps why versions wait. */
export async function keepSpoolState(directory: string, set: SetId, state: SpoolState): Promise<void> {
  await makePrivateDirectory(spoolDirectory(directory, set));
  await writeFileAtomic(statePath(directory, set), `${JSON.stringify({ format: 1, ...state })}\n`);
}

/** Forgets a spool in which nothing waits. */
export async function forgetSpool(directory: string, set: SetId): Promise<void> {
  await rm(spoolDirectory(directory, set), { recursive: true, force: true });
}

/** What waits of all sets takes so many bytes. */
export async function spoolBytes(directory: string): Promise<number> {
  return await bytesIn(join(directory, 'spool'));
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(nothingThere);
  const sizes = entries
    .filter((each) => each.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name)).catch(nothingThere)).size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(nothingThere);
}

/** What is made or removed by a run that goes on is there or not. */
function nothingThere(error: unknown): never[] & { readonly size?: undefined } {
  if (systemErrorCode(error) === 'ENOENT') return [];
  throw error;
}

function statePath(directory: string, set: SetId): string {
  return join(spoolDirectory(directory, set), 'spool.json');
}
