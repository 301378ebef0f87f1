import type { AdminClient } from '../admin/index.ts';
import {
  escrowsIn,
  type LastConnection,
  type Node,
  openNode,
  readLastConnection,
  readNodeState,
  serverPlace,
} from '../agent/index.ts';
import { hasAuthority, readWaiting, type WaitingAuthority } from '../authority/index.ts';
import { type Clock, compareVersions, programVersion } from '../base/index.ts';
import { weakerClientPolicy, weakerConnection } from '../policy/index.ts';
import { isQuotaLow, type QuotaState } from '../transport/index.ts';
import { sharedKeys } from '../trust/index.ts';
import { askAdmin, type NetworkStatus, networkStatus } from './home/administering.ts';
import { openHome } from './home/home.ts';
import { aloneSettings } from './home/settings.ts';
import { waitingRows, waitingView } from './home/waiting-authority.ts';
import { type KeptJobView, keptJobRows, keptJobs } from './job/kept-jobs.ts';
import type { NodeOfList } from './node/reported-sets.ts';
import { nodeTable, weakerSentence } from './nodes.ts';
import { noticeWarnings } from './notice/own-notices.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import {
  type BackupHistory,
  backupHistory,
  backupHistoryJson,
  backupRows,
  missedSnapshots,
} from './repository/backup-history.ts';
import { quotaSentence, storedText } from './repository/quota-ear.ts';
import { boundRows, boundWarnings } from './serving/bound-view.ts';
import { type SetStanding, type SetView, setStanding, standingRows } from './set/set-view.ts';
import { ownLinkConcerns } from './site/own-concerns.ts';
import { type Answer, line, note, type Row, row, warning } from './terminal/answer.ts';
import {
  formatAge,
  formatCount,
  formatRemaining,
  formatTime,
  plural,
  shortFingerprint,
} from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast status` */
export const word: Word = {
  define: (command) => {
    command
      .option('--check', 'say on one line whether something needs attention, with exit code 4 when it does')
      .addHelpText('after', examples);
  },
  run: statusOrCheck,
};

const examples = `
Examples:
  holdfast status
  holdfast status --json
  holdfast status --check        # for Nagios and Icinga, cron and scripts
`;

/** `holdfast status`, or the one line of `--check`. */
async function statusOrCheck(
  context: Context,
  { check = false }: { readonly check?: boolean },
): Promise<Answer> {
  const answer = await showStatus(context);
  if (!check) return answer;
  const { value } = answer;
  const count = value.warnings.length;
  const said =
    count === 0
      ? `OK - nothing needs attention, ${plural(value.sets.length, 'backup set')}`
      : `ATTENTION - ${value.warnings.join(' | ')}`;
  const rows = [line(`HOLDFAST ${said}`)];
  return { value, rows, ...(count > 0 && { exitCode: exitCode.attention }) };
}

/** Of the server of a network. */
type Status = NetworkStatus;

/** `holdfast status`: the authority when it is here, this machine as a client, and what needs attention. */
export async function showStatus(context: Context): Promise<Answer<SetStanding>> {
  const home = await openHome(context.home);
  if ((await aloneSettings(home)) !== undefined) {
    const { aloneStatus } = await import('./serving/serving-alone.ts');
    return await aloneStatus(context, home);
  }
  const asked = (await hasAuthority(home.path))
    ? await askAdmin(context, askServer, 'when damaged')
    : undefined;
  const { status, nodes = [] } = asked ?? {};
  const node = (await readNodeState(home.node)) === undefined ? undefined : await openNode(home.node);
  const waiting = await readWaiting(home.path);
  const connection = await readLastConnection(home.node);
  const backups = await backupHistory(context, home, node?.state);
  const { sets, warnings: setWarnings } = await setStanding(context, home);
  const { jobs, warnings: jobWarnings } = await keptJobs(home);
  const warnings = [
    ...(status === undefined ? [] : warningsOf(status)),
    ...nodeWarnings(context, node),
    ...quotaWarnings(connection),
    ...sharedKeys(node?.localAnchors ?? []),
    ...backups.warnings,
    ...(await missedSnapshots(context, home)),
    ...setWarnings,
    ...jobWarnings,
    ...(await noticeWarnings(context, home)),
    ...(await ownLinkConcerns(home, context.clock.now())).map(({ text }) => text),
  ];
  const shown = { waiting, status, nodes, node, connection, backups, sets, jobs, warnings };
  const value = { ...(waiting && { waiting: waitingView(waiting) }), ...toJson(shown), sets, warnings };
  return { value, rows: statusRows(context, shown) };
}

interface Shown {
  readonly waiting: WaitingAuthority | undefined;
  readonly status: Status | undefined;
  /** The first of them. */
  readonly nodes: readonly NodeOfList[];
  readonly node: Node | undefined;
  readonly connection: LastConnection;
  readonly backups: BackupHistory;
  readonly sets: readonly SetView[];
  /** What the server wanted of this machine. */
  readonly jobs: readonly KeptJobView[];
  readonly warnings: readonly string[];
}

function* statusRows(
  context: Context,
  { waiting, status, nodes, node, connection, backups, sets, jobs, warnings }: Shown,
): Iterable<Row> {
  if (waiting !== undefined) yield* waitingRows(waiting);
  if (status !== undefined) yield* authorityRows(context, status);
  if (node !== undefined) {
    yield* nodeRows(context, node);
    yield* connectionRows(context, connection);
  }
  yield* backupRows(context, backups);
  yield* standingRows(context, sets);
  yield* keptJobRows(jobs);
  if (nodes.length > 0) yield nodeTable(nodes.slice(0, maxNodes), context.clock.now());
  if (nodes.length > maxNodes) yield note('there are more nodes: holdfast nodes lists them all');
  for (const sentence of warnings) yield warning(sentence);
  if (warnings.length === 0 && waiting === undefined) yield row('attention', 'nothing needs any');
}

/** So many nodes are shown; `holdfast nodes` has them all. */
const maxNodes = 50;

async function askServer(admin: AdminClient): Promise<{ status: Status; nodes: readonly NodeOfList[] }> {
  const status = await networkStatus(admin);
  return { status, nodes: await admin.call('node.list', { limit: maxNodes + 1 }) };
}

function* authorityRows({ clock }: Context, status: Status): Iterable<Row> {
  const { authority, listeners, store } = status;
  const { nodes } = authority;
  yield row(
    'network',
    authority.network,
    `epoch ${authority.epoch}`,
    ...(authority.standing === 'ready' ? [] : [authority.standing]),
    `status address ${authority.statusAddress}`,
  );
  yield certificateRow(clock, 'root', authority.root);
  yield certificateRow(clock, 'issuing', authority.issuing);
  const counts = Object.entries(nodes).map(([role, count]) => plural(count, role));
  yield row('nodes', counts.join(', ') || 'none', plural(authority.liveJoinCodes, 'live join code'));
  if (authority.waitingRequests > 0)
    yield row(
      'requests',
      `${plural(authority.waitingRequests, 'request')} to decide on: holdfast request list`,
    );
  yield row('escrow', plural(authority.escrowedRepositories, 'repository key'));
  yield authorityBackupRow(clock, authority.backup);
  for (const { name, sequence, current } of authority.mirrors)
    yield row('mirror', name, current ? 'has the whole log' : `has ${sequence} records`);
  if (store !== undefined)
    yield row('store', store.directory, ...(store.problem === null ? [] : ['is not there']));
  const { refusals = [] } = authority;
  if (refusals.length > 0)
    yield row(
      'refused',
      ...refusals.map(({ code, times }) => `${code} ${formatCount(times)}`),
      'in the last day',
    );
  if (listeners.length === 0) yield row('server', 'not running');
  for (const { url, services, clientCertificate } of listeners)
    yield row('listener', url, services.join(' '), `client certificate: ${clientCertificate}`);
  yield* boundRows(clock, status);
}

/** What wants doing stands last, where the eye of whoever asked is. */
function warningsOf(status: Status): string[] {
  const { authority, listeners, letIn = [], weakerNodes = [], store } = status;
  return [
    ...boundWarnings(status),
    ...(store === undefined || store.problem === null ? [] : [store.problem]),
    ...listeners.flatMap(({ weaker }) => weaker),
    ...letIn.map(
      ({ listener, by, cause, times, last }) =>
        `${by} came to listener ${listener} by a bearer token and without a good certificate ${plural(times, 'time')}, ` +
        `last ${formatTime(new Date(last))}: ${cause}`,
    ),
    ...weakerNodes.map(({ by, keys }) => weakerSentence(by, keys)),
    ...authority.ending.map(
      ({ role, name, notAfter }) => `certificate of ${role} ${name} ends ${formatTime(new Date(notAfter))}`,
    ),
    ...authority.warnings,
  ];
}

function nodeWarnings({ clock }: Context, node: Node | undefined): string[] {
  if (node === undefined) return [];
  const weaker = [...weakerClientPolicy(node.clientPolicy)].map(
    ([key, sentence]) =>
      `${key} of this machine is weaker than the default: ${sentence}; holdfast client show`,
  );
  const newer = newerRelease(node);
  const all = newer === undefined ? weaker : [...weaker, newer];
  if (node.certificate.notAfter.getTime() > clock.now()) return all;
  const end = formatTime(node.certificate.notAfter);
  return [...all, `the certificate of this machine ended ${end}: holdfast cert renew asks for the next one`];
}

/** That little is left of what this machine may store. */
function quotaWarnings({ stored }: LastConnection): string[] {
  return stored === undefined || !isQuotaLow(quotaOf(stored)) ? [] : [quotaSentence(quotaOf(stored))];
}

/** With a quota that is not there as undefined. */
function quotaOf({ usedBytes, quotaBytes }: NonNullable<LastConnection['stored']>): QuotaState {
  return { usedBytes, quotaBytes };
}

/** What is to be said where the network offers a newer version than the one that runs. */
function newerRelease({ state: { release } }: Node): string | undefined {
  if (release?.version == null || compareVersions(release.version, programVersion()) <= 0) return undefined;
  return `${release.version} is published, and ${programVersion()} runs here: holdfast update`;
}

function certificateRow(
  clock: Clock,
  label: string,
  { fingerprint, notAfter }: Status['authority']['root'],
): Row {
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  return row(label, shortFingerprint(fingerprint), left === 'now' ? 'ended' : `${left} left`);
}

/** The newest copy of the authority itself, and when there is to be another. */
function authorityBackupRow(clock: Clock, { newest, scheduled, dueAt }: Status['authority']['backup']): Row {
  const left = formatRemaining(new Date(dueAt).getTime() - clock.now());
  const next = `next ${scheduled ? 'by itself' : 'by hand'} ${left === 'now' ? 'is due' : `in ${left}`}`;
  if (newest === undefined) return row('ca backup', 'none yet', next);
  const age = formatAge(clock.now() - new Date(newest.madeAt).getTime());
  const problem = newest.problem === undefined ? [] : ['found damaged'];
  return row('ca backup', age, `in ${newest.place}`, ...problem, next);
}

function* nodeRows({ clock }: Context, node: Node): Iterable<Row> {
  const { identity, certificate, state } = node;
  const left = formatRemaining(certificate.notAfter.getTime() - clock.now());
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  const renews = renewal === 'now' ? 'renewal is due' : `renews in ${renewal}`;
  yield row(
    identity.role,
    identity.name,
    `of ${identity.network}`,
    `certificate ${left === 'now' ? 'ended' : `${left} left, ${renews}`}`,
  );
  yield row('servers', state.servers.join(', '));
  for (const { layout, directory } of state.exports) yield row('export', directory, layout);
  for (const { place, fingerprint } of escrowsIn(node.keystore))
    yield row('sealed', 'for the recovery kit', fingerprint, place);
}

/** How the newest connection was protected, and why the newest that did not come about did not. */
function* connectionRows({ clock }: Context, { made, failed, stored }: LastConnection): Iterable<Row> {
  const age = (time: string): string => formatAge(clock.now() - Date.parse(time));
  if (made !== undefined) {
    const { server, protocol, group, cipher, certificate, doubt } = made;
    const weaker = weakerConnection(made).map((sentence) => `weaker than the default: ${sentence}`);
    yield row('connection', server, protocol, group, cipher, age(made.time), ...weaker);
    if (certificate !== undefined) {
      const left = formatRemaining(Date.parse(certificate.notAfter) - clock.now());
      const end = left === 'now' ? 'ended' : `${left} left`;
      yield row(
        'its server',
        certificate.subject,
        shortFingerprint(certificate.fingerprint),
        `certificate ${end}`,
      );
    }
    if (doubt !== undefined) yield row('unproven', doubt);
  }
  if (failed !== undefined) yield row('failed', age(failed.time), failed.code, failed.message);
  if (stored !== undefined)
    yield row('stored', `${storedText(quotaOf(stored))} at the server`, age(stored.time));
}

function toJson({
  status,
  nodes,
  node,
  connection,
  backups,
  jobs,
}: Shown): Readonly<Record<string, unknown>> {
  const own = backups.records.find(({ place }) => place === serverPlace);
  return {
    ...status,
    ...(status && { nodes: nodes.slice(0, maxNodes) }),
    ...(node && {
      node: {
        ...node.identity,
        servers: node.state.servers,
        policy: node.clientPolicy,
        weaker: [...weakerClientPolicy(node.clientPolicy).keys()],
        certificate: {
          serial: node.certificate.serial,
          fingerprint: node.certificate.fingerprint,
          notAfter: node.certificate.notAfter.toISOString(),
          renewal: node.renewalTime().toISOString(),
        },
        exports: node.state.exports,
        escrows: escrowsIn(node.keystore),
        lastBackup: own?.success,
        connection: connection.made && { ...connection.made, weaker: weakerConnection(connection.made) },
        lastFailure: connection.failed,
        stored: connection.stored,
      },
    }),
    backups: backupHistoryJson(backups),
    ...(jobs.length > 0 && { jobs }),
  };
}
