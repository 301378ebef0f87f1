import { closeSync, openSync } from 'node:fs';
import {
  asBuffer,
  type Bytes,
  HoldfastError,
  ownUser,
  readNoFollow,
  systemErrorCode,
} from '../../base/index.ts';
import { joinPath, lstat, openStat, pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { WantedFile } from './content-plan.ts';
import { type ContentSink, readContent } from './content-reader.ts';
import type { RunPurpose } from './content-run.ts';
import { deedOf, lookAt, looksSame, type OverwriteMode, type RestoreDeed } from './overwrite.ts';
import { ReaderPool } from './reader-pool.ts';
import { leadsTo, Remover } from './remover.ts';
import { HardLinks, RestoreTarget } from './restore-target.ts';
import { type SnapshotDirectory, walkSnapshot } from './walk-snapshot.ts';
import {
  applyAttributes,
  attributesOf,
  type FileAttributes,
  type FileProblem,
  systemProblem,
} from './write-file.ts';

/**
 * Restores a snapshot: content, modes, owners (for root), times to the nanosecond, links and extended attributes.
 *
 * A file has its final name only when its content is whole and was checked blob by blob: large ones are written beside it,
 * small ones at once and removed when that fails. (A process that is killed leaves at most the small file that each
 * worker was at, empty or short and with the time of the day, and `.holdfast-…` files, which the next restore there removes.) What cannot be restored is told to
 * `onProblem`, and the rest is. Times and modes of directories come last.
 *
 * @throws HoldfastError `target_not_empty` before anything is written; `storage_full` when the disk is
 */
export async function restore(
  repository: Repository,
  snapshot: RestoredSnapshot,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const target = openTarget(options);
  // They start while the index is read.
  await using pool = new ReaderPool(repository.masterKey);
  let unlistedPacks = 0;
  const index = await repository.loadIndex({
    signal: options.signal,
    onDamaged: (_name, _error, packs) => (unlistedPacks = packs),
  });
  const restorer = new Restorer(target, { ...options, savedPaths: snapshot.paths ?? [] });
  const files = restorer.prepare(repository, snapshot.tree);
  await readContent(repository, files, { pool, index, sink: restorer, signal: options.signal });
  restorer.makeLinks();
  await restorer.removeUnexpected(repository, snapshot.tree);
  return { ...restorer.finish(), unlistedPacks };
}

/** What is restored of a snapshot. */
export type RestoredSnapshot = Pick<StoredSnapshot, 'tree'> & Partial<Pick<StoredSnapshot, 'paths'>>;

/** Why nothing is removed from a target. */
export const incompleteText = 'not all of the snapshot is there, so that nothing is removed';

/** The target of a restore, which is not touched. @throws HoldfastError `target_not_empty`, `usage` */
export function openTarget(options: RestoreOptions): RestoreTarget {
  const { overwrite, include = [] } = options;
  const target = RestoreTarget.open(options.target, overwrite);
  if (options.removeUnexpected !== true || !target.isInPlace || include.length > 0) return target;
  throw new HoldfastError('usage', 'all that the snapshot does not have would be removed from this machine', {
    hint: 'say with --include what is to be as it was, or restore a folder of the snapshot (latest:/srv/web) to its own place',
  });
}

/** How a snapshot is restored. */
export interface RestoreOptions {
  /** The directory that everything lands in, under its full original path. Made when it is not there. */
  readonly target: string;
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Patterns as restic's `--exclude`: what they mean stays out. */
  readonly exclude?: readonly string[];
  /** What becomes of what is in the way; without it the target must be empty. */
  readonly overwrite?: OverwriteMode | undefined;
  /** Remove what the snapshot does not have, as far as the patterns cover it; when all of it is there, and nothing is damaged. */
  readonly removeUnexpected?: boolean;
  /** Absolute paths of directories that are never removed. */
  readonly kept?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onProblem?: (problem: RestoreProblem) => void;
  /** Told of each directory that stays where it would be removed, and why; of an empty path when nothing is removed at all. */
  readonly onKept?: (path: string, why: string) => void;
}

/** How far a restore is. */
interface RestoreProgress {
  readonly files: number;
  readonly bytes: number;
}

/** Something that is not there or not as it was saved. */
export interface RestoreProblem {
  /** The path in the snapshot, as `pathText` shows it. */
  readonly path: string;
  readonly message: string;
}

/** What a restore did. */
export interface RestoreSummary {
  readonly files: number;
  readonly directories: number;
  /** Symlinks, devices, pipes, sockets, and further names of hard-linked files. */
  readonly others: number;
  /** Bytes of file content. */
  readonly bytes: number;
  /** Files and others that were there and stay, the content of which is the snapshot's or was not to be replaced. */
  readonly skipped: number;
  readonly skippedBytes: number;
  /** What was removed since the snapshot does not have it, files and directories. */
  readonly removed: number;
  /** How often `onProblem` was called: 0 when everything is as it was saved. */
  readonly problems: number;
  /** Packs that no index file lists which can be read; they were asked themselves. */
  readonly unlistedPacks: number;
}

/** A directory on the way to where the walk is. */
interface Step {
  readonly directory: SnapshotDirectory;
  readonly place: Bytes;
  /** Whether it is there; `refused` when it cannot be, and then nothing in it either. */
  state: 'unmade' | 'there' | 'refused';
}

/** How a {@link Restorer} restores. */
interface RestorerOptions extends RestoreOptions {
  /** What was saved, as text; the directories above it are in the snapshot only for the way to it. */
  readonly savedPaths: readonly string[];
}

/** Puts one snapshot into one target: everything but the content of files itself, that through the pipeline it is a sink of. */
class Restorer implements ContentSink {
  readonly purpose: RunPurpose;
  readonly #target: RestoreTarget;
  readonly #options: RestorerOptions;
  readonly #links = new HardLinks();
  /** Files that could not be restored, by {@link keyOf} their places. */
  readonly #failed = new Set<string>();
  readonly #steps: Step[] = [];
  /** What directories get when all is in them, parents before their children. */
  readonly #directories: { readonly place: Bytes; readonly attributes: FileAttributes }[] = [];
  readonly #remover: Remover | undefined;
  #isCreated = false;
  /** Whether everything that is meant could be read, and is there. */
  #isComplete = true;
  /** Bytes of content that were opened, whether or not the file that they are of could be made. */
  #opened = 0;
  readonly #counts = {
    files: 0,
    directories: 0,
    others: 0,
    bytes: 0,
    skipped: 0,
    skippedBytes: 0,
    problems: 0,
  };

  constructor(target: RestoreTarget, options: RestorerOptions) {
    this.#target = target;
    this.#options = options;
    this.purpose = target.mayReplace ? 'replace' : 'write';
    const onProblem = (path: string, message: string): void => this.#report(path, message);
    if (options.removeUnexpected === true)
      this.#remover = new Remover(target, { ...options, onProblem, dryRun: false });
  }

  /** Makes everything but the content of files, and gives those that have some. */
  async *prepare(repository: Repository, tree: BlobId): AsyncGenerator<WantedFile, void, undefined> {
    const { include, exclude, signal } = this.#options;
    const onProblem = (path: Bytes, message: string): void => this.#lack(pathText(path), message);
    const onUnmet = (pattern: string): void =>
      this.#report(pattern, 'nothing in the snapshot is called that');
    for await (const directory of walkSnapshot(repository, tree, {
      include,
      exclude,
      signal,
      onProblem,
      onUnmet,
    })) {
      if (directory.isSelected || directory.nodes.length > 0) await this.#createTarget();
      const { place, state } = this.#enter(directory);
      if (state === 'refused') continue;
      for (const node of directory.nodes) {
        const own = joinPath(place, node.name);
        if (this.#remover !== undefined) await this.#makeRoom(own, node);
        const file = this.#make(own, node);
        if (file !== undefined) yield file;
      }
    }
  }

  begin({ path }: WantedFile, size: number): Bytes {
    return this.#target.beginFile(path, size);
  }

  abandon(place: Bytes): void {
    this.#target.abandonFile(place);
  }

  done({ path, attributes, size: meant }: WantedFile, place: Bytes | undefined, size: number): void {
    const isThere = this.#attempt(path, () => {
      if (place === undefined) return;
      if (attributes !== undefined) this.#applyAttributes(path, place, attributes);
      this.#target.finishFile(path, place);
    });
    if (isThere) {
      this.#countFile(path, size, meant);
    } else if (place !== undefined) this.#target.abandonFile(place);
  }

  /** A file whose attributes alone are not right is there, and can have further names. */
  failed({ path }: WantedFile, { kind, message }: FileProblem): void {
    if (kind === 'attributes') this.#report(this.#target.originOf(path), message);
    else this.#fail(path, message);
  }

  progress(bytes: number): void {
    this.#opened += bytes;
    this.#options.onProgress?.({ files: this.#counts.files, bytes: this.#opened });
  }

  /** Makes the further names of files, which can only be done when all files are there. */
  makeLinks(): void {
    for (const { place, existing } of this.#links.pending) {
      // What lies there then, if anything, is not of this snapshot.
      if (this.#failed.has(keyOf(existing))) {
        this.#lack(this.#target.originOf(place), 'another name of a file that could not be restored');
        continue;
      }
      this.#attempt(place, () => {
        this.#target.makeHardLink(place, existing);
        this.#counts.others++;
      });
    }
  }

  /** Removes what the snapshot does not have, where that was asked for: not while something of the snapshot is not there. */
  async removeUnexpected(repository: Repository, tree: BlobId): Promise<void> {
    if (this.#remover === undefined) return;
    if (!this.#isComplete) {
      this.#options.onKept?.('', incompleteText);
      return;
    }
    await drain(this.#remover.sweep(repository, tree));
  }

  /** Gives directories their attributes, once nothing in them changes any more. */
  finish(): Omit<RestoreSummary, 'unlistedPacks'> {
    for (const { place, attributes } of this.#directories.reverse()) {
      this.#applyAttributes(place, place, attributes);
    }
    return { ...this.#counts, removed: this.#remover?.removed ?? 0 };
  }

  /** Not before something goes there. */
  async #createTarget(): Promise<void> {
    if (!this.#isCreated) await this.#target.create();
    this.#isCreated = true;
  }

  /** Makes a directory, and those that lead to it, once something in it is wanted. */
  #enter(directory: SnapshotDirectory): Step {
    const step: Step = { directory, place: this.#target.place(directory.path), state: 'unmade' };
    this.#steps.splice(directory.depth, Infinity, step);
    if (!directory.isSelected && directory.nodes.length === 0) return step;
    let isRefused = false;
    for (const each of this.#steps) {
      if (isRefused) each.state = 'refused';
      else if (each.state === 'unmade') each.state = this.#makeDirectory(each) ? 'there' : 'refused';
      isRefused = each.state === 'refused';
    }
    return step;
  }

  #makeDirectory({ directory, place }: Step): boolean {
    const { node } = directory;
    if (node === undefined) {
      this.#target.sweepDirectory(place);
      return true;
    }
    const leadsThere = onlyLeads(directory, this.#target, this.#options.savedPaths);
    return this.#attempt(place, () => {
      const found = this.#target.makeDirectory(place) === 'found';
      if (found) this.#target.sweepDirectory(place);
      if (found && (leadsThere || isToBeLeft(place, this.#target))) return;
      this.#target.openDirectory(place);
      // Once it is there a later run, should this one be killed, leaves it as it is.
      if (leadsThere) applyAttributes(place, openAttributes(node));
      this.#directories.push({ place, attributes: attributesOf(node) });
      this.#counts.directories++;
    });
  }

  /** Makes what a node says; a file with content is given back for it to be read. */
  #make(place: Bytes, node: TreeNode): WantedFile | undefined {
    const deed = this.#deedOf(place, node);
    if (deed === 'skipped') return this.#skip(node);
    if (this.#links.isAnotherName(node, place)) return undefined;
    const attributes = attributesOf(node);
    if (deed === 'unchanged' && this.#isRefreshed(place, node)) return this.#skip(node);
    if (node.content !== undefined && node.content.length > 0)
      return { path: place, content: node.content, size: node.size, attributes };
    this.#attempt(place, () => {
      if (node.type === 'file') this.#target.makeEmptyFile(place);
      else this.#target.makeSpecial(place, node);
      this.#applyAttributes(place, place, attributes);
      this.#counts[node.type === 'file' ? 'files' : 'others']++;
    });
    return undefined;
  }

  /** Removes a directory where something else is to be made, as far as it may be. */
  async #makeRoom(place: Bytes, node: TreeNode): Promise<void> {
    const there = lookAt(place);
    if (there?.kind !== 'dir' || this.#deedOf(place, node) === 'skipped') return;
    if (this.#remover !== undefined) await drain(this.#remover.remove(place, there.device));
  }

  #deedOf(place: Bytes, node: TreeNode): RestoreDeed {
    const { overwrite } = this.#options;
    // Where everything is replaced, what is there shows when it is in the way.
    if (overwrite === undefined || overwrite === 'always') return 'updated';
    return deedOf(overwrite, node, lookAt(place));
  }

  #skip(node: TreeNode): undefined {
    this.#counts.skipped++;
    this.#counts.skippedBytes += node.size;
    this.progress(node.size);
  }

  /** Whether a file that is as its node says has its attributes now; not when it cannot be opened, and is to be made anew. */
  #isRefreshed(place: Bytes, node: TreeNode): boolean {
    let handle: number;
    try {
      handle = openSync(asBuffer(place), readNoFollow);
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      return false;
    }
    try {
      if (!looksSame(node, openStat(handle))) return false;
      this.#applyAttributes(place, place, attributesOf(node), handle);
      return true;
    } finally {
      closeSync(handle);
    }
  }

  /** What was appended to a file while it was saved is in it, and said. */
  #countFile(place: Bytes, size: number, meant: number): void {
    this.#counts.files++;
    this.#counts.bytes += size;
    if (size === meant) return;
    this.#report(this.#target.originOf(place), `has ${size} bytes, where its folder says ${meant}`);
  }

  #applyAttributes(path: Bytes, place: Bytes, attributes: FileAttributes, handle?: number): void {
    const problems = applyAttributes(place, attributes, handle);
    if (problems.length > 0) this.#report(this.#target.originOf(path), problems.join('; '));
  }

  /** Whether `work` on what goes to `place` succeeded; if not, that is a problem unless the disk is full, which ends it all. */
  #attempt(place: Bytes, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      const { kind, message } = systemProblem(error);
      if (kind === 'full') throw new HoldfastError('storage_full', message, { cause: error });
      this.#fail(place, message);
      return false;
    }
  }

  #fail(place: Bytes, message: string): void {
    this.#failed.add(keyOf(place));
    this.#lack(this.#target.originOf(place), message);
  }

  /** Something of the snapshot is not there. */
  #lack(path: string, message: string): void {
    this.#isComplete = false;
    this.#report(path, message);
  }

  #report(path: string, message: string): void {
    this.#counts.problems++;
    this.#options.onProblem?.({ path, message });
  }
}

async function drain(steps: AsyncGenerator<unknown, unknown, undefined>): Promise<void> {
  while ((await steps.next()).done !== true);
}

/** Whether a directory of a snapshot only leads to what is restored. */
export function onlyLeads(
  { path, isSelected }: SnapshotDirectory,
  { isInPlace }: RestoreTarget,
  savedPaths: readonly string[],
): boolean {
  return !isSelected || (isInPlace && leadsTo(path, savedPaths));
}

/** A directory that was there before is only given attributes by who may replace what is there, and is its owner. */
export function isToBeLeft(place: Bytes, { mayReplace }: RestoreTarget): boolean {
  return !mayReplace || !isOurs(place);
}

/** Root may do to every file what its owner may. */
function isOurs(place: Bytes): boolean {
  const user = ownUser() ?? 0;
  return user === 0 || lstat(place).uid === user;
}

/** What a directory gets for as long as files go into it. */
function openAttributes(node: TreeNode): FileAttributes {
  const attributes = attributesOf(node);
  return { ...attributes, permissions: attributes.permissions | 0o700 };
}

function keyOf(place: Bytes): string {
  return asBuffer(place).toString('latin1');
}
