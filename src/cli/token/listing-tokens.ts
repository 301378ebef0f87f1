import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin, withAdmin } from '../home/administering.ts';
import { collectPages } from '../home/collect-pages.ts';
import type { Context } from '../program/context.ts';
import { formatTime } from '../terminal/format.ts';

/** `holdfast token list` */
export async function listTokens(context: Context): Promise<void> {
  const { output } = context;
  const tokens = await askAdmin(context, (admin) =>
    collectPages<OperationAnswer<'token.list'>[number]>(({ after }) =>
      admin.call('token.list', after === undefined ? {} : { before: after.id }),
    ),
  );
  if (output.json) return output.value(tokens);
  output.table(
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
  );
}

/** `holdfast token revoke ID` */
export async function revokeToken(context: Context, id: number): Promise<void> {
  const revoked = await withAdmin(context, (admin) => admin.call('token.revoke', { id }));
  if (context.output.json) return context.output.value(revoked);
  context.output.row('revoked', `join code ${id}`);
}
