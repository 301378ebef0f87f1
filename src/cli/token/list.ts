import { collectPages, type OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast token list` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the join codes that were made, with how often each was used; the codes themselves are not kept',
      )
      .option('--bearer', 'the bearer tokens instead')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast token list\n  holdfast token list --bearer\n  holdfast token list --json\n',
      );
  },
  run: listTokens,
};

/** `holdfast token list` */
async function listTokens(context: Context, { bearer }: { readonly bearer?: boolean }): Promise<Answer> {
  if (bearer === true) return await listBearers(context);
  const tokens = await askAdmin(context, (admin) =>
    collectPages<OperationAnswer<'token.list'>[number]>(({ after }) =>
      admin.call('token.list', after === undefined ? {} : { before: after.id }),
    ),
  );
  return {
    value: tokens,
    rows: [
      table(
        [
          { heading: 'ID', align: 'right' },
          { heading: 'Role' },
          { heading: 'Name', shrink: true },
          { heading: 'Uses' },
          { heading: 'Expires' },
          { heading: 'State' },
        ],
        tokens.map(({ id, role, name, uses, maxUses, expires, state, reissue }) => [
          String(id),
          role,
          name,
          `${uses} of ${maxUses}`,
          formatTime(new Date(expires)),
          reissue ? `${state}, reissue` : state,
        ]),
        'no join code was made: holdfast token create NAME',
      ),
    ],
  };
}

async function listBearers(context: Context): Promise<Answer> {
  const bearers = await askAdmin(context, (admin) =>
    collectPages<OperationAnswer<'bearer.list'>[number]>(({ after }) =>
      admin.call('bearer.list', after === undefined ? {} : { before: after.id }),
    ),
  );
  return {
    value: bearers,
    rows: [
      table(
        [
          { heading: 'ID', align: 'right' },
          { heading: 'Role' },
          { heading: 'Name', shrink: true },
          { heading: 'Expires' },
          { heading: 'State' },
        ],
        bearers.map(({ id, role, name, expires, state }) => [
          `b${id}`,
          role,
          name,
          formatTime(new Date(expires)),
          state,
        ]),
        'no bearer token was made: holdfast token create --bearer NAME',
      ),
    ],
  };
}
