import { resolve } from 'node:path';
import { HoldfastError } from '../../base/index.ts';

/**
 * A file or folder of this machine as somebody typed it, absolute; a relative one counts from `from`. What names a place of
 * another kind is not taken for the name of a folder.
 *
 * @throws HoldfastError `usage`, naming the kind; also for bytes that are not UTF-8, which only files to be saved may have
 */
export function localPath(from: string, text: string): string {
  if (isUrl(text) || isOverSsh(text)) throw otherKind(text);
  const path = resolve(from, text);
  if (path.isWellFormed()) return path;
  throw new HoldfastError('usage', `${JSON.stringify(path)} is not UTF-8, which is expected here`, {
    hint: 'files to be saved may have such names: name them, or the folder they are in: holdfast backup PATH',
  });
}

/** Whether a place is a URL, of any kind: one that cannot be used must not be taken for the name of a directory. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place) || otherKinds.test(place);
}

/** As restic, rclone and others write them. */
const otherKinds =
  /^(?:https?|s3|sftp|ssh|scp|rest|rclone|b2|azure|gs|swift|ftps?|file|davs?|webdavs?|smb|nfs|rsync|opendal):/i;

/** `host:/path` and `ann@host:path`, as ssh and scp write them. */
function isOverSsh(text: string): boolean {
  return /^[^/:]{2,}:\//.test(text) || /^[^/:@]+@[^/:]+:/.test(text);
}

/** What kind of place a text that is no path of this machine names. Never what stands behind: it may hold a password. */
export function placeKind(text: string): string {
  return `a place of another kind, ${JSON.stringify(text.slice(0, text.indexOf(':') + 1))}…`;
}

function otherKind(text: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `${placeKind(text)} was named: expected a file or folder of this machine`,
    {
      hint: 'for one of exactly that name put ./ before it',
    },
  );
}
