import { HoldfastError, type Secret } from '../../base/index.ts';
import { readPasswordFile } from '../files/password-file.ts';
import type { Context } from '../program/context.ts';
import { askSecret } from './ask.ts';

/** A password that is there already: of `file` when it is named, else typed at `message`. @throws HoldfastError `usage` */
export async function givenPassword(
  context: Context,
  file: string | undefined,
  message: string,
): Promise<Secret<string>> {
  if (file !== undefined) return await readPasswordFile(context, file);
  const typed = await askSecret(context, message);
  if (typed !== undefined && typed.reveal() !== '') return typed;
  throw noPassword(message);
}

/** A new password: of `file` when it is named, else typed twice. @throws HoldfastError `usage` */
export async function choosePassword(
  context: Context,
  file: string | undefined,
  message: string,
): Promise<Secret<string>> {
  if (file !== undefined) return await readPasswordFile(context, file);
  const typed = await askNewPassword(context, message);
  if (typed !== undefined && typed.reveal() !== '') return typed;
  throw noPassword(message);
}

/** A new password, typed twice, and again until both are the same; undefined without a terminal. */
export async function askNewPassword(context: Context, message: string): Promise<Secret<string> | undefined> {
  for (;;) {
    const first = await askSecret(context, message);
    if (first === undefined || first.reveal() === '') return first;
    const second = await askSecret(context, 'the same again');
    if (second?.reveal() === first.reveal()) return first;
    context.output.warn('the two differ; once more, both of them');
  }
}

function noPassword(message: string): HoldfastError {
  return new HoldfastError('usage', `no ${message} was given`, {
    hint: 'name a file that holds it, or run this on a terminal',
  });
}
