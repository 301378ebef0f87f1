import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  HoldfastError,
  makePrivateDirectory,
  readChosenFile,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import { pathText, textPath, type WalkLimit } from '../../files/index.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import type { TakenChanges } from './live-changes.ts';

/** What has changed in a set, as a run of it is told. Paths are absolute, as `pathText` shows them. */
const ChangesFile = Type.Object(
  {
    format: Type.Literal(1),
    /** That anything may have. */
    whole: Type.Boolean(),
    directories: Type.Array(Type.String({ pattern: '^/' })),
    trees: Type.Array(Type.String({ pattern: '^/' })),
  },
  { additionalProperties: false },
);

/** Keeps what is to be saved of a set, for the process that does it. Gives the path of the file. */
export async function writeChanges(
  directory: string,
  { id }: Pick<BackupSet, 'id'>,
  taken: TakenChanges,
): Promise<string> {
  await makePrivateDirectory(join(directory, 'sets'));
  const path = join(directory, 'sets', `${id}.changes.json`);
  const file: Static<typeof ChangesFile> = {
    format: 1,
    whole: taken.isWhole,
    directories: taken.directories.map(latin1Text),
    trees: taken.trees.map(latin1Text),
  };
  await writeFileAtomic(path, JSON.stringify(file));
  return path;
}

function latin1Text(path: string): string {
  return pathText(Buffer.from(path, 'latin1'));
}

/** Of ten thousand directories and trees with long paths. */
const maxChangesBytes = 64 * 1024 * 1024;

/**
 * What such a file says; undefined when anything may have changed.
 * @throws HoldfastError `input_invalid` for a file that is none
 */
export async function readChanges(path: string): Promise<WalkLimit | undefined> {
  const hint = 'name a file that the agent has written';
  const bytes = await readChosenFile(path, { maxBytes: maxChangesBytes, hint });
  const file = parse(Buffer.from(bytes).toString());
  if (!Value.Check(ChangesFile, file))
    throw new HoldfastError('input_invalid', `${path} does not say what has changed in a set`, { hint });
  if (file.whole) return undefined;
  return { directories: file.directories.map(textPath), trees: file.trees.map(textPath) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** From where the next live backup of a set goes on. */
const BaseFile = Type.Object({
  format: Type.Literal(1),
  /** The snapshot of the newest run. */
  snapshot: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** What says how it was made: another set of the same name, or other patterns, have another. */
  choices: Type.String(),
  /** Directories with something that could not be read, which is to be tried again. */
  owed: Type.Array(Type.String({ pattern: '^/' })),
});
export type LiveBase = Omit<Static<typeof BaseFile>, 'format'>;

/** Keeps from where the next live backup goes on. */
export async function keepBase(directory: string, set: Pick<BackupSet, 'id'>, base: LiveBase): Promise<void> {
  await makePrivateDirectory(join(directory, 'sets'));
  await writeFileAtomic(basePath(directory, set), `${JSON.stringify({ format: 1, ...base })}\n`);
}

/** From where it goes on; undefined where nobody knows, which costs a look at everything. */
export async function readBase(directory: string, set: Pick<BackupSet, 'id'>): Promise<LiveBase | undefined> {
  const text = await readFile(basePath(directory, set), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const file = parse(text);
  return Value.Check(BaseFile, file) ? file : undefined;
}

function basePath(directory: string, { id }: Pick<BackupSet, 'id'>): string {
  return join(directory, 'sets', `${id}.base.json`);
}
