import type { OperationAnswer } from '../admin/index.ts';
import { escrowsIn, type Node, openNode, readNodeState } from '../agent/index.ts';
import { hasAuthority } from '../authority/index.ts';
import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';
import { formatBytes, formatRemaining, formatTime, plural, shortFingerprint } from './format.ts';
import { openHome } from './home.ts';

type Status = OperationAnswer<'status'>;

/** `holdfast status`: the authority when it is here, this machine as a client, and what needs attention. */
export async function showStatus(context: Context): Promise<void> {
  const home = await openHome(context.home);
  const status = (await hasAuthority(home.path))
    ? await withAdmin(context, (admin) => admin.call('status', {}))
    : undefined;
  const node = (await readNodeState(home.node)) === undefined ? undefined : await openNode(home.node);
  if (context.output.json) return context.output.value(toJson(status, node));
  if (status !== undefined) sayAuthority(context, status);
  if (node !== undefined) sayNode(context, node);
}

function sayAuthority({ output }: Context, { authority, listeners }: Status): void {
  const { root, issuing, nodes } = authority;
  output.row(
    'network',
    authority.network,
    `epoch ${authority.epoch}`,
    ...(authority.standing === 'ready' ? [] : [authority.standing]),
    `status address ${authority.statusAddress}`,
  );
  output.row('root', shortFingerprint(root.fingerprint), `${root.daysLeft} days left`);
  output.row('issuing', shortFingerprint(issuing.fingerprint), `${issuing.daysLeft} days left`);
  const counts = Object.entries(nodes).map(([role, count]) => plural(count, role));
  output.row('nodes', counts.join(', ') || 'none', plural(authority.liveJoinCodes, 'live join code'));
  output.row('escrow', plural(authority.escrowedRepositories, 'repository key'));
  for (const { name, sequence, current } of authority.mirrors)
    output.row('mirror', name, current ? 'has the whole log' : `has ${sequence} records`);
  if (listeners.length === 0) output.row('server', 'not running');
  for (const { url, services, clientCertificate, weaker } of listeners) {
    output.row('listener', url, services.join(' '), `client certificate: ${clientCertificate}`);
    for (const sentence of weaker) output.warn(sentence);
  }
  for (const { role, name, notAfter } of authority.ending) {
    output.warn(`certificate of ${role} ${name} ends ${formatTime(new Date(notAfter))}`);
  }
  for (const sentence of authority.warnings) output.warn(sentence);
}

function sayNode({ output, clock }: Context, node: Node): void {
  const { identity, certificate, state } = node;
  const left = formatRemaining(certificate.notAfter.getTime() - clock.now());
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  output.row(
    identity.role,
    identity.name,
    `of ${identity.network}`,
    `certificate ${left} left, renews in ${renewal}`,
  );
  output.row('servers', state.servers.join(', '));
  for (const { layout, directory } of state.exports) output.row('export', directory, layout);
  for (const { place, fingerprint } of escrowsIn(node.keystore))
    output.row('sealed', 'for the recovery kit', fingerprint, place);
  if (state.lastBackup === undefined) return;
  const { snapshot, time, files, bytes } = state.lastBackup;
  output.row(
    'backup',
    formatTime(new Date(time)),
    plural(files, 'file'),
    formatBytes(bytes),
    snapshot.slice(0, 8),
  );
}

function toJson(status: Status | undefined, node: Node | undefined): unknown {
  return {
    ...status,
    ...(node && {
      node: {
        ...node.identity,
        servers: node.state.servers,
        certificate: {
          serial: node.certificate.serial,
          fingerprint: node.certificate.fingerprint,
          notAfter: node.certificate.notAfter.toISOString(),
          renewal: node.renewalTime().toISOString(),
        },
        exports: node.state.exports,
        escrows: escrowsIn(node.keystore),
        lastBackup: node.state.lastBackup,
      },
    }),
  };
}
