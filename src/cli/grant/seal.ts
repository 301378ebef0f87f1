import { type Connection, copyPath, recipientOf, sealOwnGrant } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { fetchGrants, type GrantToSeal } from '../../enrol/index.ts';
import type { Repository } from '../../repository/index.ts';
import { connectOwn, openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { grantArgument, whatText } from './grant-rows.ts';

/** `holdfast grant seal ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('seal what opens the repository of this machine for a grant of it, as its agent does')
      .addArgument(grantArgument())
      .addHelpText('after', '\nExamples:\n  holdfast grant seal 7\n');
  },
  run: sealGrant,
};

/** `holdfast grant seal ID`: who runs it on this machine allows it by that. */
async function sealGrant(context: Context, id: number): Promise<Answer> {
  const { signal } = context;
  const { node } = await openOwnNode(context);
  using connection = await connectOwn(context, node);
  const { dialer, server, line } = connection;
  const { toSeal } = await fetchGrants({ dialer, server, line, signal });
  const grant = toSeal.find((each) => each.id === id);
  if (grant === undefined)
    throw new HoldfastError('object_not_found', `this machine has no grant ${id} to seal, or it is over`, {
      hint: 'at the server: holdfast grant list',
    });
  const recipient = await recipientOf(connection, grant, context);
  await using target = await openTarget(context, {});
  const repository = await repositoryOf(context, connection, { grant, own: target.repository });
  await sealOwnGrant(connection, grant, { repository, recipient, signal });
  const { from, to, expires } = grant;
  const value = {
    id,
    from,
    to,
    path: grant.path,
    expires,
    certificate: recipient.serial,
    fingerprint: recipient.fingerprint,
  };
  const rows = [
    row('sealed', `${whatText(grant)} for ${to}`, `until ${expires}`),
    row('to', `the certificate ${recipient.serial}`, recipient.fingerprint),
  ];
  return { value, rows };
}

/** Its own, or one beside it with a copy of the path alone. */
async function repositoryOf(
  { signal }: Context,
  connection: Connection,
  { grant, own }: { readonly grant: GrantToSeal; readonly own: Repository },
): Promise<Repository> {
  const { path, repository, snapshots } = grant;
  if (path === undefined || repository === undefined) return own;
  const { store } = await connection.place({ url: `${connection.repositoryUrl}${repository}/` });
  return await copyPath(own, store, { path, snapshots, signal });
}
