import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError, systemErrorCode } from './error.ts';
import { isOwnUser } from './platform.ts';

/**
 * Holds the file of a program to what it is run with: it acts as this user, so that nobody else may be able to write it, or to put
 * another one in its place. `what` says what it is to us, for messages.
 * @throws HoldfastError `path_not_found`, `hook_unsafe`
 */
export async function checkProgram(file: string, what: string): Promise<void> {
  const named = `the ${what} ${file}`;
  const real = await realpath(file).catch((cause: unknown) => {
    const why = systemErrorCode(cause) === 'EACCES' ? 'may not be looked at' : 'does not exist';
    throw noProgram(`${named} ${why}`, cause);
  });
  if (!(await stat(real)).isFile()) throw noProgram(`${named} is no file`);
  await access(real, constants.X_OK).catch((cause: unknown) => {
    throw noProgram(`${named} cannot be executed`, cause);
  });
  for (let path = real; ; path = dirname(path)) {
    await checkOwn(file, path, named);
    if (dirname(path) === path) return;
  }
}

function noProgram(found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('path_not_found', found, {
    hint: 'name a program, or a script that begins with #! and can be executed (chmod +x)',
    cause,
  });
}

/** In a directory the sticky bit keeps others from what is not theirs (inode(7)). */
async function checkOwn(file: string, path: string, named: string): Promise<void> {
  const { uid, mode } = await stat(path);
  const isSticky = path !== file && (mode & 0o1000) !== 0;
  const isShut = (mode & 0o022) === 0 || isSticky;
  if ((uid === 0 || isOwnUser(uid)) && isShut) return;
  const who = isShut ? `belongs to user ${uid}` : `has mode ${(mode & 0o7777).toString(8)}`;
  throw new HoldfastError('hook_unsafe', `${named} could be changed by others: ${path} ${who}`, {
    hint: isShut ? 'let this user or root own it' : `chmod go-w ${path}`,
  });
}
