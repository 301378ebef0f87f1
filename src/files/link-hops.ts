import { type Bytes, systemErrorCode } from '../base/index.ts';
import { joinPath, readLink } from './directory.ts';

/** As the kernel (`path_resolution(7)`). */
const maxHops = 40;
const slash = 0x2f;

/**
 * Where a path leads that is itself a symlink: each further path on the way, absolute, up to what is no link; none for what is
 * no link at all. What is not there, or goes in a circle, ends the way.
 */
export function linkHops(path: Bytes): Bytes[] {
  const hops: Bytes[] = [];
  for (let here = path; hops.length < maxHops; ) {
    const target = targetOf(here);
    if (target === undefined) break;
    here = target[0] === slash ? target : joinPath(directoryOf(here), target);
    hops.push(here);
  }
  return hops;
}

function targetOf(path: Bytes): Bytes | undefined {
  try {
    return readLink(path);
  } catch (error) {
    if (['EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemErrorCode(error) ?? ''))
      return undefined;
    throw error;
  }
}

function directoryOf(path: Bytes): Bytes {
  return path.subarray(0, Math.max(1, path.lastIndexOf(slash)));
}
