import type { Bytes } from '../../base/index.ts';
import {
  PartReader,
  type Repository,
  type SnapshotFilter,
  type StoredSnapshot,
  type TreeNode,
} from '../../repository/index.ts';
import { MadeFolder, type MadeItem } from './made-folder.ts';
import { SavedFolder, TreeKeeper } from './saved-folder.ts';
import { SnapshotList } from './snapshot-list.ts';
import { inodeOf, type ViewFolder } from './view.ts';

/** How a repository is looked at. */
export interface ViewOptions {
  readonly filter: SnapshotFilter;
  readonly signal: AbortSignal;
  /** Told why new snapshots could not be looked for; those that are known stay. */
  readonly onProblem: (error: unknown) => void;
}

/** A repository as files and folders. */
export interface View {
  readonly root: ViewFolder;
  /** What the root itself is. */
  readonly node: TreeNode;
  readonly content: PartReader;
}

/** The number of the root, as FUSE has it. */
const rootInode = 1;

/**
 * Looks at a repository as files and folders, by id, by time, by host and by tag, as restic lays them out:
 * `ids/1f2e3d4c`, `snapshots/2027-02-28T12:00:00+01:00`, `hosts/HOST/…`, `tags/TAG/…`; where there are times, `latest`
 * leads to the last one. What comes meanwhile is seen within seconds.
 */
export async function openView(repository: Repository, options: ViewOptions): Promise<View> {
  const { signal } = options;
  const content = await PartReader.open(repository, signal);
  const list = await SnapshotList.open(repository, { ...options, onNew: () => content.reload() });
  const trees = new TreeKeeper(repository, signal);
  const root = new LaidOut(list, trees).root();
  return { root, node: folderNode(BigInt(repository.clock.now()) * 1_000_000n), content };
}

type Snapshots = readonly StoredSnapshot[];

/** Puts snapshots into folders. */
class LaidOut {
  readonly #list: SnapshotList;
  readonly #trees: TreeKeeper;

  constructor(list: SnapshotList, trees: TreeKeeper) {
    this.#list = list;
    this.#trees = trees;
  }

  root(): ViewFolder {
    const folders: Readonly<Record<string, (all: Snapshots) => readonly MadeItem[]>> = {
      ids: (all) => this.#byId(all),
      snapshots: (all) => this.#byTime(all),
      hosts: this.#groups(({ hostname }) => (hostname === undefined ? [] : [hostname])),
      tags: this.#groups(({ tags = [] }) => tags),
    };
    return new MadeFolder(
      rootInode,
      this.#derived((all) =>
        Object.entries(folders).map(([name, items]) => ({
          name,
          node: folderNode(newest(all)),
          open: (inode) => new MadeFolder(inode, this.#derived(items)),
        })),
      ),
    );
  }

  /** What `make` makes of the snapshots, made again when they have changed. */
  #derived(make: (all: Snapshots) => readonly MadeItem[]): () => Promise<readonly MadeItem[]> {
    const made = remembering(make);
    return async () => made(await this.#list.current());
  }

  #byId(all: Snapshots): MadeItem[] {
    const short = ({ id }: StoredSnapshot): string => id.slice(0, 8);
    const counts = Map.groupBy(all, short);
    return all.map((each) =>
      this.#snapshot((counts.get(short(each))?.length ?? 0) > 1 ? each.id : short(each), each),
    );
  }

  #byTime(all: Snapshots): MadeItem[] {
    const names = new Names();
    const items = all.map((each) => this.#snapshot(names.take(timeName(each)), each));
    const last = items.at(-1);
    return last === undefined ? [] : [...items, linkTo(last)];
  }

  #groups(groupsOf: (snapshot: StoredSnapshot) => readonly string[]): (all: Snapshots) => MadeItem[] {
    const grouped = remembering((all: Snapshots) => group(all, groupsOf));
    return (all) =>
      [...grouped(all)].map(([name, those]) => ({
        name,
        node: folderNode(newest(those)),
        open: (inode) =>
          new MadeFolder(
            inode,
            this.#derived((now) => this.#byTime(grouped(now).get(name) ?? [])),
          ),
      }));
  }

  #snapshot(name: string, { id, tree, timeNs }: StoredSnapshot): MadeItem {
    const links = inodeOf(0, Buffer.from(id));
    return {
      name,
      node: folderNode(timeNs),
      open: (inode) => new SavedFolder(this.#trees, tree, { inode, links }),
    };
  }
}

/** `make`, which is not done again for what it was last done for. */
function remembering<From, Made>(make: (from: From) => Made): (from: From) => Made {
  let last: { readonly from: From; readonly made: Made } | undefined;
  return (from) => {
    if (last?.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}

/** Snapshots by the names of their groups. */
function group(
  all: Snapshots,
  groupsOf: (snapshot: StoredSnapshot) => readonly string[],
): ReadonlyMap<string, StoredSnapshot[]> {
  const groups = new Map<string, StoredSnapshot[]>();
  for (const snapshot of all)
    for (const name of new Set(groupsOf(snapshot).map(fileName))) add(groups, name, snapshot);
  return groups;
}

function add(groups: Map<string, StoredSnapshot[]>, name: string, snapshot: StoredSnapshot): void {
  const there = groups.get(name);
  if (there === undefined) groups.set(name, [snapshot]);
  else there.push(snapshot);
}

/** Gives names that are taken a number: `-1`, `-2`. */
class Names {
  readonly #taken = new Map<string, number>();

  take(name: string): string {
    const count = this.#taken.get(name) ?? 0;
    this.#taken.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  }
}

function newest(snapshots: Snapshots): bigint {
  return snapshots.at(-1)?.timeNs ?? 0n;
}

/** When a snapshot was made, by the clock of its machine: `2027-02-28T12:00:00+01:00`. */
function timeName({ timeNs, zoneMinutes = -new Date().getTimezoneOffset() }: StoredSnapshot): string {
  const ms = Number(timeNs / 1_000_000n) + zoneMinutes * 60_000;
  const local = new Date(ms).toISOString().slice(0, -'.000Z'.length);
  if (zoneMinutes === 0) return `${local}Z`;
  const [hours, minutes] = [Math.floor(Math.abs(zoneMinutes) / 60), Math.abs(zoneMinutes) % 60];
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${local}${zoneMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
}

const maxNameBytes = 200;

/** A word that somebody chose, as a name that files can have. */
function fileName(word: string): string {
  const name = word.replaceAll(/[/\0]/g, '_');
  if (name === '' || name === '.' || name === '..') return name.replaceAll('.', '_') || '_';
  let short = name;
  while (Buffer.byteLength(short) > maxNameBytes) short = short.slice(0, -1);
  return short.toWellFormed();
}

const noBytes: Bytes = Buffer.alloc(0);

function folderNode(timeNs: bigint): TreeNode {
  return madeNode({ type: 'dir', mode: 0o555, timeNs });
}

/** A link, into which those can look who know of none. */
function linkTo({ name, node, open }: MadeItem): MadeItem {
  const link = madeNode({ type: 'symlink', mode: 0o777, timeNs: node.mtimeNs });
  return {
    name: 'latest',
    node: { ...link, linkTarget: Buffer.from(name), size: name.length },
    ...(open && { open }),
  };
}

/** What nobody has saved is of whoever looks at it. */
function madeNode({
  type,
  mode,
  timeNs,
}: Pick<TreeNode, 'type' | 'mode'> & { readonly timeNs: bigint }): TreeNode {
  return {
    name: noBytes,
    type,
    mode,
    mtimeNs: timeNs,
    atimeNs: timeNs,
    ctimeNs: timeNs,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    inode: 0n,
    deviceId: 0n,
    device: 0n,
    size: 0,
    links: 1,
  };
}
