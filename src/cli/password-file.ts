import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError, Secret, systemErrorCode } from '../base/index.ts';
import type { Context } from './context.ts';

/** The password or passphrase in a file, without the end of its line. `path_not_found`, or `usage` when it is empty. */
export async function readPasswordFile(context: Context, file: string): Promise<Secret<string>> {
  const path = resolve(context.workingDirectory, file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError(
      'path_not_found',
      `password file ${path}: ${systemErrorCode(cause) ?? 'unreadable'}`,
      {
        hint: 'name a file that can be read and holds the password alone',
        cause,
      },
    );
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') {
    throw new HoldfastError('usage', `password file ${path} is empty`, {
      hint: 'write the password into it',
    });
  }
  return new Secret(password);
}
