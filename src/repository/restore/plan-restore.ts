import type { Bytes } from '../../base/index.ts';
import { type FileStat, joinPath, pathText } from '../../files/index.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import { deedOf, lookAt } from './overwrite.ts';
import { Remover } from './remover.ts';
import {
  incompleteText,
  isToBeLeft,
  onlyLeads,
  openTarget,
  type RestoredSnapshot,
  type RestoreOptions,
  type RestoreSummary,
} from './restore.ts';
import { HardLinks, type RestoreTarget } from './restore-target.ts';
import { type SnapshotDirectory, walkSnapshot } from './walk-snapshot.ts';
import { inTheWay } from './write-file.ts';

/** Something that a restore would do. What would stay as it is, but for its attributes, is only counted. */
export interface PlannedDeed {
  /** The path in the snapshot, as `pathText` shows it. */
  readonly path: string;
  readonly deed: 'restored' | 'updated' | 'removed';
  /** Bytes of content. */
  readonly size: number;
}

/**
 * What {@link restore} would do, without a change to anything and without reading any content: whether that can be read shows
 * then. Errors and problems as there.
 */
export async function* planRestore(
  repository: Repository,
  snapshot: RestoredSnapshot,
  options: RestoreOptions,
): AsyncGenerator<PlannedDeed, Omit<RestoreSummary, 'unlistedPacks'>, undefined> {
  const planner = new Planner(snapshot, options);
  const { include, exclude, signal } = options;
  const onProblem = (path: Bytes, message: string): void => planner.lack(pathText(path), message);
  const onUnmet = (pattern: string): void =>
    planner.report(pattern, 'nothing in the snapshot is called that');
  const selection = { include, exclude, signal, onProblem, onUnmet };
  for await (const directory of walkSnapshot(repository, snapshot.tree, selection))
    yield* planner.plan(directory);
  yield* planner.planRemoval(repository, snapshot);
  return planner.summary;
}

/** A directory on the way to where the walk is. */
interface Step {
  readonly directory: SnapshotDirectory;
  readonly place: Bytes;
  /** Whether a directory is there already, so that there is something in it to look at, or one would be made. */
  readonly state: 'there' | 'unmade' | 'refused';
  isPlanned: boolean;
}

class Planner {
  readonly #target: RestoreTarget;
  readonly #options: RestoreOptions;
  readonly #savedPaths: readonly string[];
  readonly #links = new HardLinks();
  readonly #steps: Step[] = [];
  readonly #counts = {
    files: 0,
    directories: 0,
    others: 0,
    bytes: 0,
    skipped: 0,
    skippedBytes: 0,
    problems: 0,
  };
  readonly #remover: Remover | undefined;
  #isComplete = true;

  constructor({ paths: savedPaths = [] }: RestoredSnapshot, options: RestoreOptions) {
    this.#target = openTarget(options);
    this.#options = options;
    this.#savedPaths = savedPaths;
    const onProblem = (path: string, message: string): void => this.report(path, message);
    if (options.removeUnexpected === true)
      this.#remover = new Remover(this.#target, { ...options, savedPaths, dryRun: true, onProblem });
  }

  get summary(): Omit<RestoreSummary, 'unlistedPacks'> {
    return { ...this.#counts, removed: this.#remover?.removed ?? 0 };
  }

  /** What would be done with a directory, those that lead to it, and what is in it. */
  async *plan(directory: SnapshotDirectory): AsyncGenerator<PlannedDeed, void, undefined> {
    const step = this.#look(directory);
    this.#steps.splice(directory.depth, Infinity, step);
    if (!directory.isSelected && directory.nodes.length === 0) return;
    for (const each of this.#steps) if (!each.isPlanned) yield* this.#planDirectory(each);
    if (step.state === 'refused') return;
    for (const node of directory.nodes) {
      const place = joinPath(step.place, node.name);
      yield* this.#planNode(place, node, step.state === 'there' ? lookAt(place) : undefined);
    }
  }

  /** What would be removed, where that was asked for. */
  async *planRemoval(
    repository: Repository,
    { tree }: RestoredSnapshot,
  ): AsyncGenerator<PlannedDeed, void, undefined> {
    if (this.#remover === undefined) return;
    if (this.#isComplete) yield* removals(this.#remover.sweep(repository, tree));
    else this.#options.onKept?.('', incompleteText);
  }

  /** Something of the snapshot would not be there. */
  lack(path: string, message: string): void {
    this.#isComplete = false;
    this.report(path, message);
  }

  report(path: string, message: string): void {
    this.#counts.problems++;
    this.#options.onProblem?.({ path, message });
  }

  #look(directory: SnapshotDirectory): Step {
    const place = this.#target.place(directory.path);
    const above = this.#steps[directory.depth - 1]?.state ?? 'there';
    if (above !== 'there') return { directory, place, state: above, isPlanned: false };
    const there = directory.depth === 0 ? lookAt(joinPath(place, itself)) : lookAt(place);
    if (there?.kind === 'dir') return { directory, place, state: 'there', isPlanned: false };
    const isRefused = there !== undefined && !this.#target.mayReplace;
    return { directory, place, state: isRefused ? 'refused' : 'unmade', isPlanned: false };
  }

  *#planDirectory(step: Step): Generator<PlannedDeed, void, undefined> {
    const { directory, place, state } = step;
    step.isPlanned = true;
    if (directory.node === undefined) return;
    const path = this.#target.originOf(place);
    if (state === 'refused') this.lack(path, inTheWay().message);
    else if (state === 'there') {
      const isLeft = onlyLeads(directory, this.#target, this.#savedPaths) || isToBeLeft(place, this.#target);
      if (!isLeft) this.#counts.directories++;
    } else {
      this.#counts.directories++;
      yield { path, deed: lookAt(place) === undefined ? 'restored' : 'updated', size: 0 };
    }
  }

  async *#planNode(
    place: Bytes,
    node: TreeNode,
    there: FileStat | undefined,
  ): AsyncGenerator<PlannedDeed, void, undefined> {
    const { overwrite } = this.#options;
    const path = this.#target.originOf(place);
    const deed = deedOf(overwrite ?? 'always', node, there);
    if (deed === 'skipped' || deed === 'unchanged') {
      this.#counts.skipped++;
      this.#counts.skippedBytes += node.size;
    } else if (deed === 'updated' && overwrite === undefined) this.lack(path, inTheWay().message);
    else if (there?.kind === 'dir' && !(yield* this.#planRoom(place, there)))
      this.lack(path, 'a directory is in the way, and not all of it may be removed');
    else yield { path, deed, size: this.#count(place, node) };
  }

  /** Gives back whether a directory would be gone. */
  async *#planRoom(place: Bytes, there: FileStat): AsyncGenerator<PlannedDeed, boolean, undefined> {
    if (this.#remover === undefined) return false;
    return yield* removals(this.#remover.remove(place, there.device));
  }

  /** Counts what would be made; the bytes of its content. */
  #count(place: Bytes, node: TreeNode): number {
    const isFirst = !this.#links.isAnotherName(node, place);
    this.#counts[node.type === 'file' && isFirst ? 'files' : 'others']++;
    const bytes = isFirst ? node.size : 0;
    this.#counts.bytes += bytes;
    return bytes;
  }
}

async function* removals<T>(
  paths: AsyncGenerator<string, T, undefined>,
): AsyncGenerator<PlannedDeed, T, undefined> {
  let next = await paths.next();
  for (; next.done !== true; next = await paths.next()) yield { path: next.value, deed: 'removed', size: 0 };
  return next.value;
}

const itself = Buffer.from('.');
