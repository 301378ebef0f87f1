import { Option } from 'commander';
import { collectPages } from '../admin/index.ts';
import { type Role, roles } from '../pki/index.ts';
import { askAdmin } from './home/administering.ts';
import { attentionTo, type NodeOfList, setTable, waitingTexts } from './node/reported-sets.ts';
import { boundsRows } from './node/set.ts';
import { parseLimit } from './options/option-values.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import { provenText } from './set/set-view.ts';
import { type Answer, line, type Row, row, table, warning } from './terminal/answer.ts';
import {
  formatAge,
  formatBytes,
  formatRemaining,
  formatShort,
  formatTime,
  plural,
} from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast nodes` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the nodes of the network: when each came last and how, its newest backup, and how its backup sets stand',
      )
      .addOption(new Option('--role <role>', 'only of this role').choices(roles))
      .option('--name <name>', 'only the node with this name, with every way it came')
      .option('--limit <n>', 'how many at most (default: 1000)', parseLimit)
      .option('--check', 'say on one line whether a node needs attention, with exit code 4 when it does')
      .addHelpText('after', examples);
  },
  run: listNodes,
};

const examples = `
Program and policy of a node are what it says of itself, and so are its backup sets; whether one is late, missed or silent says the clock
here. A backup counts from when it came here.

Examples:
  holdfast nodes
  holdfast nodes --role client --json
  holdfast nodes --name laptop
  holdfast nodes --check          # for Nagios and Icinga, cron and scripts
`;

const defaultLimit = 1000;

interface NodesOptions {
  readonly role?: Role;
  readonly name?: string;
  readonly limit?: number;
  readonly check?: boolean;
}

/** `holdfast nodes` */
async function listNodes(
  context: Context,
  { role, name, limit, check = false }: NodesOptions,
): Promise<Answer> {
  const nodes = await askAdmin(context, (admin) =>
    collectPages<NodeOfList>(
      ({ after, limit: wanted }) =>
        admin.call('node.list', { role, name, after: after && `${after.role}/${after.name}`, limit: wanted }),
      limit ?? (check ? Number.POSITIVE_INFINITY : defaultLimit),
    ),
  );
  const nowMs = context.clock.now();
  if (check) return checkOf(nodes, nowMs);
  return { value: nodes, rows: name === undefined ? nodeRows(nodes, nowMs) : waysOf(nodes, nowMs) };
}

/** The one line of `--check`. */
function checkOf(nodes: readonly NodeOfList[], nowMs: number): Answer {
  const attention = attentionTo(nodes, nowMs);
  const sets = nodes.reduce((sum, { report }) => sum + (report?.total ?? 0), 0);
  const said =
    attention.length === 0
      ? `OK - nothing needs attention, ${plural(nodes.length, 'node')}, ${plural(sets, 'backup set')}`
      : `ATTENTION - ${attention.join(' | ')}`;
  const rows = [line(`HOLDFAST ${said}`)];
  return { value: nodes, rows, ...(attention.length > 0 && { exitCode: exitCode.attention }) };
}

function* nodeRows(nodes: readonly NodeOfList[], nowMs: number): Iterable<Row> {
  yield nodeTable(nodes, nowMs);
  if (nodes.some(({ report }) => report !== undefined)) yield setTable(nodes, nowMs);
  for (const node of nodes) yield* weakerRows(node);
  for (const sentence of attentionTo(nodes, nowMs)) yield warning(sentence);
}

/** A table of nodes, each in a line. */
export function nodeTable(nodes: readonly NodeOfList[], nowMs: number): Row {
  return table(
    [
      { heading: 'Node', shrink: true },
      { heading: 'Seen', align: 'right' },
      { heading: 'Address', shrink: true },
      { heading: 'TLS' },
      { heading: 'Group' },
      { heading: 'Program', shrink: true },
      { heading: 'Ends', align: 'right' },
      { heading: 'Backup', align: 'right' },
    ],
    nodes.map(({ role, name, state, notAfter, lastBackup, bounds, seen: [last] }) => [
      [`${role}/${name}`, ...standingOf(state, bounds)].join(' '),
      last === undefined ? '-' : ago(last.seenAt, nowMs),
      last?.address ?? '',
      last?.protocol?.replace('TLS ', '') ?? (last?.kind === 'plain' ? 'plain' : ''),
      last?.group ?? '',
      last?.software?.replace(/^holdfast\//, '') ?? '',
      notAfter === null ? '' : formatShort(Date.parse(notAfter) - nowMs),
      lastBackup === null ? '' : ago(lastBackup, nowMs),
    ]),
    'nobody has joined yet',
  );
}

/** What is not as usual of a node. */
function standingOf(state: NodeOfList['state'], bounds: NodeOfList['bounds']): string[] {
  const quarantined = bounds !== undefined && bounds.quarantinedAt !== null;
  return [...(state === 'revoked' ? ['revoked'] : []), ...(quarantined ? ['quarantined'] : [])];
}

function ago(time: string, nowMs: number): string {
  return formatShort(nowMs - Date.parse(time));
}

/** All that is known of each node. */
function* waysOf(nodes: readonly NodeOfList[], nowMs: number): Iterable<Row> {
  for (const node of nodes) {
    const { role, name, state, notAfter, lastBackup, usage, bounds, seen } = node;
    const end =
      notAfter === null ? [] : [`certificate ends in ${formatRemaining(Date.parse(notAfter) - nowMs)}`];
    yield row(role, name, state, ...end);
    if (node.storage !== undefined) yield* storageRows(node.storage, nowMs);
    else yield row('backup', lastBackup === null ? 'none came here' : whenOf(lastBackup, nowMs));
    if (usage !== undefined) yield row('stored', ...storedParts(usage));
    if (bounds !== undefined) yield* boundsRows(bounds);
    yield* reportRows(node, nowMs);
    if (seen.length === 0) yield row('seen', 'never');
    for (const { service, listener, address, kind, protocol, group, cipher, by, software, seenAt } of seen) {
      if (kind === 'tls' && protocol === null) {
        yield row('seen', whenOf(seenAt, nowMs), 'by its newest snapshot in the store');
        continue;
      }
      const line = protocol === null ? ['plain'] : [protocol, group ?? '', cipher ?? ''];
      const who = [...(by === null ? [] : [`by ${by}`]), ...(software === null ? [] : [software])];
      yield row('seen', whenOf(seenAt, nowMs), `${service} on ${listener}`, address, ...line, ...who);
    }
    yield* weakerRows(node);
  }
  for (const sentence of attentionTo(nodes, nowMs)) yield warning(sentence);
  if (nodes.length === 0) yield row('nodes', 'none has this name');
}

function whenOf(time: string, nowMs: number): string {
  return `${formatTime(new Date(time))} (${formatAge(nowMs - Date.parse(time))})`;
}

/** What a storage node says of itself. */
function* storageRows(
  { servers, told, viewMade, problem, capacity, free, stored }: NonNullable<NodeOfList['storage']>,
  nowMs: number,
): Iterable<Row> {
  yield row('serves', ...(servers.length === 0 ? ['nowhere yet: holdfast serve starts it there'] : servers));
  if (told === null) return;
  yield row('told', whenOf(told, nowMs), ...(problem === null ? [] : [problem]));
  if (viewMade !== null) yield row('goes by', `what it was told ${whenOf(viewMade, nowMs)}`);
  const room =
    capacity === null || free === null ? [] : [`${formatBytes(free)} of ${formatBytes(capacity)} free`];
  yield row('stored', stored === null ? 'not counted yet' : formatBytes(stored), ...room);
}

function storedParts({ stored, trash, growth = 0 }: NonNullable<NodeOfList['usage']>): string[] {
  const grown = `${growth < 0 ? '-' : '+'}${formatBytes(Math.abs(growth))} in 7 days`;
  return [formatBytes(stored), grown, `${formatBytes(trash)} in the trash`];
}

/** What a node says of its backup sets. */
function* reportRows({ report }: NodeOfList, nowMs: number): Iterable<Row> {
  if (report === undefined) return;
  const { received, agent, total, sets, refused = [] } = report;
  const agentRuns = agent ? 'its agent runs' : 'no agent runs there';
  yield row('told', whenOf(received, nowMs), plural(total, 'backup set'), agentRuns);
  for (const set of sets) {
    const { name, state, since, next, success, elsewhere, drill } = set;
    const { ended, arrived, bytes } = success ?? {};
    const came = elsewhere ? ended : arrived;
    const size = bytes === undefined ? [] : [formatBytes(bytes)];
    const snapshot = came === undefined ? 'no snapshot is here' : `snapshot ${whenOf(came, nowMs)}`;
    const where = elsewhere ? ['elsewhere'] : [];
    const age = formatAge(nowMs - Date.parse(since));
    yield row(
      'set',
      name,
      `${state}, ${age}`,
      snapshot,
      provenText({ clock: { now: () => nowMs } }, drill),
      ...size,
      ...where,
      ...waitingTexts(set),
      `next ${formatTime(new Date(next))}`,
    );
  }
  for (const { name, code, message } of refused) yield row('refuses', name, `${message} [${code}]`);
}

function* weakerRows({ role, name, seen }: NodeOfList): Iterable<Row> {
  const told = seen.find(({ kind }) => kind === 'tls')?.weaker ?? [];
  if (told.length > 0) yield warning(weakerSentence(`${role}/${name}`, told));
}

/** What is said of a node that dials by less than the default. */
export function weakerSentence(by: string, keys: readonly string[]): string {
  return `${by} says that it dials by less than the default: ${keys.join(', ')}; on that machine: holdfast client show`;
}
