import { resolve } from 'node:path';
import { HoldfastError } from '../base/index.ts';

/**
 * A file or folder of this machine as somebody typed it, absolute; a relative one counts from `from`. What names a place of
 * another kind is not taken for the name of a folder.
 *
 * @throws HoldfastError `usage`, naming the kind; also for bytes that are not UTF-8, which only files to be saved may have
 */
export function localPath(from: string, text: string): string {
  if (isUrl(text)) throw otherKind(text);
  if (text.isWellFormed()) return resolve(from, text);
  throw new HoldfastError('usage', `${JSON.stringify(text)} is not UTF-8, which is expected here`, {
    hint: 'files to be saved may have such names: name them, or the folder they are in, to holdfast backup',
  });
}

/** Whether a place is a URL, of any kind: one that cannot be used must not be taken for the name of a directory. */
export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place) || otherKinds.test(place);
}

/** As restic, rclone and others write them. */
const otherKinds =
  /^(?:https?|s3|sftp|ssh|scp|rest|rclone|b2|azure|gs|swift|ftps?|file|davs?|webdavs?|smb|nfs|rsync|opendal):/i;

function otherKind(text: string): HoldfastError {
  const kind = text.slice(0, text.indexOf(':'));
  return new HoldfastError(
    'usage',
    `${text} is a place of the kind ${kind}: expected a file or folder of this machine`,
    {
      hint: `for one of exactly that name: ./${text}`,
    },
  );
}
