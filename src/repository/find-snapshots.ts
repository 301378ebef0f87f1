import { HoldfastError } from '../base/index.ts';
import { textPath } from '../files/index.ts';
import type { ObjectId, ObjectInfo } from '../storage/index.ts';
import { type TreeReader, treeAtPath } from './node-at-path.ts';
import { describeFilter, matchesFilter, type SnapshotFilter } from './snapshot-filter.ts';
import {
  loadSnapshot,
  loadSnapshots,
  type SnapshotListOptions,
  type StoredSnapshot,
} from './stored-snapshots.ts';
import type { UnpackedStore } from './unpacked-store.ts';

const snapshotsHint = 'holdfast snapshots lists them';

/**
 * What names one snapshot: `latest`, `latest~2` (two before the newest), or the first digits of an id; and behind a colon, where
 * that is wanted, a folder in it: `latest:/home/ann`.
 */
export interface SnapshotName {
  readonly snapshot:
    | { readonly kind: 'latest'; readonly back: number }
    | { readonly kind: 'id'; readonly prefix: string };
  /** As it was said, in text; undefined for all of the snapshot. */
  readonly folder: string | undefined;
}

/** Reads the name of a snapshot. @throws HoldfastError `snapshot_not_found` for what can be none */
export function parseSnapshotName(text: string): SnapshotName {
  const colon = text.indexOf(':');
  const word = colon < 0 ? text : text.slice(0, colon);
  const folder = colon < 0 ? undefined : text.slice(colon + 1);
  const back = /^latest(?:~(\d{1,9}))?$/.exec(word);
  if (back) return { snapshot: { kind: 'latest', back: Number(back[1] ?? 0) }, folder };
  if (/^[0-9a-f]{1,64}$/.test(word)) return { snapshot: { kind: 'id', prefix: word }, folder };
  throw new HoldfastError('snapshot_not_found', `no snapshot is called ${shown(text)}`, {
    hint: `expected the first digits of an id, latest or latest~2; ${snapshotsHint}`,
  });
}

type FindOptions = SnapshotFilter & SnapshotListOptions;

/**
 * The snapshots that `names` stand for, each once, in the order of `names`; `latest` counts among those that the filter lets
 * through. Without names all that it lets through, the oldest first.
 *
 * @throws HoldfastError `snapshot_not_found` or `snapshot_ambiguous` when there is none or more than one for a name; `usage` when
 *   one names a folder
 */
export async function findSnapshots(
  files: UnpackedStore,
  names: readonly string[],
  options: FindOptions,
): Promise<StoredSnapshot[]> {
  const words = names.map(wholeSnapshot);
  if (words.length === 0) return (await loadFiltered(files, options)).chosen;
  const finder = new SnapshotFinder(files, options);
  const found = new Map<ObjectId, StoredSnapshot>();
  for (const word of words) {
    const snapshot = await finder.find(word);
    found.set(snapshot.id, snapshot);
  }
  return [...found.values()];
}

/** A folder of a snapshot: a snapshot whose tree is that of the folder. */
export interface SnapshotFolder extends StoredSnapshot {
  /** Which folder it is, absolute and raw, where one was named. */
  readonly folder?: Uint8Array;
}

/**
 * The snapshot of one name as {@link findSnapshots}, and behind a colon a folder in it. Its `tree` is then the folder's, and its `paths` are none: what is
 * in it stands below `/`. `path_not_found` when there is no such folder.
 */
export async function findSnapshotFolder(
  files: UnpackedStore,
  readTree: TreeReader,
  { name, ...options }: FindOptions & { readonly name: string },
): Promise<SnapshotFolder> {
  const { folder, snapshot: word } = parseSnapshotName(name);
  const snapshot = await new SnapshotFinder(files, options).find(word);
  if (folder === undefined) return snapshot;
  const path = textPath(folder);
  const tree = await treeAtPath(readTree, snapshot.tree, path);
  return { ...snapshot, tree, paths: [], folder: path };
}

function wholeSnapshot(name: string): SnapshotName['snapshot'] {
  const { snapshot, folder } = parseSnapshotName(name);
  if (folder === undefined) return snapshot;
  throw new HoldfastError('usage', `${shown(name)} names a folder, expected a whole snapshot`, {
    hint: 'leave out the colon and what is behind it',
  });
}

/** Finds snapshots by their names, and lists them once. */
class SnapshotFinder {
  readonly #files: UnpackedStore;
  readonly #options: FindOptions;
  #all: Promise<Filtered> | undefined;
  #infos: Promise<readonly ObjectInfo[]> | undefined;

  constructor(files: UnpackedStore, options: FindOptions) {
    this.#files = files;
    this.#options = options;
  }

  async find(word: SnapshotName['snapshot']): Promise<StoredSnapshot> {
    const cancel = this.#options.signal && { signal: this.#options.signal };
    if (word.kind === 'latest') {
      this.#all ??= loadFiltered(this.#files, this.#options);
      return latest(await this.#all, word.back, this.#options);
    }
    this.#infos ??= this.#files.list('snapshots', cancel);
    return loadSnapshot(this.#files, idOf(word.prefix, await this.#infos), cancel);
  }
}

interface Filtered {
  /** Before the filter. */
  readonly count: number;
  readonly chosen: StoredSnapshot[];
}

/** Of what the filter leaves out, nothing is said. */
async function loadFiltered(files: UnpackedStore, options: FindOptions): Promise<Filtered> {
  const onFuture = (snapshot: StoredSnapshot): void => {
    if (matchesFilter(snapshot, options)) options.onFuture?.(snapshot);
  };
  const all = await loadSnapshots(files, { ...options, onFuture });
  return { count: all.length, chosen: all.filter((snapshot) => matchesFilter(snapshot, options)) };
}

function latest({ count, chosen }: Filtered, back: number, filter: SnapshotFilter): StoredSnapshot {
  const found = chosen.at(-1 - back);
  if (found) return found;
  const of = describeFilter(filter);
  const message =
    count === 0
      ? 'there is no snapshot yet'
      : chosen.length === 0
        ? `no snapshot${of} is there`
        : `latest~${back} is before the first of ${chosen.length} ${chosen.length === 1 ? 'snapshot' : 'snapshots'}${of}`;
  throw new HoldfastError('snapshot_not_found', message, { hint: snapshotsHint });
}

function idOf(prefix: string, infos: readonly { readonly name: ObjectId }[]): ObjectId {
  const [found, ...others] = infos.filter((info) => info.name.startsWith(prefix));
  if (!found) {
    throw new HoldfastError('snapshot_not_found', `no snapshot begins with ${shown(prefix)}`, {
      hint: snapshotsHint,
    });
  }
  if (others.length === 0) return found.name;
  const message = `${others.length + 1} snapshots begin with ${shown(prefix)}`;
  throw new HoldfastError('snapshot_ambiguous', message, { hint: `give more digits; ${snapshotsHint}` });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
