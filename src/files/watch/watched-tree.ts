import { lstatSync, readdirSync } from 'node:fs';
import {
  asBuffer,
  type Bytes,
  isSystemError,
  minuteMs,
  secondMs,
  systemErrorCode,
} from '../../base/index.ts';
import { lstat } from '../file-stat.ts';
import { IgnoreRules } from '../ignore-rules.ts';
import { joinPath, pathText } from '../raw-path.ts';
import { planRoots, type RootPlan } from '../walk.ts';
import { type FileSystemKind, kindOf } from './file-system-kind.ts';
import { inotifyBit as bit, Inotify, type InotifyEvent } from './inotify.ts';
import type { GapPlace, WatchGap, WatchOptions, WatchReport } from './watch-messages.ts';
import { WatchedMounts } from './watched-mounts.ts';

/** A directory that is watched. */
interface Dir {
  readonly name: string;
  /** Undefined for `/`. */
  readonly parent: Dir | undefined;
  readonly watch: number;
  /** Where it leads to the roots and no further. */
  readonly plan: RootPlan | undefined;
  /** By their names, those in it that are watched. */
  below: Map<string, Dir> | undefined;
  /** Whether a file in it says that the rest of it is left out; undefined until somebody asked. */
  isCut: boolean | undefined;
  /** Another path to the same directory, by a bind mount. */
  also: Dir | undefined;
}

/** A directory that is to be watched. */
interface Candidate {
  readonly name: string;
  readonly path: string;
  readonly parent: Dir | undefined;
  readonly plan: RootPlan | undefined;
  /** Of the directory it is in, where that is on no way. */
  readonly on: FileSystem | undefined;
}

/** What is known of a file system by its number. */
interface FileSystem extends FileSystemKind {
  readonly device: number;
}

const usualMask =
  bit.modify | bit.attrib | bit.closeWrite | bit.movedFrom | bit.movedTo | bit.create | bit.delete;
/** Of a directory on the way to the roots: much happens in `/tmp` that is nobody's business here. */
const wayMask = bit.movedFrom | bit.movedTo | bit.create | bit.delete;
const whatIsThere = bit.onlyDir | bit.exclUnlink;
/** Of a root whose file system is watched: that it went away is known by its parent. */
const rootMask = bit.moveSelf | bit.onlyDir | bit.dontFollow;

/** Events are taken from the kernel while directories are looked at, each so many of them, so that its queue does not fill. */
const drainEvery = 256;
/** So many events wait at most for what they are about. */
const maxPending = 2 ** 18;
/** So long after it was begun anew it is not again, and so many times as long as that took. */
const shortestRestMs = secondMs;
const restFactor = 3;
/** The same where file systems are watched, much of whose business may be nobody's here. */
const restOfMountsMs = minuteMs;
/** From so many directories on their file systems are watched: each by itself costs memory of the kernel and of this process. */
const usualMaxDirectories = 2 ** 17;
/** So many blind places are told apart. */
const maxBlind = 64;

/**
 * Watches directories with all that is in them, as a backup of `paths` would find them. Whatever the kernel cannot tell, it says of itself:
 * a place where that is so is looked at anew, and reported as one of which anything may have changed. A directory that comes is watched first
 * and looked into then, so that nothing in it is missed; a renamed one goes and comes, whether or not both halves are seen.
 */
export class WatchedTree implements Disposable {
  readonly #id: string;
  readonly #rules: IgnoreRules;
  readonly #roots: RootPlan;
  readonly #maxDirectories: number;
  /** Whether file systems may be watched, as far as is known. */
  #mayWatchMounts = true;
  /** What is below the roots, where that is too much to be watched one by one. */
  #mounts: WatchedMounts | undefined;
  /** That it is. */
  #isCrowded = false;
  #inotify: Inotify | undefined;
  #byWatch = new Map<number, Dir>();
  #top: Dir | undefined;
  #directories = 0;
  readonly #pending: InotifyEvent[] = [];
  #isOverflown = false;
  /** When it may be begun anew, as `performance.now()` counts; what changes faster than it can be watched is not looked at all the time. */
  #restsUntilMs = 0;
  readonly #blind = new Map<string, WatchGap>();
  readonly #changed = new Set<string>();
  readonly #trees = new Set<string>();
  readonly #gaps = new Map<string, GapPlace>();
  #isWhole = false;
  #isToldOf = false;

  /** @throws as `IgnoreRules` does */
  constructor(id: string, options: WatchOptions) {
    this.#id = id;
    this.#rules = new IgnoreRules(options);
    this.#roots = planRoots(options.paths);
    this.#maxDirectories = options.maxDirectories ?? usualMaxDirectories;
  }

  /** What the kernel tells of; none where it cannot. */
  get handles(): readonly number[] {
    const own = this.#inotify === undefined ? [] : [this.#inotify.handle];
    return [...own, ...(this.#mounts?.handles ?? [])];
  }

  /** Milliseconds until {@link take} has something to do though the kernel tells nothing; undefined when it has not. */
  get waitMs(): number | undefined {
    if (this.#isOverflown) return Math.max(0, this.#restsUntilMs - performance.now());
    return this.#pending.length > 0 ? 0 : undefined;
  }

  /** Watches everything, from scratch. Of what was before, anything may have changed. */
  open(): void {
    const begunMs = performance.now();
    this.#openAll();
    const endedMs = performance.now();
    const shortestMs = this.#mounts === undefined ? shortestRestMs : restOfMountsMs;
    this.#restsUntilMs = endedMs + Math.max(shortestMs, restFactor * (endedMs - begunMs));
  }

  #openAll(): void {
    const isByMounts = this.#mounts !== undefined || this.#isCrowded;
    this.#openBy(isByMounts && this.#mayWatchMounts ? new WatchedMounts(this.#rules) : undefined);
    if (this.#isCrowded && this.#mayWatchMounts) this.#openBy(new WatchedMounts(this.#rules));
    // Their file systems cannot be watched after all.
    if (this.#isCrowded) this.#openBy(undefined);
  }

  #openBy(mounts: WatchedMounts | undefined): void {
    this.close();
    this.#mounts = mounts;
    this.#isWhole = true;
    try {
      this.#inotify = new Inotify();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#setBlind('/', 'limit');
      return;
    }
    this.#enterAll({ name: '', path: '/', parent: undefined, plan: this.#way(this.#roots), on: undefined });
  }

  close(): void {
    this.#inotify?.[Symbol.dispose]();
    this.#inotify = undefined;
    this.#byWatch = new Map();
    this.#top = undefined;
    this.#directories = 0;
    this.#pending.length = 0;
    this.#isOverflown = false;
    this.#isCrowded = false;
    this.#blind.clear();
    this.#mounts?.[Symbol.dispose]();
    this.#mounts = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes what the kernel has to tell; what it could not is looked at anew. */
  take(): void {
    this.#drain();
    // More may come while directories are looked at.
    for (let at = 0; at < this.#pending.length && !this.#isOverflown; at++) {
      const event = this.#pending[at];
      if (event !== undefined) this.#takeEvent(event);
    }
    this.#pending.length = 0;
    this.#takeFromMounts();
    if (this.#isCrowded) return this.open();
    if (!this.#isOverflown || performance.now() < this.#restsUntilMs) return;
    this.open();
    this.#gap('/', 'overflow');
  }

  #takeFromMounts(): void {
    if (this.#mounts === undefined) return;
    const { changed, trees, isOverflown } = this.#mounts.take();
    for (const path of changed) this.#changed.add(path);
    for (const path of trees) this.#trees.add(path);
    this.#isOverflown ||= isOverflown;
  }

  /** Something else is mounted at `path`, or nothing any more. */
  remount(path: string): void {
    if (this.#mounts !== undefined) this.#remountIn(this.#mounts, path);
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    let dir = this.#top;
    for (const name of names) dir = dir?.below?.get(name);
    if (dir === undefined || last === undefined) return;
    if (dir.plan === undefined ? this.#mounts !== undefined : !dir.plan.below.has(last)) return;
    this.#again(dir, last, 'mount');
  }

  #remountIn(mounts: WatchedMounts, point: string): void {
    const paths = mounts.named(point);
    if (paths.length === 0) return;
    this.#goOnByMounts(mounts.refresh());
    for (const path of paths) {
      this.#trees.add(path);
      this.#gap(path, 'mount');
    }
  }

  get #mayGoOverToMounts(): boolean {
    return this.#mayWatchMounts && this.#mounts === undefined;
  }

  /** What cannot be watched by its file system is watched from scratch, one by one. */
  #goOnByMounts(canWatch: boolean): void {
    if (canWatch) return;
    this.#mayWatchMounts = false;
    this.#isCrowded = true;
  }

  /** What has happened since the last report; undefined when nothing has. */
  report(): WatchReport | undefined {
    if (!this.#isToldOf && !this.#isWhole && this.#changed.size + this.#trees.size === 0) return undefined;
    const report = {
      id: this.#id,
      changed: [...this.#changed],
      trees: [...this.#trees],
      isWhole: this.#isWhole,
      gaps: [...this.#gaps.values()],
      blind: [...[...this.#blind].map(([path, why]) => ({ path, why })), ...(this.#mounts?.blind ?? [])],
      directories: this.#directories,
      fileSystems: this.#mounts?.size ?? 0,
    };
    this.#changed.clear();
    this.#trees.clear();
    this.#gaps.clear();
    this.#isWhole = false;
    this.#isToldOf = false;
    return report;
  }

  #drain(): void {
    const inotify = this.#inotify;
    if (inotify === undefined) return;
    for (let events = inotify.read(); events.length > 0; events = inotify.read()) {
      for (const event of events) {
        this.#isOverflown ||= (event.mask & bit.overflow) !== 0 || this.#pending.length >= maxPending;
        if (!this.#isOverflown) this.#pending.push(event);
      }
    }
  }

  #takeEvent({ watch, mask, name }: InotifyEvent): void {
    for (
      let dir = this.#byWatch.get(watch), next = dir?.also;
      dir !== undefined;
      dir = next, next = dir?.also
    )
      this.#happened(dir, mask, name);
  }

  #happened(dir: Dir, mask: number, name: string): void {
    if ((mask & bit.ignored) !== 0) this.#lose(dir);
    else if ((mask & bit.unmount) !== 0) this.#gap(pathOf(dir), 'mount');
    else if (name === '') this.#change(dir.parent, dir.name);
    else if (dir.plan !== undefined) {
      if (dir.plan.below.has(name)) this.#again(dir, name);
    } else if (name === cacheTagName && (mask & bit.attrib) === 0) this.#lookAgain(dir);
    else if (this.#isCut(dir)) return;
    else if ((mask & bit.isDir) === 0) this.#change(dir, name);
    else this.#directoryHappened(dir, mask, name);
  }

  #directoryHappened(dir: Dir, mask: number, name: string): void {
    if ((mask & (bit.create | bit.movedTo)) !== 0) return this.#again(dir, name);
    if ((mask & (bit.delete | bit.movedFrom)) !== 0) this.#dropAt(dir, name);
    // One that could not be looked into may be one that can.
    else if (dir.below?.has(name) !== true) return this.#again(dir, name);
    this.#change(dir, name);
  }

  /** A file that says of its directory what is kept of it came or went. */
  #lookAgain(dir: Dir): void {
    if (dir.parent === undefined) this.#isOverflown = true;
    else this.#again(dir.parent, dir.name);
  }

  /** The kernel has forgotten a directory: it is gone, or its file system is, or it is watched by its other path. */
  #lose(dir: Dir): void {
    if (dir.parent === undefined) return;
    if (dir.parent.below?.get(dir.name) === dir) this.#dropAt(dir.parent, dir.name);
    this.#change(dir.parent, dir.name);
  }

  /** What is called `name` is another one: it is watched from scratch, and anything in it may have changed. */
  #again(parent: Dir, name: string, why?: WatchGap): void {
    this.#dropAt(parent, name);
    const plan = parent.plan?.below.get(name);
    const path = childPath(parent, name);
    this.#change(parent, name);
    this.#trees.add(path);
    if (why !== undefined) this.#gap(path, why);
    this.#enterAll({ name, path, parent, plan: this.#way(plan), on: undefined });
  }

  /** Where it leads to the roots; not in one of them. */
  #way(plan: RootPlan | undefined): RootPlan | undefined {
    return plan?.whole === true ? undefined : plan;
  }

  #change(dir: Dir | undefined, name: string): void {
    if (dir === undefined) return;
    const path = childPath(dir, name);
    if (dir.plan === undefined && this.#isExcluded(path)) return;
    this.#changed.add(path);
  }

  #gap(path: string, why: WatchGap): void {
    this.#gaps.set(path, { path, why });
    this.#isToldOf = true;
  }

  #setBlind(path: string, why: WatchGap): void {
    this.#isToldOf = true;
    if (this.#blind.size < maxBlind) this.#blind.set(path, why);
    else this.#blind.set('/', why);
  }

  #enterAll(first: Candidate): void {
    const candidates = [first];
    for (let count = 1, next = candidates.pop(); next !== undefined; next = candidates.pop(), count++) {
      if (count % drainEvery === 0) this.#drain();
      // What is not watched to its end is begun anew.
      if (this.#isOverflown || this.#isCrowded) return;
      for (const found of this.#enter(next)) candidates.push(found);
    }
  }

  /** Watches a directory, and gives those in it. */
  #enter(candidate: Candidate): Iterable<Candidate> {
    const { parent, name, plan, path } = candidate;
    const raw = Buffer.from(path, 'latin1');
    if (plan === undefined && this.#isExcluded(path)) return [];
    const isByMount = plan === undefined && this.#mounts !== undefined;
    try {
      const watch = this.#inotify?.add(raw, isByMount ? rootMask : maskOf(raw, plan)) ?? -1;
      const dir = this.#keep({
        name,
        parent,
        watch,
        plan,
        below: undefined,
        isCut: undefined,
        also: undefined,
      });
      if (isByMount) {
        this.#goOnByMounts(this.#mounts?.add(path) ?? true);
        return [];
      }
      this.#isCrowded ||= this.#mayGoOverToMounts && this.#directories > this.#maxDirectories;
      return plan === undefined ? this.#look(dir, raw, candidate) : this.#along(dir, plan, path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (isLimit(error) && this.#mayGoOverToMounts) this.#isCrowded = true;
      else if (isLimit(error)) this.#setBlind(path, 'limit');
      return [];
    }
  }

  /** What leads on from a directory on the way. */
  *#along(dir: Dir, { below }: RootPlan, path: string): Iterable<Candidate> {
    for (const [name, plan] of below)
      yield { name, path: inside(path, name), parent: dir, plan: this.#way(plan), on: undefined };
  }

  /** Looks into a directory that is watched by now: what comes into it later is told. */
  #look(dir: Dir, raw: Bytes, { path, on }: Candidate): readonly Candidate[] {
    const { dev, ino, nlink } = lstatSync(asBuffer(raw));
    if (this.#rules.isForbidden({ device: BigInt(dev), inode: BigInt(ino) })) {
      this.#forget(dir);
      dir.parent?.below?.delete(dir.name);
      return [];
    }
    const here = on?.device === dev ? on : { device: dev, ...kindOf(raw) };
    if (here !== on && here.isSilent) this.#setBlind(path, 'silent');
    if (here.countsDirectories && nlink === linksOfLeaf) return [];
    return this.#directoriesIn(dir, raw).map((name) => ({
      name,
      path: inside(path, name),
      parent: dir,
      plan: undefined,
      on: here,
    }));
  }

  #keep(dir: Dir): Dir {
    const other = this.#byWatch.get(dir.watch);
    dir.also = other;
    this.#byWatch.set(dir.watch, dir);
    if (dir.parent === undefined) this.#top = dir;
    else {
      dir.parent.below ??= new Map();
      dir.parent.below.set(dir.name, dir);
    }
    this.#directories++;
    return dir;
  }

  #directoriesIn(dir: Dir, path: Bytes): readonly string[] {
    try {
      const found = readdirSync(asBuffer(path), { withFileTypes: true, encoding: 'latin1' });
      const isTagged = found.some(({ name }) => name === cacheTagName);
      if (isTagged && this.#isCut(dir)) return [];
      return found.filter((each) => each.isDirectory()).map(({ name }) => name);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return [];
    }
  }

  /** What was named is whole though it be a cache. */
  #isCut(dir: Dir): boolean {
    const isRoot = dir.parent === undefined || dir.parent.plan !== undefined;
    const names = [Buffer.from(cacheTagName)];
    dir.isCut ??= !isRoot && this.#rules.kept(Buffer.from(pathOf(dir), 'latin1'), names) !== names;
    return dir.isCut;
  }

  #dropAt(parent: Dir, name: string): void {
    const dropped = parent.below?.get(name);
    this.#seeUnder(childPath(parent, name));
    if (dropped === undefined) return;
    parent.below?.delete(name);
    const going = [dropped];
    for (let dir = going.pop(); dir !== undefined; dir = going.pop()) {
      this.#forget(dir);
      if (dir.below !== undefined) going.push(...dir.below.values());
    }
  }

  #forget(dir: Dir): void {
    this.#directories--;
    this.#goOnByMounts(this.#mounts?.remove(pathOf(dir)) ?? true);
    const first = this.#byWatch.get(dir.watch);
    if (first === dir && dir.also === undefined) {
      this.#byWatch.delete(dir.watch);
      this.#inotify?.remove(dir.watch);
    } else if (first === dir && dir.also !== undefined) this.#byWatch.set(dir.watch, dir.also);
    else {
      for (let each = first; each !== undefined; each = each.also)
        if (each.also === dir) each.also = dir.also;
    }
  }

  /** What lies there and cannot be seen is looked at anew. */
  #seeUnder(path: string): void {
    for (const blind of this.#blind.keys())
      if (blind === path || blind.startsWith(`${path}/`)) this.#blind.delete(blind);
  }

  #isExcluded(path: string): boolean {
    if (!this.#rules.hasPatterns) return false;
    const components = path.split('/').filter((name) => name !== '');
    return this.#rules.isExcluded(components.map((name) => pathText(Buffer.from(name, 'latin1'))));
  }
}

/** Of a directory that counts those in it: its name, and its own. */
const linksOfLeaf = 2;
const cacheTagName = 'CACHEDIR.TAG';

function maskOf(path: Bytes, plan: RootPlan | undefined): number {
  if (plan === undefined) return usualMask | whatIsThere | bit.dontFollow;
  // What is written into a file that was named shows in its directory.
  const mayHoldFile = plan.below.entries().some(([name, { whole }]) => whole && !isDirectory(path, name));
  return (mayHoldFile ? usualMask : wayMask) | whatIsThere;
}

function isDirectory(path: Bytes, name: string): boolean {
  try {
    return lstat(joinPath(path, Buffer.from(name, 'latin1'))).kind === 'dir';
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

/** More are not allowed, or there is no memory for more (inotify_add_watch(2)). */
function isLimit(error: unknown): boolean {
  return ['ENOSPC', 'ENOMEM', 'EMFILE', 'ENFILE'].includes(systemErrorCode(error) ?? '');
}

function childPath(dir: Dir, name: string): string {
  return inside(pathOf(dir), name);
}

function inside(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}

/** Raw, as latin1. */
function pathOf(dir: Dir): string {
  const names: string[] = [];
  for (let each: Dir | undefined = dir; each?.parent !== undefined; each = each.parent) names.push(each.name);
  return `/${names.reverse().join('/')}`;
}
