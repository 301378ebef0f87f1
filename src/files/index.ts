/**
 * The file system as it is. Paths and names are raw bytes, because a name need not be text; times are nanoseconds;
 * symlinks are never followed unless said. Everything is synchronous: walking blocks for microseconds, and what takes
 * longer runs in workers. Failures are the system's own errors (`ENOENT`, `EACCES`, …) with its code, as `node:fs` throws
 * them. The libc calls that Node lacks are in one file.
 */

export { type FileStat, type Hole, lstat, nextHole, openStat } from './file-stat.ts';
export { FuseDevice } from './fuse-device.ts';
export { type DirectoryTag, type IgnoreOptions, IgnoreRules, parseExcludeFile } from './ignore-rules.ts';
export {
  type FileOrPath,
  groupName,
  makeHardLink,
  makeNode,
  makeSymlink,
  readXattrs,
  removeXattr,
  setMode,
  setOwner,
  setTimes,
  setXattrs,
  userName,
  type Xattr,
} from './metadata.ts';
export { PatternList } from './path-pattern.ts';
export { joinPath, linkHops, pathText, readDirectory, readLink, textPath } from './raw-path.ts';
export { tellServiceManager } from './service-manager.ts';
export { type WalkEvent, type WalkLimit, type WalkPlace, walk } from './walk.ts';
export { checkWatchable, FileWatch } from './watch/file-watch.ts';
export type { GapPlace, WatchReport } from './watch/watch-messages.ts';
