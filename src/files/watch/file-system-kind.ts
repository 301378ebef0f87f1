import { statfsSync } from 'node:fs';
import { asBuffer, type Bytes } from '../../base/index.ts';

/** What a watch has to know of a file system. */
export interface FileSystemKind {
  /** What others change there, on another machine or in another process, brings no event. */
  readonly isSilent: boolean;
  /** The links of a directory are two more than there are directories in it. */
  readonly countsDirectories: boolean;
}

/** By `f_type` of statfs(2). */
const silent: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x517b, // SMB
  0x65735546, // FUSE
  0x01021997, // 9P
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x73757245, // Coda
  0x786f4256, // VirtualBox
  0xbacbacbc, // VMware
  0x0bd00bd0, // Lustre
  0x01161970, // GFS2
  0x7461636f, // OCFS2
]);

const counting: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x01021994, // tmpfs
]);

/** The kind of file system that `path` is on. Throws the system's error. */
export function kindOf(path: Bytes): FileSystemKind {
  const type = statfsSync(asBuffer(path)).type >>> 0;
  return { isSilent: silent.has(type), countsDirectories: counting.has(type) };
}
