import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { type FileStat, lstat } from '../../files/index.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** What becomes of what is there already, in restic's words. */
export const overwriteModes = ['always', 'if-changed', 'if-newer', 'never'] as const;
export type OverwriteMode = (typeof overwriteModes)[number];

/**
 * What is done with a node:
 * - `restored`: nothing is there, and it is made;
 * - `updated`: it takes the place of what is there;
 * - `unchanged`: what is there has its size and time, and only gets its other attributes;
 * - `skipped`: what is there stays as it is.
 */
export type RestoreDeed = 'restored' | 'updated' | 'unchanged' | 'skipped';

/** What is done with `node`, where `there` is in its place. Directories are not asked about: what is in them is. */
export function deedOf(mode: OverwriteMode, node: TreeNode, there: FileStat | undefined): RestoreDeed {
  if (there === undefined) return 'restored';
  if (mode === 'never') return 'skipped';
  if (mode === 'if-newer' && node.mtimeNs <= there.mtimeNs) return 'skipped';
  return mode === 'if-changed' && looksSame(node, there) ? 'unchanged' : 'updated';
}

/** Whether a file has the size and the time of its node, so that its content counts as the same. */
export function looksSame(node: TreeNode, there: Pick<FileStat, 'kind' | 'size' | 'mtimeNs'>): boolean {
  const isSameKind = node.type === 'file' && there.kind === 'file';
  return isSameKind && there.size === node.size && there.mtimeNs === node.mtimeNs;
}

/** What is at `place`; undefined where nothing can be seen, so that whoever makes something there learns why it cannot. */
export function lookAt(place: Bytes): FileStat | undefined {
  try {
    return lstat(place);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
