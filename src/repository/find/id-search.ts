import { HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { TreeEntry } from '../format/tree-entry.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { EntriesOptions } from '../tree-entries.ts';
import { findFiles, type Search } from './find-files.ts';

/** What can be looked for by its id: pieces of files, directories, or all that is in a pack. */
export type IdKind = 'blob' | 'tree' | 'pack';

/** One of those that are looked for. */
interface WantedBlob {
  readonly kind: 'blob' | 'tree';
  readonly id: BlobId;
  readonly packs: readonly ObjectId[];
}

/** Looks for the files and directories that blobs are of. */
class IdSearch implements Search {
  readonly #wanted: ReadonlyMap<string, WantedBlob>;

  constructor(wanted: readonly WantedBlob[]) {
    this.#wanted = new Map(wanted.map((blob) => [keyOf(blob.kind, blob.id), blob]));
  }

  placeOf(): string {
    return '';
  }

  look(entry: TreeEntry): { isMeant: boolean; mayBeBelow: boolean } {
    return { isMeant: this.#isWanted(entry), mayBeBelow: true };
  }

  isMeant(node: TreeNode): boolean {
    return this.wantedIn(node).length > 0;
  }

  /** Those that a node has, each once. */
  wantedIn({ subtree, content = [] }: Pick<TreeNode, 'subtree' | 'content'>): readonly WantedBlob[] {
    const keys = [
      ...(subtree === undefined ? [] : [keyOf('tree', subtree)]),
      ...content.map((id) => keyOf('blob', id)),
    ];
    return [...new Set(keys)].flatMap((key) => this.#wanted.get(key) ?? []);
  }

  #isWanted({ subtree, content }: TreeEntry): boolean {
    if (subtree !== undefined) return this.#wanted.has(keyOf('tree', subtree));
    return content.some((id) => this.#wanted.has(keyOf('blob', id)));
  }
}

function keyOf(kind: WantedBlob['kind'], id: BlobId): string {
  return `${kind} ${id}`;
}

/**
 * What is stored whose ids begin with one of `prefixes`; of a pack all that is in it. `object_not_found`, naming it, for a
 * prefix that none begins with.
 */
function blobsBeginning(index: BlobIndex, kind: IdKind, prefixes: readonly string[]): readonly WantedBlob[] {
  return prefixes.flatMap((prefix) => {
    const slots = kind === 'pack' ? slotsInPacks(index, prefix) : slotsBeginning(index, kind, prefix);
    if (slots.length === 0) {
      throw new HoldfastError('object_not_found', `no ${kind} begins with ${JSON.stringify(prefix)}`, {
        hint: 'give the first digits of an id; holdfast check names those of what is damaged',
      });
    }
    return slots.map((slot) => wantedAt(index, slot));
  });
}

function slotsInPacks(index: BlobIndex, prefix: string): number[] {
  const packs = new Set<number>();
  for (let pack = 0; pack < index.packCount; pack++)
    if (index.packAt(pack).startsWith(prefix)) packs.add(pack);
  return slotsWhere(index, (slot) => packs.has(index.packNumberAt(slot)));
}

function slotsBeginning(index: BlobIndex, kind: 'blob' | 'tree', prefix: string): number[] {
  const { ids } = index;
  const isTree = kind === 'tree';
  const bytes = Math.ceil(prefix.length / 2);
  return slotsWhere(index, (slot) => {
    const begin = Buffer.from(ids.buffer, ids.byteOffset + slot * idSize, bytes);
    return index.isTree(slot) === isTree && begin.toString('hex').startsWith(prefix);
  });
}

const idSize = 32;

function slotsWhere(index: BlobIndex, isMeant: (slot: number) => boolean): number[] {
  const found: number[] = [];
  for (let slot = 0; slot < index.size; slot++) if (isMeant(slot)) found.push(slot);
  return found;
}

function wantedAt(index: BlobIndex, slot: number): WantedBlob {
  const { id, type } = index.locationAt(slot);
  const packs = index.slotsOf(type, id).map((each) => index.packAt(index.packNumberAt(each)));
  return { kind: type === 'tree' ? 'tree' : 'blob', id, packs };
}

/** A blob, and where in a snapshot it is used. */
export interface FoundBlob extends WantedBlob {
  readonly snapshot: StoredSnapshot;
  /** Of the file or directory, absolute, as `pathText` shows it. */
  readonly path: string;
}

/**
 * Where snapshots use what is stored under ids that begin so, as {@link findFiles}.
 * @throws HoldfastError `object_not_found` for a prefix that none begins with
 */
export async function* findById(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  {
    kind,
    prefixes,
    ...options
  }: EntriesOptions & { readonly kind: IdKind; readonly prefixes: readonly string[] },
): AsyncGenerator<FoundBlob, void, undefined> {
  const { signal } = options;
  const search = new IdSearch(blobsBeginning(await repository.loadIndex({ signal }), kind, prefixes));
  for (const snapshot of snapshots)
    for (const blob of search.wantedIn({ subtree: snapshot.tree })) yield { ...blob, snapshot, path: '/' };
  for await (const { snapshot, path, node } of findFiles(repository, snapshots, search, options))
    for (const blob of search.wantedIn(node)) yield { ...blob, snapshot, path };
}
