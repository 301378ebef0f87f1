/**
 * The file system as it is. Paths and names are raw bytes, because a name need not be text; times are nanoseconds;
 * symlinks are never followed unless said. Everything is synchronous: walking blocks for microseconds, and what takes
 * longer runs in workers. Failures are the system's own errors (`ENOENT`, `EACCES`, …) with its code, as `node:fs` throws
 * them. The libc calls that Node lacks are in one file.
 */

export { joinPath, readDirectory, readLink } from './directory.ts';
export { type FileStat, lstat } from './file-stat.ts';
export { type IgnoreOptions, IgnoreRules, parseExcludeFile } from './ignore-rules.ts';
export { linkHops } from './link-hops.ts';
export { makeHardLink, makeNode, makeSymlink } from './make-node.ts';
export { type FileOrPath, groupName, setMode, setOwner, setTimes, userName } from './metadata.ts';
export { PatternList } from './path-pattern.ts';
export { pathText, textPath } from './path-text.ts';
export { type WalkEvent, type WalkPlace, walk } from './walk.ts';
export { readXattrs, removeXattr, setXattrs, type Xattr } from './xattr.ts';
