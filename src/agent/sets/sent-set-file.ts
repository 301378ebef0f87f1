import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  HoldfastError,
  makePrivateDirectory,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../../base/index.ts';
import { SentSet, SentSetName } from '../../enrol/index.ts';

const SentSetFile = Type.Object({
  format: Type.Literal(1),
  /** As the server sent them last. */
  sets: Type.Array(SentSet),
  /** Names of those that this version does not understand. */
  unread: Type.Array(Type.String()),
  /** Names of those that the owner of this machine does not want, sent or not. */
  refused: Type.Array(Type.String()),
});

/** What the server sent to this machine, and what its owner said to that. */
export type SentSets = Omit<Static<typeof SentSetFile>, 'format'>;

const none: SentSets = { sets: [], unread: [], refused: [] };

/** What was sent by now. @throws HoldfastError `settings_invalid` for a damaged file: what was refused is not known then */
export async function readSentSets(directory: string): Promise<SentSets> {
  const path = sentSetsPath(directory);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? none : parse(text, path);
}

/** What is other than before of the sets that a server sends. */
export interface SentChange {
  readonly isChanged: boolean;
  /** Those that it sends no more. */
  readonly gone: readonly SentSet[];
}

/** Keeps what the server sends now, in the place of what it sent before. */
export async function keepSentSets(directory: string, told: readonly unknown[]): Promise<SentChange> {
  const sets = told.filter(
    (each) => Value.Check(SentSet, each) && !Number.isNaN(Date.parse(each.sent)),
  ) as SentSet[];
  const unread = told.filter((each) => !sets.some((set) => set === each)).map(nameIn);
  // A server says the same again each minute, and nothing is written for that.
  const kept = await readSentSets(directory);
  if (Value.Equal(kept, { ...kept, sets, unread })) return { isChanged: false, gone: [] };
  let gone: readonly SentSet[] = [];
  const isChanged = await changeSentSets(directory, (before) => {
    gone = before.sets.filter(({ id }) => !sets.some((set) => set.id === id));
    return { ...before, sets, unread };
  });
  return { isChanged, gone };
}

/** Keeps whether the owner of this machine wants the set of a name that the server sends. */
export async function refuseSet(directory: string, name: string, isRefused: boolean): Promise<void> {
  await changeSentSets(directory, (before) => {
    const others = before.refused.filter((each) => each !== name);
    return { ...before, refused: isRefused ? [...others, name] : others };
  });
}

function nameIn(told: unknown): string {
  const { name } = Object(told) as Readonly<Record<string, unknown>>;
  return Value.Check(SentSetName, name) ? name : 'unknown';
}

/** Gives whether that changed anything. */
async function changeSentSets(directory: string, change: (before: SentSets) => SentSets): Promise<boolean> {
  await makePrivateDirectory(directory);
  return await withFileLock(join(directory, 'sent-sets.lock'), async () => {
    const before = await readSentSets(directory);
    const after = change(before);
    if (Value.Equal(before, after)) return false;
    await writeFileAtomic(
      sentSetsPath(directory),
      `${JSON.stringify({ format: 1, ...after }, undefined, 2)}\n`,
    );
    return true;
  });
}

function sentSetsPath(directory: string): string {
  return join(directory, 'sent-sets.json');
}

function parse(text: string, path: string): SentSets {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(SentSetFile, value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError('settings_invalid', `${path} is damaged or of another version`, {
    hint: 'move it away: the server sends its sets anew, and those that are not wanted are refused again by holdfast set refuse NAME',
  });
}
