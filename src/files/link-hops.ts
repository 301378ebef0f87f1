import { realpathSync } from 'node:fs';
import { posix } from 'node:path';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';
import { joinPath, readLink } from './raw-path.ts';

const slash = 0x2f;

/**
 * Where a path leads that is itself a symlink: each further path on the way, absolute, up to what is no link; none for what is
 * no link at all. What is not there ends the way, and so does a link that was on it before, which then is the last.
 */
export function linkHops(path: Bytes): Bytes[] {
  const hops: Bytes[] = [];
  for (let here = path, on = new Set<string>(); !on.has(keyOf(here)); ) {
    on.add(keyOf(here));
    const target = targetOf(here);
    if (target === undefined) break;
    here = placeOf(here, target);
    hops.push(here);
  }
  return hops;
}

function targetOf(path: Bytes): Bytes | undefined {
  return unlessGone(() => readLink(path));
}

/** Text cannot say what `..` behind a link is: the system is asked. */
function placeOf(link: Bytes, target: Bytes): Bytes {
  const place = target[0] === slash ? target : joinPath(directoryOf(link), target);
  return tidy((hasDots(place) ? unlessGone(() => canonical(place)) : undefined) ?? place);
}

/** Without `.`, double slashes and a slash at the end. */
function tidy(path: Bytes): Bytes {
  return Buffer.from(posix.resolve(keyOf(path)), 'latin1');
}

/** With every link resolved but the last component, which may be one. */
function canonical(place: Bytes): Bytes {
  const name = place.subarray(asBuffer(place).lastIndexOf(slash) + 1);
  if (name.length === 0 || hasDots(name)) return realPath(place);
  return joinPath(realPath(directoryOf(place)), name);
}

function hasDots(path: Bytes): boolean {
  return `/${keyOf(path)}/`.includes('/../');
}

/** Node's own would take `..` as text. */
function realPath(path: Bytes): Bytes {
  return realpathSync.native(asBuffer(path), { encoding: 'buffer' });
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemErrorCode(error) ?? ''))
      return undefined;
    throw error;
  }
}

function directoryOf(path: Bytes): Bytes {
  return path.subarray(0, Math.max(1, asBuffer(path).lastIndexOf(slash)));
}

function keyOf(path: Bytes): string {
  return asBuffer(path).toString('latin1');
}
