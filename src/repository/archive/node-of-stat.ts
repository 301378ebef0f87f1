import type { Bytes } from '../../base/index.ts';
import { type FileStat, groupName, readLink, readXattrs, userName } from '../../files/index.ts';
import { type NodeType, toGoMode } from '../format/file-mode.ts';
import type { TreeNode } from '../format/tree-node.ts';

/**
 * The node of anything in the file system but its content: that of a file is empty, a directory has no tree yet.
 * Throws the system's error when the rest of it, a link's target or attributes, cannot be read.
 */
export function nodeOfStat(path: Bytes, name: Bytes, type: NodeType, stat: FileStat): TreeNode {
  const user = userName(stat.uid);
  const group = groupName(stat.gid);
  const xattrs = type === 'socket' ? [] : readXattrs(path);
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
export function hasLinks(type: NodeType): boolean {
  return type === 'file' || type === 'symlink' || type === 'dev' || type === 'chardev';
}
