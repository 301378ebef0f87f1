import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { isRunning, makePrivateDirectory, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { countWaiting, forgetSpool } from '../spool/spool-state.ts';

const why = Type.Enum(['overflow', 'mount', 'silent', 'limit']);

/** How a set is watched. Paths as `pathText` shows them, times in ISO 8601. */
const LiveStanding = Type.Object({
  /** The agent that watches, where the system tells one process from the other. */
  process: Type.Optional(Type.String()),
  since: Type.String(),
  directories: Type.Integer(),
  /** Those that are watched whole, in the place of directories one by one. */
  fileSystems: Type.Integer(),
  /** Where nothing tells what changes: these are looked through again and again. */
  unwatched: Type.Array(Type.Object({ path: Type.String(), why })),
  /** What was looked through anew since something got lost, the newest last. */
  rescans: Type.Array(Type.Object({ time: Type.String(), path: Type.String(), why })),
});
export type LiveStanding = Static<typeof LiveStanding>;

/** So many rescans are kept. */
export const maxRescans = 10;

/** Keeps how a set is watched, for those who ask without being the agent. */
export async function keepStanding(
  directory: string,
  { id }: Pick<BackupSet, 'id'>,
  standing: LiveStanding,
): Promise<void> {
  await makePrivateDirectory(join(directory, 'sets'));
  await writeFileAtomic(standingPath(directory, id), `${JSON.stringify({ format: 1, ...standing })}\n`);
}

/** How a set is watched; undefined when no agent that runs does. */
export async function readStanding(
  directory: string,
  { id }: Pick<BackupSet, 'id'>,
): Promise<LiveStanding | undefined> {
  const text = await readFile(standingPath(directory, id), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const standing = parse(text);
  if (!Value.Check(LiveStanding, standing)) return undefined;
  return standing.process !== undefined && isRunning(standing.process) ? standing : undefined;
}

/** Forgets all that is kept of a set because it is live. */
export async function forgetLive(directory: string, { id }: Pick<BackupSet, 'id'>): Promise<void> {
  for (const kind of ['watch', 'changes', 'base'])
    await rm(join(directory, 'sets', `${id}.${kind}.json`), { force: true });
  // What waits for a server is somebody's backup, whatever became of the set.
  if ((await countWaiting(directory, { id })) === 0) await forgetSpool(directory, { id });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function standingPath(directory: string, id: string): string {
  return join(directory, 'sets', `${id}.watch.json`);
}
