import { type Node, renewLate, renewNode } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { connectOwn, openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert renew` */
export const word: Word = {
  define: (command) => {
    command
      .description("renew this machine's certificate when it is due, for a new key")
      .option('--early', 'also when it is not due yet')
      .addHelpText('after', '\nExamples:\n  holdfast cert renew\n  holdfast cert renew --early --json\n');
  },
  run: renewCertificate,
};

/** `holdfast cert renew`: this machine's next certificate, when it is due or `early` says so. */
async function renewCertificate(
  context: Context,
  { early = false }: { readonly early?: boolean },
): Promise<Answer> {
  const { home, node } = await openOwnNode(context);
  const before = node.certificate.serial;
  await using held = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) held.use(serving);
  if (node.certificate.notAfter.getTime() < context.clock.now()) return await renewExpired(context, node);
  const connection = held.use(await connectOwn(context, node));
  const renewed = (): boolean => node.certificate.serial !== before;
  if (!renewed() && (early || node.needsRenewal(context.clock))) await renewNode(node, connection, context);
  return renewedAnswer(context, node, renewed());
}

/** After its end a certificate opens no door: the renewal is signed with it, and a person decides. */
async function renewExpired(context: Context, node: Node): Promise<Answer> {
  const waiting = await renewLate(node, context);
  if (waiting === undefined) return renewedAnswer(context, node, true);
  const { handle, server, expires } = waiting;
  const { role, name } = node.identity;
  throw new HoldfastError(
    'request_pending',
    `the certificate of ${role} ${name} has ended, so an administrator has to approve its renewal, ${handle} at ${server}; it waits until ${expires}`,
    {
      hint: 'at the server: holdfast request list, holdfast request approve ID; then here: holdfast cert renew',
    },
  );
}

function renewedAnswer({ clock }: Context, node: Node, renewed: boolean): Answer {
  const { serial, fingerprint, notAfter } = node.certificate;
  const next = node.renewalTime();
  const { role, name } = node.identity;
  const until = `valid ${formatRemaining(notAfter.getTime() - clock.now())}`;
  const rows = [row(renewed ? 'renewed' : 'not due', `${role} ${name}`, `serial ${serial}`, until)];
  if (!renewed)
    rows.push(row('next', `renews itself in ${formatRemaining(next.getTime() - clock.now())}; now: --early`));
  const times = { notAfter: notAfter.toISOString(), renewal: next.toISOString() };
  return { value: { renewed, serial, fingerprint, ...times }, rows };
}
