import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory, systemErrorCode } from '../base/index.ts';
import { LocalLayout, makeDirectoriesBelow } from './local-layout.ts';
import { explainStorageErrors, isObjectId, type NamedRef, type ObjectType } from './object-store.ts';

/** What is known of a stored object when it is to be removed. */
export interface Removable {
  /** Bytes. */
  readonly size: number;
  /** As {@link ObjectInfo.arrivedMs}. */
  readonly arrivedMs: number;
}

/** When something was removed, and how long it stays in the trash whoever wants it empty; milliseconds since 1970. */
export interface Removal {
  readonly removedMs: number;
  readonly lockedUntilMs: number;
}

/** Decides on a removal; what it throws refuses it, and nothing is changed. */
export type JudgeRemoval = (ref: NamedRef, found: Removable) => Promise<Removal>;

/** Something that rests in the trash. One name may be there several times: it was removed, stored again and removed again. */
export interface Trashed extends Removal {
  readonly ref: NamedRef;
}

/** The types that rest, those that refer after those that they refer to. */
export const trashedTypes = ['keys', 'data', 'index', 'snapshots'] as const satisfies ObjectType[];

/**
 * The trash of a repository in a directory: what is removed gets another name in the same file system, in one step, and
 * comes back by another. Its new name says when it was removed and until when it is locked, so that nothing else
 * has to be written, and a crash leaves it in the one place or the other.
 */
export class LocalTrash {
  readonly #layout: LocalLayout;
  /** Directories that changed since they were made durable. */
  readonly #changed = new Set<string>();

  constructor(directory: string) {
    this.#layout = new LocalLayout(directory);
  }

  /** Takes an object out of the repository, if `judge` lets it; gives its size, undefined where it is not there. */
  async put(ref: NamedRef, judge: JudgeRemoval): Promise<number | undefined> {
    const path = this.#layout.path(ref);
    return await explainStorageErrors(`removing ${path}`, async () => {
      const found = await lookAt(path);
      if (found === undefined) return undefined;
      const to = await this.#freePath({ ref, ...(await judge(ref, found)) });
      if (!(await this.#move(path, to))) return undefined;
      // Packs are the last to go: nothing is removed because they are gone.
      if (ref.type !== 'data') await this.settle();
      return found.size;
    });
  }

  /** What {@link put} would take out, if `judge` lets it; undefined where it is not there. */
  async judge(ref: NamedRef, judge: JudgeRemoval): Promise<Removable | undefined> {
    const path = this.#layout.path(ref);
    const found = await explainStorageErrors(`looking for ${path}`, () => lookAt(path));
    if (found !== undefined) await judge(ref, found);
    return found;
  }

  /** All that rests of some types, type by type. Other names are passed over, and so is what goes meanwhile. */
  async *scan(types: readonly Trashed['ref']['type'][] = trashedTypes): AsyncIterable<Trashed> {
    for (const type of types)
      for (const name of await namesIn(join(this.#layout.trash, type))) {
        const trashed = parseTrashed(type, name);
        if (trashed !== undefined) yield trashed;
      }
  }

  /** Size and arrival of something that rests; undefined where it has gone. */
  async look(trashed: Trashed): Promise<Removable | undefined> {
    return await explainStorageErrors('looking into the trash', () => lookAt(this.#path(trashed)));
  }

  /** Brings something back, durable after {@link settle}; leaves it where the repository has it already. */
  async restore(trashed: Trashed): Promise<'restored' | 'present' | 'gone'> {
    const path = this.#layout.path(trashed.ref);
    return await explainStorageErrors(`restoring ${path}`, async () => {
      if ((await lookAt(path)) !== undefined) return 'present';
      return (await this.#move(this.#path(trashed), path)) ? 'restored' : 'gone';
    });
  }

  /** Removes something for good. */
  async remove(trashed: Trashed): Promise<void> {
    await explainStorageErrors('emptying the trash', () => rm(this.#path(trashed), { force: true }));
  }

  /** Makes durable what was moved until now. */
  async settle(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const directory of changed) await syncDirectory(directory);
  }

  #path({ ref, removedMs, lockedUntilMs }: Trashed): string {
    return join(this.#layout.trash, ref.type, `${ref.name}.${removedMs}.${lockedUntilMs}`);
  }

  /** What rests there already came earlier, and must not give way to what was stored again since. */
  async #freePath(trashed: Trashed): Promise<string> {
    const path = this.#path(trashed);
    if ((await lookAt(path)) === undefined) return path;
    return await this.#freePath({ ...trashed, removedMs: trashed.removedMs + 1 });
  }

  /** False when it is not there to be moved. */
  async #move(from: string, to: string): Promise<boolean> {
    const isDone = (await renameIfThere(from, to)) || (await this.#moveIntoNew(from, to));
    // Where it is now is made durable first.
    if (isDone) for (const path of [to, from]) this.#changed.add(dirname(path));
    return isDone;
  }

  async #moveIntoNew(from: string, to: string): Promise<boolean> {
    await makeDirectoriesBelow(this.#layout.directory, [dirname(to)]);
    return await renameIfThere(from, to);
  }
}

/** Also false where the directory that it should go to is not there. */
async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function lookAt(path: string): Promise<Removable | undefined> {
  try {
    const { size, mtimeMs } = await lstat(path);
    return { size, arrivedMs: Math.round(mtimeMs) };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return await explainStorageErrors('looking into the trash', async () => {
    try {
      return await readdir(directory);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw error;
    }
  });
}

function parseTrashed(type: ObjectType, file: string): Trashed | undefined {
  const [name = '', removed = '', locked = '', ...others] = file.split('.');
  if (!isObjectId(name) || !isMoment(removed) || !isMoment(locked) || others.length > 0) return undefined;
  return { ref: { type, name }, removedMs: Number(removed), lockedUntilMs: Number(locked) };
}

function isMoment(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
