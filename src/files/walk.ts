import { asBuffer, type Bytes, isSystemError } from '../base/index.ts';
import { type FileStat, lstat, stat } from './file-stat.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import { joinPath, pathText, readDirectory } from './raw-path.ts';

/** What a walk has come to: `path` is absolute, `name` its last component, both raw. */
export interface WalkPlace {
  readonly path: Bytes;
  readonly name: Bytes;
}

/**
 * One step of a walk:
 * - `enter`: a directory begins; what follows until its `leave` lies in it;
 * - `entry`: anything but a directory, sockets and what is `irregular` included;
 * - `unreadable`: it vanished or the system does not let it be looked at, and nothing of it comes;
 * - `forbidden`: a directory that the rules forbid, and nothing of it comes;
 * - `excluded`: the patterns leave it out, and nothing of it comes;
 * - `kept`: a directory in which nothing that the walk is limited to lies, and nothing of it comes.
 *
 * `isRoot` when it is one of the paths to be walked: that is walked whole though it be a cache, since it was named.
 */
export type WalkEvent = WalkPlace & { readonly isRoot: boolean } & (
    | { readonly kind: 'enter' | 'leave' | 'entry' | 'kept'; readonly stat: FileStat }
    | { readonly kind: 'unreadable'; readonly error: NodeJS.ErrnoException }
    | { readonly kind: 'forbidden' | 'excluded' }
  );

/** What a walk is limited to. Absolute, raw, and below the paths that are walked. */
export interface WalkLimit {
  /** Directories that are read, each with the way to it; what lies in those in them is not. */
  readonly directories: readonly Bytes[];
  /** What is walked whole. */
  readonly trees: readonly Bytes[];
}

/**
 * Walks absolute paths in the order of a restic tree: names in byte order, each directory's content between its `enter`
 * and its `leave`. The walk starts at `/`, which has no event of its own; on the way to a root its ancestors are entered
 * (through symlinks) and show nothing but that way. A root inside another adds nothing.
 *
 * Lazy: a directory is read when the walk comes to it, and each name is looked at when it is asked for, so that the walk
 * overlaps with the work on what it finds. It holds the names of the directories on the current path only.
 */
export function* walk(
  roots: readonly Bytes[],
  rules: IgnoreRules,
  limit?: WalkLimit,
): Generator<WalkEvent, void, undefined> {
  const only = limit && planRoots(limit.trees, limit.directories);
  const levels = [openTop(planRoots(roots), rules, only)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names[level.next++];
    if (name === undefined) {
      levels.pop();
      if (level.self !== undefined) yield { kind: 'leave', ...level.self };
      continue;
    }
    const found = look(level, name, rules);
    if (found.inside !== undefined) levels.push(found.inside);
    yield found.event;
  }
}

/** A directory being walked. */
interface Level {
  readonly path: Bytes;
  /** Undefined for `/`. */
  readonly self: (WalkPlace & { readonly stat: FileStat; readonly isRoot: boolean }) | undefined;
  /** The components of its path; left empty when no rule looks at names. */
  readonly components: readonly string[];
  readonly names: readonly Bytes[];
  /** Set where only the way to the roots is shown. */
  readonly plan: RootPlan | undefined;
  /** Set where the walk is limited to a part. */
  readonly only: RootPlan | undefined;
  /** Which file system the walk stays on; undefined on the way to the roots. */
  readonly device: bigint | undefined;
  /** Index of the name to look at next. */
  next: number;
}

interface Found {
  readonly event: WalkEvent;
  readonly inside?: Level;
}

function openTop(plan: RootPlan, rules: IgnoreRules, limit: RootPlan | undefined): Level {
  const path = Buffer.from('/');
  const device = plan.whole ? lstat(path).device : undefined;
  const only = limit?.whole === true ? undefined : limit;
  const rest = { path, self: undefined, components: [], device, only, next: 0 };
  return plan.whole
    ? { ...rest, plan: undefined, names: readNames(path, { rules, isRoot: true }) }
    : { ...rest, plan, names: plannedNames(plan) };
}

function look(level: Level, name: Bytes, rules: IgnoreRules): Found {
  const key = Buffer.from(name).toString('latin1');
  const below = level.plan?.below.get(key);
  const plan = below?.whole === false ? below : undefined;
  const components = rules.hasPatterns ? [...level.components, pathText(name)] : [];
  const path = joinPath(level.path, name);
  const place = { path, name, isRoot: below?.whole === true };
  if (plan === undefined && rules.hasPatterns && rules.isExcluded(components))
    return { event: { kind: 'excluded', ...place } };
  try {
    const seen = plan === undefined ? lstat(path) : stat(path);
    const device = plan === undefined ? (level.device ?? seen.device) : undefined;
    const isElsewhere = rules.oneFileSystem && device !== undefined && seen.device !== device;
    if (seen.kind !== 'dir') {
      if (isElsewhere || rules.isTooLarge(seen)) return { event: { kind: 'excluded', ...place } };
      return { event: { kind: 'entry', ...place, stat: seen } };
    }
    if (rules.isForbidden(seen)) return { event: { kind: 'forbidden', ...place } };
    const within = level.only?.below.get(key);
    if (level.only !== undefined && within === undefined && plan === undefined)
      return { event: { kind: 'kept', ...place, stat: seen } };
    const only = level.only === undefined || within?.whole === true ? undefined : (within ?? nothing);
    // Read before it is announced: a directory that cannot be read is not announced at all.
    const names = isElsewhere ? [] : namesToWalk(path, plan, { rules, isRoot: place.isRoot });
    const self = { ...place, stat: seen };
    return {
      event: { kind: 'enter', ...self },
      inside: { path, self, components, names, plan, only, device, next: 0 },
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { event: { kind: 'unreadable', ...place, error } };
  }
}

function namesToWalk(
  path: Bytes,
  plan: RootPlan | undefined,
  how: { readonly rules: IgnoreRules; readonly isRoot: boolean },
): readonly Bytes[] {
  return plan === undefined ? readNames(path, how) : plannedNames(plan);
}

function readNames(
  path: Bytes,
  { rules, isRoot }: { readonly rules: IgnoreRules; readonly isRoot: boolean },
): readonly Bytes[] {
  const names = readDirectory(path);
  return isRoot ? names : rules.kept(path, names);
}

const nothing: RootPlan = { whole: false, below: new Map() };

/** Which directories lead to the roots of a walk. */
export interface RootPlan {
  /** Everything from here on is walked. */
  readonly whole: boolean;
  /** When not whole: what leads on, by raw name (as latin1, so that its order is byte order). */
  readonly below: ReadonlyMap<string, RootPlan>;
}

interface OpenPlan extends RootPlan {
  whole: boolean;
  readonly below: Map<string, OpenPlan>;
}

/**
 * Joins absolute paths into one tree from `/` down, `ways` as what leads there alone; `.`, `..` and double slashes are resolved as text.
 * A `TypeError` for a path that is not absolute.
 */
export function planRoots(roots: readonly Bytes[], ways: readonly Bytes[] = []): RootPlan {
  const top: OpenPlan = { whole: false, below: new Map() };
  for (const root of roots) placeIn(top, root).whole = true;
  for (const way of ways) placeIn(top, way);
  return top;
}

function placeIn(top: OpenPlan, path: Bytes): OpenPlan {
  let here = top;
  for (const name of componentsOf(path)) {
    const below = here.below.get(name) ?? { whole: false, below: new Map() };
    here.below.set(name, below);
    here = below;
  }
  return here;
}

/** The names that lead on, in byte order. */
function plannedNames(plan: RootPlan): Bytes[] {
  return [...plan.below.keys()].sort().map((name) => Buffer.from(name, 'latin1'));
}

function componentsOf(path: Bytes): string[] {
  const text = asBuffer(path).toString('latin1');
  if (!text.startsWith('/')) throw new TypeError('not an absolute path');
  const kept: string[] = [];
  for (const name of text.split('/')) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  return kept;
}
