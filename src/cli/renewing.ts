import { connectNode, type Node, openNode, renewNode } from '../agent/index.ts';
import type { Context } from './context.ts';
import { formatRemaining } from './format.ts';
import { openHome } from './home.ts';
import { serveMeanwhile } from './serve-meanwhile.ts';

/** `holdfast cert renew`: this machine's next certificate, when it is due or `force` says so. */
export async function renewCertificate(
  context: Context,
  { force = false }: { readonly force?: boolean },
): Promise<void> {
  const home = await openHome(context.home);
  const node = await openNode(home.node);
  const before = node.certificate.serial;
  await using held = new AsyncDisposableStack();
  const serving = await serveMeanwhile(context, home);
  if (serving !== undefined) held.use(serving);
  const connection = held.use(await connectNode(node, context));
  const renewed = (): boolean => node.certificate.serial !== before;
  if (!renewed() && (force || node.needsRenewal(context.clock))) await renewNode(node, connection, context);
  sayRenewed(context, node, renewed());
}

function sayRenewed({ output, clock }: Context, node: Node, renewed: boolean): void {
  const { serial, fingerprint, notAfter } = node.certificate;
  const next = node.renewalTime();
  if (output.json) {
    return output.value({
      renewed,
      serial,
      fingerprint,
      notAfter: notAfter.toISOString(),
      renewal: next.toISOString(),
    });
  }
  const { role, name } = node.identity;
  const until = `valid ${formatRemaining(notAfter.getTime() - clock.now())}`;
  output.row(renewed ? 'renewed' : 'not due', `${role} ${name}`, `serial ${serial}`, until);
  if (!renewed)
    output.row('next', `renews itself in ${formatRemaining(next.getTime() - clock.now())}; now: --force`);
}
