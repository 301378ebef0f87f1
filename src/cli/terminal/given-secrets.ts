import { HoldfastError, readChosenFile, Secret } from '../../base/index.ts';
import {
  type JoinCode,
  needsPassphrase,
  openRecoveryKit,
  parseJoinCode,
  type RecoveryKit,
} from '../../enrol/index.ts';
import { localPath } from '../files/local-path.ts';
import type { Context } from '../program/context.ts';
import { askSecret } from './answer.ts';

/** As many characters as a password may have, each of at most four bytes, and the end of its line. */
const maxLength = 1024;
const maxBytes = 4 * maxLength + 2;

/** The password or passphrase in a file, without the end of its line. `path_not_found`, `input_invalid` when it is too long, `usage` when it is empty. */
export async function readPasswordFile(
  context: Context,
  file: string,
  holds: 'password' | 'token' = 'password',
): Promise<Secret<string>> {
  const path = localPath(context.workingDirectory, file);
  const what = `${holds} file`;
  const hint = `name a file that can be read and holds the ${holds} alone`;
  const bytes = await readChosenFile(path, { maxBytes, what, hint });
  const password = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (password.length > maxLength)
    throw new HoldfastError('input_invalid', `${what} ${path} holds more than ${maxLength} characters`, {
      hint,
    });
  if (password === '') {
    throw new HoldfastError('usage', `${what} ${path} is empty`, {
      hint: `write the ${holds} into it`,
    });
  }
  return new Secret(password);
}

const maxKitBytes = 1024 * 1024;

/** A recovery kit as a command names it. */
export interface NamedKit {
  readonly kit: string;
  readonly kitPasswordFile?: string | undefined;
}

/** The recovery kit in a file. Errors: `path_not_found`, and as {@link openRecoveryKit}. */
export async function readKit(
  context: Context,
  { kit: file, kitPasswordFile }: NamedKit,
): Promise<RecoveryKit> {
  const path = localPath(context.workingDirectory, file);
  const bytes = await readChosenFile(path, {
    maxBytes: maxKitBytes,
    what: 'recovery kit',
    hint: 'name the file with --kit FILE',
    tooLong: 'recovery_kit_malformed',
  });
  const text = bytes.toString('utf8');
  return await openRecoveryKit(text, await passphraseFor(context, text, kitPasswordFile));
}

async function passphraseFor(
  context: Context,
  text: string,
  file: string | undefined,
): Promise<Secret<string> | undefined> {
  if (file !== undefined) return await readPasswordFile(context, file);
  return needsPassphrase(text) ? await askSecret(context, 'passphrase of the recovery kit') : undefined;
}

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

/** More than a code with all the white space that copying may have put into it. */
const maxInputLength = 16_384;

/**
 * The join code for this machine: typed unseen on a terminal, else from standard input. One that stands in the command line is
 * taken too, with a warning: every user of the machine can read it there (proc(5)), and the shell keeps it.
 * @throws HoldfastError `join_code_malformed`, `usage` when there is none
 */
export async function givenJoinCode(context: Context, said: string | undefined): Promise<JoinCode> {
  if (said === undefined || said === '-') return parseJoinCode(await readCode(context));
  const code = parseJoinCode(said);
  context.output.warn(
    'a join code in the command line can be read by others on this machine and stays in the history: ' +
      'leave it out, and it is asked for',
  );
  return code;
}

/** A join code is typed or piped. */
function readCode(context: Context): Promise<string> {
  const hint =
    'type it when it is asked for, or let standard input hold it: holdfast token create NAME prints it, at the server';
  return askOrRead(context, 'join code', hint).then((code) => code.reveal());
}

/** A secret that is typed unseen on a terminal, else held by standard input. @throws HoldfastError `usage` when there is none */
export async function askOrRead(context: Context, what: string, hint: string): Promise<Secret<string>> {
  if (!process.stdin.isTTY) context.output.say(`  ${what.padEnd(11)} from standard input`);
  const given = process.stdin.isTTY ? await askSecret(context, what) : new Secret(await readStdin());
  if (given !== undefined && given.reveal().trim() !== '') return given;
  throw new HoldfastError('usage', `no ${what} was given`, { hint });
}

async function readStdin(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > maxInputLength) break;
  }
  return text;
}
