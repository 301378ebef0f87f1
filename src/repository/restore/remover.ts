import { rmdirSync, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { type FileStat, joinPath, PatternList, pathText, readDirectory } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { lookAt } from './overwrite.ts';
import type { RestoreTarget } from './restore-target.ts';
import { type SnapshotDirectory, walkSnapshot } from './walk-snapshot.ts';
import { systemProblem } from './write-file.ts';

/** What is removed from a target, and whom to tell. */
export interface RemovalOptions {
  /** Only what these patterns mean, as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Nothing that these mean, as restic's `--exclude`. */
  readonly exclude?: readonly string[];
  /** Absolute paths, as text, of directories that are never removed. */
  readonly kept?: readonly string[];
  /** What was saved, as text; directories above it only lead there. */
  readonly savedPaths: readonly string[];
  /** Nothing is removed, only told. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
  /** Told of each directory that stays, and why. */
  readonly onKept?: (path: string, why: string) => void;
  /** Told of what could not be removed. */
  readonly onProblem: (path: string, message: string) => void;
}

/** A directory of the snapshot on the way to where the walk is. */
interface Step {
  readonly directory: SnapshotDirectory;
  readonly place: Bytes;
  /** What lies at its place, where that is a directory. */
  readonly there: FileStat | undefined;
  /** Whether a file system begins there that the snapshot has nothing of. */
  readonly isForeign: boolean;
  isSwept: boolean;
}

/**
 * Removes from a target what its snapshot does not have there. It goes into no other file system that the snapshot knows
 * nothing of, follows no symlink, and removes no directory that is to be kept, nor what leads there.
 */
export class Remover {
  /** Files and directories that were removed, or would be. */
  removed = 0;
  readonly #target: RestoreTarget;
  readonly #options: RemovalOptions;
  readonly #include: PatternList;
  readonly #exclude: PatternList;
  readonly #kept: ReadonlySet<string>;
  readonly #steps: Step[] = [];

  constructor(target: RestoreTarget, options: RemovalOptions) {
    this.#target = target;
    this.#options = options;
    this.#include = new PatternList(options.include ?? [], { names: true });
    this.#exclude = new PatternList(options.exclude ?? [], { names: true });
    const kept = (options.kept ?? []).flatMap((path) => lookAt(Buffer.from(path)) ?? []);
    this.#kept = new Set(kept.map(keyOf));
  }

  /**
   * Removes what is not in the snapshot, out of every directory of it of which something is meant. Gives the path of each file and
   * directory that is gone, what was in a directory before it.
   */
  async *sweep(repository: Repository, tree: BlobId): AsyncGenerator<string, void, undefined> {
    const { include, exclude, signal } = this.#options;
    const onProblem = (path: Bytes, message: string): void =>
      this.#options.onProblem(pathText(path), message);
    for await (const directory of walkSnapshot(repository, tree, { include, exclude, signal, onProblem })) {
      this.#steps.splice(directory.depth, Infinity, this.#look(directory));
      if (!directory.isSelected && directory.nodes.length === 0) continue;
      for (const step of this.#steps) if (!step.isSwept) yield* this.#sweepOne(step);
    }
  }

  /** Removes what is at `place`, with all that is in it, as far as it may be; gives back whether nothing is there any more. */
  remove(place: Bytes, device: bigint): AsyncGenerator<string, boolean, undefined> {
    return this.#remove(place, namesOf(this.#target.originOf(place)), device);
  }

  #look(directory: SnapshotDirectory): Step {
    const place = this.#target.place(directory.path);
    const above = this.#steps[directory.depth - 1];
    const leadsThere = directory.depth === 0 || above?.there !== undefined;
    // The target itself may be a symlink.
    const found = leadsThere ? lookAt(directory.depth === 0 ? joinPath(place, itself) : place) : undefined;
    const there = found?.kind === 'dir' ? found : undefined;
    const isMounted =
      above?.there !== undefined && there !== undefined && there.device !== above.there.device;
    return { directory, place, there, isForeign: isMounted && directory.all.length === 0, isSwept: false };
  }

  async *#sweepOne(step: Step): AsyncGenerator<string, void, undefined> {
    step.isSwept = true;
    const { directory, place, there, isForeign } = step;
    if (there === undefined || !directory.isWhole || this.#onlyLeads(directory)) return;
    if (isForeign) {
      this.#keep(place, otherFileSystem);
      return;
    }
    const expected = new Set(directory.all.map(({ name }) => latin1(name)));
    const above = namesOf(pathText(directory.path));
    for (const name of this.#list(place)) {
      if (expected.has(latin1(name))) continue;
      yield* this.#remove(joinPath(place, name), [...above, pathText(name)], there.device);
    }
  }

  #list(place: Bytes): readonly Bytes[] {
    try {
      return readDirectory(place);
    } catch (error) {
      this.#tell(place, error);
      return [];
    }
  }

  /** In place, a directory above what was saved has more in it than ever was looked at. */
  #onlyLeads({ path }: SnapshotDirectory): boolean {
    return this.#target.isInPlace && leadsTo(path, this.#options.savedPaths);
  }

  async *#remove(
    place: Bytes,
    components: readonly string[],
    device: bigint,
  ): AsyncGenerator<string, boolean, undefined> {
    if (!this.#covers(components)) return false;
    try {
      const there = lookAt(place);
      if (there === undefined) return true;
      const isDirectory = there.kind === 'dir';
      if (isDirectory && !(yield* this.#empty(place, there, components, device))) return false;
      if (!this.#options.dryRun) (isDirectory ? rmdirSync : unlinkSync)(asBuffer(place));
      this.removed++;
      yield this.#target.originOf(place);
      return true;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#tell(place, error);
      return false;
    }
  }

  /** Whether nothing is in a directory any more. */
  async *#empty(
    place: Bytes,
    there: FileStat,
    components: readonly string[],
    device: bigint,
  ): AsyncGenerator<string, boolean, undefined> {
    if (there.device !== device) return this.#keep(place, otherFileSystem);
    if (this.#kept.has(keyOf(there))) return this.#keep(place, 'Holdfast itself lives there');
    await nextTurn();
    this.#options.signal?.throwIfAborted();
    let isEmpty = true;
    for (const name of readDirectory(place)) {
      const isGone = yield* this.#remove(joinPath(place, name), [...components, pathText(name)], device);
      isEmpty &&= isGone;
    }
    return isEmpty;
  }

  #tell(place: Bytes, error: unknown): void {
    this.#options.onProblem(this.#target.originOf(place), systemProblem(error).message);
  }

  #keep(place: Bytes, why: string): false {
    this.#options.onKept?.(this.#target.originOf(place), why);
    return false;
  }

  #covers(components: readonly string[]): boolean {
    if (this.#exclude.match(components).matched) return false;
    return this.#include.isEmpty || this.#include.match(components).matched;
  }
}

const otherFileSystem = 'another file system is mounted there, which the snapshot does not have';
const itself = Buffer.from('.');

/** Whether a directory of the snapshot only leads to what was saved, and has more in it than that. */
export function leadsTo(path: Bytes, savedPaths: readonly string[]): boolean {
  const above = path.length === 1 ? '/' : `${pathText(path)}/`;
  return savedPaths.some((saved) => saved !== above && saved.startsWith(above));
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function keyOf({ device, inode }: FileStat): string {
  return `${device}:${inode}`;
}

function latin1(name: Bytes): string {
  return asBuffer(name).toString('latin1');
}
