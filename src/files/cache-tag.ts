import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';
import { joinPath } from './directory.ts';

/** The file that marks a directory as a cache (Cache Directory Tagging Specification). */
export const cacheTagName: Bytes = Buffer.from('CACHEDIR.TAG');

const signature = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55');

/** Whether `directory`'s tag file starts with the signature; false when there is none or it cannot be read. */
export function hasCacheTag(directory: Bytes): boolean {
  const path = asBuffer(joinPath(directory, cacheTagName));
  let handle: number;
  try {
    // Not blocking: somebody may have put a named pipe there.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(signature.length);
    return (
      fstatSync(handle).isFile() &&
      readSync(handle, start, 0, start.length, 0) === start.length &&
      start.equals(signature)
    );
  } catch {
    return false;
  } finally {
    closeSync(handle);
  }
}
