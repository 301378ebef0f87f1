import { InvalidArgumentError } from 'commander';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast token revoke ID` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'end a join code, where machines that have joined with it stay; or a bearer token, with the connections by it',
      )
      .argument('<id>', 'its number in token list; b1, b2 … of a bearer token', parseId)
      .addHelpText('after', '\nExamples:\n  holdfast token revoke 3\n  holdfast token revoke b1\n');
  },
  run: revokeToken,
};

/** What is to end. */
interface Chosen {
  readonly kind: 'join code' | 'bearer token';
  readonly id: number;
}

function parseId(text: string): Chosen {
  const kind = text.startsWith('b') ? 'bearer token' : 'join code';
  const digits = kind === 'bearer token' ? text.slice(1) : text;
  if (/^[1-9][0-9]{0,14}$/.test(digits)) return { kind, id: Number(digits) };
  throw new InvalidArgumentError(
    'expected a number of holdfast token list, or b and one of token list --bearer',
  );
}

/** `holdfast token revoke ID` */
async function revokeToken(context: Context, { kind, id }: Chosen): Promise<Answer> {
  if (kind === 'bearer token') {
    const bearer = await withAdmin(context, (admin) => admin.call('bearer.revoke', { id }));
    return { value: bearer, rows: [row('revoked', `bearer token b${id}`, `${bearer.role} ${bearer.name}`)] };
  }
  const revoked = await withAdmin(context, (admin) => admin.call('token.revoke', { id }));
  return { value: revoked, rows: [row('revoked', `join code ${id}`)] };
}
