import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';

/**
 * What tells the directory of all repositories from the place where its disk should be. A name that no client can have and
 * that a shell's `*` takes along.
 */
export const storeMarkerFile = '_holdfast-store.json';

const StoreMarker = Type.Object(
  {
    format: Type.Literal(1),
    /** 32 hexadecimal digits, random. */
    store: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    /** Whose clients it is for. */
    network: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);

/** Which store a directory is. */
export type StoreMarker = Pick<Static<typeof StoreMarker>, 'store' | 'network'>;

/** The marker in a directory; undefined when there is none. @throws HoldfastError `storage_failed` for one that is damaged */
export async function readStoreMarker(directory: string): Promise<StoreMarker | undefined> {
  const path = join(directory, storeMarkerFile);
  const text = await orUndefined(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (Check(StoreMarker, value)) return value;
  throw new HoldfastError('storage_failed', `${path} is damaged: it does not say which store this is`, {
    hint: 'put the file back from a copy of the store, or remove it, and then: holdfast store accept --reason TEXT',
  });
}

/** Marks a directory that has no marker, durably. */
export async function writeStoreMarker(directory: string, { store, network }: StoreMarker): Promise<void> {
  const text = `${JSON.stringify({ format: 1, store, network })}\n`;
  await writeFileAtomic(join(directory, storeMarkerFile), text, { exclusive: true });
}

/** Whether a repository is in a directory of repositories: `<client>/config` or `<client>/<repository>/config`. */
export async function holdsRepositories(directory: string): Promise<boolean> {
  return await holdsBelow(directory, 2);
}

async function holdsBelow(directory: string, levels: number): Promise<boolean> {
  for (const name of (await orUndefined(readdir(directory))) ?? []) {
    const path = join(directory, name);
    if ((await orUndefined(lstat(join(path, 'config')))) !== undefined) return true;
    if (levels > 1 && (await holdsBelow(path, levels - 1))) return true;
  }
  return false;
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (absent.includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

const absent: readonly string[] = ['ENOENT', 'ENOTDIR'];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
