import { readdirSync, readlinkSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';

/** The names in a directory, raw, in byte order (the order of a restic tree), without `.` and `..`. */
export function readDirectory(path: Bytes): Bytes[] {
  return readdirSync(asBuffer(path), { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b));
}

/** Where a symlink points, raw. */
export function readLink(path: Bytes): Bytes {
  return readlinkSync(asBuffer(path), { encoding: 'buffer' });
}

/** `name` in `directory`. */
export function joinPath(directory: Bytes, name: Bytes): Bytes {
  const between = directory.at(-1) === slash ? 0 : 1;
  const path = Buffer.allocUnsafe(directory.length + between + name.length);
  path.set(directory);
  if (between === 1) path[directory.length] = slash;
  path.set(name, directory.length + between);
  return path;
}

const slash = 0x2f;
