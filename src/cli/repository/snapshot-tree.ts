import { pathText } from '../../files/index.ts';
import type { Repository, StoredSnapshot, TreeNode } from '../../repository/index.ts';
import { formatBytes } from '../terminal/format.ts';
import type { TreeItem } from '../terminal/tree-picker.ts';

/** A file or folder of a snapshot, on the terminal. */
export interface SnapshotItem extends TreeItem<SnapshotItem> {
  /** Absolute, as `pathText` shows it. */
  readonly path: string;
}

/** The root of a snapshot, which opens to its files and folders. */
export function snapshotTree(
  repository: Repository,
  { tree }: StoredSnapshot,
  signal: AbortSignal,
): SnapshotItem {
  const open = async (id: StoredSnapshot['tree'], above: string): Promise<SnapshotItem[]> => {
    const { nodes } = await repository.readTree(id, { signal });
    return nodes.map((node) => itemOf(node, above, open));
  };
  return { name: '/', detail: 'everything', path: '/', open: () => open(tree, '') };
}

function itemOf(
  { name, type, size, subtree, linkTarget }: TreeNode,
  above: string,
  open: (id: StoredSnapshot['tree'], above: string) => Promise<SnapshotItem[]>,
): SnapshotItem {
  const text = pathText(name);
  const path = `${above}/${text}`;
  if (subtree !== undefined) return { name: `${text}/`, detail: '', path, open: () => open(subtree, path) };
  if (linkTarget !== undefined) return { name: text, detail: `-> ${pathText(linkTarget)}`, path };
  return { name: text, detail: type === 'file' ? formatBytes(size) : type, path };
}
