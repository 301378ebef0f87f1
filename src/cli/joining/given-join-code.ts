import { HoldfastError } from '../../base/index.ts';
import { type JoinCode, parseJoinCode } from '../../enrol/index.ts';
import type { Context } from '../program/context.ts';
import { askSecret } from '../terminal/answer.ts';

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

async function readCode(context: Context): Promise<string> {
  if (!process.stdin.isTTY) context.output.say('  join code   from standard input');
  const text = process.stdin.isTTY ? (await askSecret(context, 'join code'))?.reveal() : await readStdin();
  if (text !== undefined && text.trim() !== '') return text;
  throw new HoldfastError('usage', 'no join code was given', {
    hint: 'type it when it is asked for, or let standard input hold it: holdfast token create NAME prints it, at the server',
  });
}

async function readStdin(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > maxInputLength) break;
  }
  return text;
}
