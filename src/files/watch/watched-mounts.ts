import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { asBuffer, isSystemError } from '../../base/index.ts';
import { lstat } from '../file-stat.ts';
import type { IgnoreRules } from '../ignore-rules.ts';
import { pathText } from '../raw-path.ts';
import { Fanotify } from './fanotify.ts';
import { kindOf } from './file-system-kind.ts';
import { inotifyBit as bit } from './inotify.ts';
import { mountInfoFile, mountPoints } from './mount-points.ts';
import type { GapPlace } from './watch-messages.ts';

/** What has happened below the roots. Paths are raw, as latin1. */
export interface ToldOfMounts {
  readonly changed: readonly string[];
  readonly trees: readonly string[];
  /** That the kernel could not tell all of it. */
  readonly isOverflown: boolean;
}

/** A directory that is watched with all that is in it. */
interface Root {
  /** As it was named. */
  readonly path: string;
  /** The same without symlinks on the way. */
  readonly real: string;
}

const cacheTagName = 'CACHEDIR.TAG';
/** So many events are taken at once; the rest is there the next time. */
const maxEvents = 2 ** 17;

/**
 * Watches directories, with all that is in them, by the file systems that they are on: it costs nothing for each directory, whose number
 * may be any. What happens elsewhere on those file systems is told too, and passed over here. Only root may do so.
 */
export class WatchedMounts implements Disposable {
  readonly #rules: IgnoreRules;
  readonly #roots = new Map<string, Root>();
  readonly #mounts = new Map<string, Fanotify>();
  #blind: readonly GapPlace[] = [];

  constructor(rules: IgnoreRules) {
    this.#rules = rules;
  }

  /** What the kernel tells of. */
  get handles(): number[] {
    return [...this.#mounts.values()].map(({ handle }) => handle);
  }

  /** How many file systems are watched. */
  get size(): number {
    return this.#mounts.size;
  }

  /** Where nothing tells what changes: other file systems below the roots, which cannot be watched so. */
  get blind(): readonly GapPlace[] {
    return this.#blind;
  }

  /** Watches a directory; as {@link refresh}. One that has gone meanwhile is none. */
  add(path: string): boolean {
    const real = realPath(path);
    if (real === undefined) return true;
    this.#roots.set(path, { path, real });
    return this.refresh();
  }

  /** Watches it no more; as {@link refresh}. */
  remove(path: string): boolean {
    return this.#roots.delete(path) ? this.refresh() : true;
  }

  /** Looks what is mounted where, and says whether the file systems of all roots can be watched. */
  refresh(): boolean {
    const needed = this.#needed();
    for (const [mount, watched] of this.#mounts) {
      if (needed.has(mount)) continue;
      watched[Symbol.dispose]();
      this.#mounts.delete(mount);
    }
    const silent = [...needed.keys()].filter((mount) => !this.#watch(mount));
    this.#blind = silent.flatMap((mount) =>
      this.named(pointOf(mount)).map((path) => ({ path, why: 'silent' })),
    );
    return !silent.some((mount) => needed.get(mount));
  }

  /** Whether a mount is watched from now on. */
  #watch(mount: string): boolean {
    const point = Buffer.from(pointOf(mount), 'latin1');
    try {
      if (!this.#mounts.has(mount) && !kindOf(point).isSilent) this.#mounts.set(mount, new Fanotify(point));
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
    return this.#mounts.has(mount);
  }

  /** The paths below the roots by which what is at `real`, a path without symlinks, is known. */
  named(real: string): string[] {
    return [...this.#roots.values()].flatMap(({ path, real: root }) =>
      isWithin(real, root)
        ? [root === '/' ? inside(path, real.slice(1)) : path + real.slice(root.length)]
        : [],
    );
  }

  /** Takes what the kernel has to tell. */
  take(): ToldOfMounts {
    const changed = new Set<string>();
    const trees = new Set<string>();
    let isOverflown = false;
    const look = new Look(this.#rules, new Set(this.#roots.keys()));
    for (const mount of this.#mounts.values()) {
      const { directories, isOverflown: isCut } = drain(mount);
      const paths = pathsNow(mount, directories.keys());
      isOverflown ||= isCut || paths === undefined;
      for (const [directory, real] of paths ?? [])
        for (const path of this.named(real))
          for (const [name, mask] of directories.get(directory) ?? [])
            tell(look, { path, name, mask }, { changed, trees });
    }
    return { changed: [...changed], trees: [...trees], isOverflown };
  }

  [Symbol.dispose](): void {
    for (const mount of this.#mounts.values()) mount[Symbol.dispose]();
    this.#mounts.clear();
    this.#roots.clear();
  }

  /** The mounts below the roots, and those that roots lie on, which is said beside each. */
  #needed(): ReadonlyMap<string, boolean> {
    const mounts = [...mountPoints(readFileSync(mountInfoFile, 'latin1'))];
    const look = new Look(this.#rules, new Set(this.#roots.keys()));
    const isWanted = (mount: string): boolean =>
      this.named(pointOf(mount)).some((path) => !look.isLeftOut(path));
    const needed = new Map(mounts.filter(isWanted).map((mount) => [mount, false]));
    for (const { real } of this.#roots.values()) {
      const on = mounts.filter((mount) => isWithin(real, pointOf(mount)));
      // The last of those mounted at one place is what is seen there.
      const [nearest] = on.toReversed().toSorted((a, b) => pointOf(b).length - pointOf(a).length);
      if (nearest !== undefined) needed.set(nearest, true);
    }
    return needed;
  }
}

/** What has happened to something. */
interface Happening {
  /** Of the directory. */
  readonly path: string;
  readonly name: string;
  readonly mask: number;
}

function tell(
  look: Look,
  { path, name, mask }: Happening,
  { changed, trees }: { readonly changed: Set<string>; readonly trees: Set<string> },
): void {
  if (look.isLeftOut(path)) return;
  if (name === '.') {
    changed.add(path);
    return;
  }
  if (name === cacheTagName && (mask & ~(bit.attrib | bit.isDir)) !== 0) {
    changed.add(path);
    trees.add(path);
    return;
  }
  const child = inside(path, name);
  if (look.isCut(path) || look.isExcluded(child)) return;
  changed.add(child);
  if ((mask & bit.isDir) !== 0 && (mask & (bit.create | bit.movedTo)) !== 0) trees.add(child);
}

/** All that has happened by now, of each directory by its names. */
function drain(mount: Fanotify): {
  readonly directories: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly isOverflown: boolean;
} {
  const directories = new Map<string, Map<string, number>>();
  let isOverflown = false;
  let left = maxEvents;
  for (let events = mount.read(); events.length > 0; events = left > 0 ? mount.read() : []) {
    left -= events.length;
    for (const { mask, directory, name } of events) {
      isOverflown ||= (mask & bit.overflow) !== 0;
      const names = directories.get(directory) ?? new Map<string, number>();
      if (directory !== '') directories.set(directory, names.set(name, (names.get(name) ?? 0) | mask));
    }
  }
  return { directories, isOverflown };
}

/** A path without symlinks on its way, which its last component may be; undefined when it is not there. */
function realPath(path: string): string | undefined {
  if (path === '/') return path;
  try {
    const parent = realpathSync.native(asBuffer(Buffer.from(dirname(path), 'latin1')), 'latin1');
    return inside(parent, path.slice(path.lastIndexOf('/') + 1));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** Where directories are; undefined where the system does not tell. */
function pathsNow(
  mount: Fanotify,
  directories: Iterable<string>,
): ReturnType<Fanotify['pathsOf']> | undefined {
  try {
    return mount.pathsOf(directories);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** Where a mount is, of its number and that. */
function pointOf(mount: string): string {
  return mount.slice(mount.indexOf(' ') + 1);
}

/** What of the directories as they are now a backup leaves out; each is looked at once. */
class Look {
  readonly #rules: IgnoreRules;
  readonly #roots: ReadonlySet<string>;
  readonly #leftOut = new Map<string, boolean>();
  readonly #cut = new Map<string, boolean>();

  constructor(rules: IgnoreRules, roots: ReadonlySet<string>) {
    this.#rules = rules;
    this.#roots = roots;
  }

  /** Whether a directory is, or one that it is in. */
  isLeftOut(path: string): boolean {
    const known = this.#leftOut.get(path);
    if (known !== undefined) return known;
    const parent = path.slice(0, Math.max(1, path.lastIndexOf('/')));
    const isBelow = !this.#roots.has(path) && path !== '/';
    const isOut =
      this.isExcluded(path) ||
      this.#isForbidden(path) ||
      (isBelow && (this.isLeftOut(parent) || this.isCut(parent)));
    this.#leftOut.set(path, isOut);
    return isOut;
  }

  isExcluded(path: string): boolean {
    if (!this.#rules.hasPatterns) return false;
    const components = path.split('/').filter((name) => name !== '');
    return this.#rules.isExcluded(components.map((name) => pathText(Buffer.from(name, 'latin1'))));
  }

  /** Whether a file in a directory says that the rest of it is left out. What was named is whole. */
  isCut(path: string): boolean {
    if (this.#roots.has(path)) return false;
    const names = [Buffer.from(cacheTagName)];
    const isCut = this.#cut.get(path) ?? this.#rules.kept(Buffer.from(path, 'latin1'), names) !== names;
    this.#cut.set(path, isCut);
    return isCut;
  }

  #isForbidden(path: string): boolean {
    try {
      return this.#rules.isForbidden(lstat(Buffer.from(path, 'latin1')));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return false;
    }
  }
}

function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

function inside(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}
