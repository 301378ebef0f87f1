import {
  type FileStat,
  groupName,
  readLink,
  userName,
  type WalkPlace,
  type Xattr,
} from '../../files/index.ts';
import { type NodeType, type TreeNode, toGoMode } from '../format/tree-node.ts';

/**
 * The node of anything in the file system but its content: that of a file is empty, a directory has no tree yet.
 * Throws the system's error when the target of a link cannot be read.
 *
 * @param xattrs what `readXattrs` says
 */
export function nodeOfStat(
  place: WalkPlace,
  type: NodeType,
  stat: FileStat,
  xattrs: readonly Xattr[],
): TreeNode {
  const { path, name } = place;
  const user = userName(stat.uid);
  const group = groupName(stat.gid);
  return {
    name,
    type,
    mode: toGoMode(type, stat.mode),
    mtimeNs: stat.mtimeNs,
    atimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    uid: stat.uid,
    gid: stat.gid,
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    inode: stat.inode,
    deviceId: stat.device,
    size: type === 'file' ? stat.size : 0,
    links: hasLinks(type) ? stat.links : 0,
    ...(type === 'symlink' && { linkTarget: readLink(path) }),
    ...(xattrs.length > 0 && { xattrs }),
    device: type === 'dev' || type === 'chardev' ? stat.rdev : 0n,
    ...(type === 'file' && { content: [] }),
  };
}

/** Where restic keeps the number of hard links. */
function hasLinks(type: NodeType): boolean {
  return type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev';
}
