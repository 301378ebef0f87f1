import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { makePrivateDirectory, systemErrorCode, withFileLock, writeFileAtomic } from '../base/index.ts';
import { isObjectId, type ObjectId } from '../storage/index.ts';

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
    return Value.Check(DamagedPacksFile, value) ? value : nothing;
  } catch {
    return nothing;
  }
}
