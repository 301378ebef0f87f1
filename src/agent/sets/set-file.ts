import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  HoldfastError,
  makePrivateDirectory,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../../base/index.ts';
import { BackupSet } from './backup-set.ts';

const SetFile = Type.Object({ format: Type.Literal(1), sets: Type.Array(BackupSet) });

/** Where the sets are in a node's directory. */
function setFilePath(directory: string): string {
  return join(directory, 'sets.json');
}

/** The backup sets that were made on this machine, in the order of their names. @throws HoldfastError `settings_invalid` */
export async function readOwnSets(directory: string): Promise<readonly BackupSet[]> {
  const path = setFilePath(directory);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? [] : parseSets(text, path);
}

/** Changes the sets on top of what the file holds by then, whole or not at all. */
export async function changeSets(
  directory: string,
  change: (sets: readonly BackupSet[]) => readonly BackupSet[],
): Promise<void> {
  await makePrivateDirectory(directory);
  await withFileLock(join(directory, 'sets.lock'), async () => {
    const sets = change(await readOwnSets(directory)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await writeFileAtomic(setFilePath(directory), `${JSON.stringify({ format: 1, sets }, undefined, 2)}\n`);
  });
}

/** The one of `sets` with that name. @throws HoldfastError `set_unknown` */
export function setNamed<Set extends BackupSet>(sets: readonly Set[], name: string): Set {
  const found = sets.find((set) => set.name === name);
  if (found !== undefined) return found;
  const names = sets.map((set) => set.name).join(', ');
  throw new HoldfastError(
    'set_unknown',
    `this machine has no backup set ${JSON.stringify(name.slice(0, 80))}${names === '' ? '' : `: it has ${names}`}`,
    names === '' ? { hint: `holdfast set add NAME PATH --every 6h makes one` } : {},
  );
}

function parseSets(text: string, path: string): readonly BackupSet[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(SetFile, value)) return value.sets;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('settings_invalid', `${path} is damaged or of another version`, {
    hint: 'put it back from a copy, or move it away and add the sets again: holdfast set add NAME PATH --every 6h',
  });
}
