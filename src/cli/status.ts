import type { OperationAnswer } from '../admin/index.ts';
import { escrowsIn, type Node, openNode, readNodeState, serverPlace } from '../agent/index.ts';
import { hasAuthority } from '../authority/index.ts';
import { askAdmin } from './home/administering.ts';
import { openHome } from './home/home.ts';
import type { Context } from './program/context.ts';
import {
  type BackupStanding,
  backupStanding,
  sayBackups,
  standingToJson,
} from './repository/backup-standing.ts';
import { missedSnapshots } from './repository/missed-snapshots.ts';
import { formatAge, formatRemaining, formatTime, plural, shortFingerprint } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast status` */
export const word: Word = {
  define: (command) => {
    command.addHelpText('after', '\nExamples:\n  holdfast status\n  holdfast status --json\n');
  },
  run: showStatus,
};

type Status = OperationAnswer<'status'>;

/** `holdfast status`: the authority when it is here, this machine as a client, and what needs attention. */
export async function showStatus(context: Context): Promise<void> {
  const home = await openHome(context.home);
  const status = (await hasAuthority(home.path))
    ? await askAdmin(context, (admin) => admin.call('status', {}), 'when damaged')
    : undefined;
  const node = (await readNodeState(home.node)) === undefined ? undefined : await openNode(home.node);
  const backups = await backupStanding(context, home, node?.state);
  const warnings = [
    ...(status === undefined ? [] : warningsOf(status)),
    ...nodeWarnings(context, node),
    ...backups.warnings,
    ...(await missedSnapshots(context, home)),
  ];
  if (context.output.json) return context.output.value({ ...toJson(status, node, backups), warnings });
  if (status !== undefined) sayAuthority(context, status);
  if (node !== undefined) sayNode(context, node);
  sayBackups(context, backups);
  for (const sentence of warnings) context.output.warn(sentence);
  if (warnings.length === 0) context.output.row('attention', 'nothing needs any');
}

function sayAuthority(context: Context, { authority, listeners, store, bound = [] }: Status): void {
  const { output, clock } = context;
  const { nodes } = authority;
  output.row(
    'network',
    authority.network,
    `epoch ${authority.epoch}`,
    ...(authority.standing === 'ready' ? [] : [authority.standing]),
    `status address ${authority.statusAddress}`,
  );
  sayCertificate(context, 'root', authority.root);
  sayCertificate(context, 'issuing', authority.issuing);
  const counts = Object.entries(nodes).map(([role, count]) => plural(count, role));
  output.row('nodes', counts.join(', ') || 'none', plural(authority.liveJoinCodes, 'live join code'));
  if (authority.waitingRequests > 0)
    output.row(
      'requests',
      `${plural(authority.waitingRequests, 'request')} to decide on: holdfast request list`,
    );
  output.row('escrow', plural(authority.escrowedRepositories, 'repository key'));
  sayAuthorityBackups(context, authority.backup);
  for (const { name, sequence, current } of authority.mirrors)
    output.row('mirror', name, current ? 'has the whole log' : `has ${sequence} records`);
  if (store !== undefined)
    output.row('store', store.directory, ...(store.problem === null ? [] : ['is not there']));
  if (listeners.length === 0) output.row('server', 'not running');
  for (const { url, services, clientCertificate } of listeners)
    output.row('listener', url, services.join(' '), `client certificate: ${clientCertificate}`);
  for (const { target, notAfter, state } of bound) {
    const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
    output.row('bound', target, state === 'ended' ? 'certificate ended' : `certificate ${left} left`);
  }
}

/** What wants doing stands last, where the eye of whoever asked is. */
function warningsOf({ authority, listeners, store, bound = [] }: Status): string[] {
  return [
    ...(store === undefined || store.problem === null ? [] : [store.problem]),
    ...listeners.flatMap(({ weaker }) => weaker),
    ...authority.ending.map(
      ({ role, name, notAfter }) => `certificate of ${role} ${name} ends ${formatTime(new Date(notAfter))}`,
    ),
    ...bound.flatMap(({ target, notAfter, state }) =>
      state === 'good'
        ? []
        : [
            `the certificate bound to the ${target} ${state === 'ended' ? 'ended' : 'ends'} ${formatTime(new Date(notAfter))}, ` +
              'and nobody renews it by itself: holdfast tls bind FILE',
          ],
    ),
    ...authority.warnings,
  ];
}

function nodeWarnings({ clock }: Context, node: Node | undefined): string[] {
  if (node === undefined || node.certificate.notAfter.getTime() > clock.now()) return [];
  const end = formatTime(node.certificate.notAfter);
  return [`the certificate of this machine ended ${end}: holdfast cert renew asks for the next one`];
}

function sayCertificate(
  { output, clock }: Context,
  label: string,
  { fingerprint, notAfter }: Status['authority']['root'],
): void {
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  output.row(label, shortFingerprint(fingerprint), left === 'now' ? 'ended' : `${left} left`);
}

/** The newest copy of the authority itself, and when there is to be another. */
function sayAuthorityBackups(
  { output, clock }: Context,
  { newest, scheduled, dueAt }: Status['authority']['backup'],
): void {
  const left = formatRemaining(new Date(dueAt).getTime() - clock.now());
  const next = `next ${scheduled ? 'by itself' : 'by hand'} ${left === 'now' ? 'is due' : `in ${left}`}`;
  if (newest === undefined) return output.row('ca backup', 'none yet', next);
  output.row(
    'ca backup',
    formatAge(clock.now() - new Date(newest.madeAt).getTime()),
    `in ${newest.place}`,
    ...(newest.problem === undefined ? [] : ['found damaged']),
    next,
  );
}

function sayNode({ output, clock }: Context, node: Node): void {
  const { identity, certificate, state } = node;
  const left = formatRemaining(certificate.notAfter.getTime() - clock.now());
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  const renews = renewal === 'now' ? 'renewal is due' : `renews in ${renewal}`;
  output.row(
    identity.role,
    identity.name,
    `of ${identity.network}`,
    `certificate ${left === 'now' ? 'ended' : `${left} left, ${renews}`}`,
  );
  output.row('servers', state.servers.join(', '));
  for (const { layout, directory } of state.exports) output.row('export', directory, layout);
  for (const { place, fingerprint } of escrowsIn(node.keystore))
    output.row('sealed', 'for the recovery kit', fingerprint, place);
}

function toJson(
  status: Status | undefined,
  node: Node | undefined,
  backups: BackupStanding,
): Readonly<Record<string, unknown>> {
  const own = backups.records.find(({ place }) => place === serverPlace);
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
        lastBackup: own?.success,
      },
    }),
    backups: standingToJson(backups),
  };
}
