import type { OperationAnswer } from '../../admin/index.ts';
import { type Row, table } from '../terminal/answer.ts';
import { formatAge, formatBytes, formatShort, formatTime, plural } from '../terminal/format.ts';

/** A node as the server knows it. */
export type NodeOfList = OperationAnswer<'node.list'>[number];
type ReportedSetView = NonNullable<NodeOfList['report']>['sets'][number];

/** A table of the backup sets that nodes have told of, each in a line. */
export function setTable(nodes: readonly NodeOfList[], nowMs: number): Row {
  const ago = (time: string): string => formatShort(nowMs - Date.parse(time));
  return table(
    [
      { heading: 'Set', shrink: true },
      { heading: 'State' },
      { heading: 'Since', align: 'right' },
      { heading: 'Tried', align: 'right' },
      { heading: 'Result' },
      { heading: 'Snapshot', align: 'right' },
      { heading: 'Every', shrink: true },
      { heading: 'Size', align: 'right' },
      { heading: 'New', align: 'right' },
    ],
    setsOf(nodes).map(([node, set]) => {
      const { name, state, since, running, last, success, elsewhere, every } = set;
      const came = elsewhere ? success?.ended : success?.arrived;
      return [
        `${node}/${name}`,
        running ? `${state}, running` : state,
        ago(since),
        last === undefined ? '-' : ago(last.begun),
        last?.result ?? '',
        came === undefined ? '-' : ago(came),
        every,
        success?.bytes === undefined ? '' : formatBytes(success.bytes),
        success?.added === undefined ? '' : formatBytes(success.added),
      ];
    }),
  );
}

/** What of nodes wants somebody's attention: sets that are not ok, alarms, and certificates that ended under sets. */
export function attentionTo(nodes: readonly NodeOfList[], nowMs: number): string[] {
  return [...nodes.flatMap((node) => attentionToNode(node)), ...setsOf(nodes).flatMap(attention)];

  function attention([node, { name, state, since, why }]: readonly [string, ReportedSetView]): string[] {
    const age = formatAge(nowMs - Date.parse(since));
    return state === 'ok' ? [] : [`the set ${name} of client/${node} is ${state}, ${age}: ${why}`];
  }
}

function attentionToNode({ role, name, alarms = [], state, notAfter, report }: NodeOfList): string[] {
  const raised = alarms.map(({ alarm, detail }) => `${role}/${name}: ${alarm}, ${detail}`);
  const stopped =
    state === 'ended' && notAfter !== null && report !== undefined && report.total > 0
      ? [
          `the certificate of ${role}/${name} ended ${formatTime(new Date(notAfter))}, and with it stopped ${plural(report.total, 'set')}`,
        ]
      : [];
  const refused = (report?.refused ?? [])
    // What the owner of the machine does not want, somebody knows who said so.
    .filter(({ code }) => code !== 'set_refused')
    .map(
      (set) =>
        `${role}/${name} does not run the set ${set.name} that it is sent: ${set.message} [${set.code}]`,
    );
  return [...raised, ...stopped, ...refused];
}

function setsOf(nodes: readonly NodeOfList[]): (readonly [string, ReportedSetView])[] {
  return nodes.flatMap(({ name, report }) => (report?.sets ?? []).map((set) => [name, set] as const));
}
