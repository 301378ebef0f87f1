import type { OperationAnswer } from '../../admin/index.ts';
import { isDrillAlarm } from '../../agent/index.ts';
import { minuteMs } from '../../base/index.ts';
import { whyUnproven } from '../set/set-view.ts';
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
      { heading: 'Proven', align: 'right' },
      { heading: 'Every', shrink: true },
      { heading: 'Size', align: 'right' },
      { heading: 'New', align: 'right' },
    ],
    setsOf(nodes).map(([node, set]) => {
      const { name, state, since, running, last, success, elsewhere, every, drill } = set;
      const came = elsewhere ? success?.ended : success?.arrived;
      return [
        `${node}/${name}`,
        [state, ...(running ? ['running'] : []), ...waitingTexts(set)].join(', '),
        ago(since),
        last === undefined ? '-' : ago(last.begun),
        last?.result ?? '',
        came === undefined ? '-' : ago(came),
        provenCell(drill, ago),
        every,
        success?.bytes === undefined ? '' : formatBytes(success.bytes),
        success?.added === undefined ? '' : formatBytes(success.added),
      ];
    }),
  );
}

/** Since when it is known that a set can be restored, or what is known to the contrary. */
function provenCell(drill: ReportedSetView['drill'], ago: (time: string) => string): string {
  if (drill === undefined) return '-';
  if (isDrillAlarm(drill.result)) return drill.result;
  return drill.proven === undefined ? '-' : ago(drill.proven);
}

/** What of nodes wants somebody's attention: sets that are not ok, alarms, and certificates that ended under sets. */
export function attentionTo(nodes: readonly NodeOfList[], nowMs: number): string[] {
  return [
    ...nodes.flatMap((node) => [...attentionToNode(node), ...attentionToStorage(node, nowMs)]),
    ...setsOf(nodes).flatMap(attention),
  ];

  function attention([node, set]: readonly [string, ReportedSetView]): string[] {
    const { name, state, since, why, waiting, drill, unproven } = set;
    const about = `the set ${name} of client/${node}`;
    const ago = (time: string): string => formatAge(nowMs - Date.parse(time));
    const standing = [
      ...(waiting?.refused === true
        ? [`client/${node} has no more room for versions of ${name} that wait there`]
        : []),
      ...(state === 'ok' ? [] : [`${about} is ${state}, ${ago(since)}: ${why}`]),
    ];
    if (drill !== undefined && isDrillAlarm(drill.result))
      return [
        ...standing,
        `the restore drill of ${about} found it ${drill.result}, ${ago(drill.ended)}: ${drill.found}`,
      ];
    if (unproven === undefined) return standing;
    return [
      ...standing,
      `nothing proves since ${formatTime(new Date(unproven))} that ${about} can be restored: ${whyUnproven(drill)}`,
    ];
  }
}

/** What of a set waits on its machine. */
export function waitingTexts({ waiting }: ReportedSetView): string[] {
  return waiting === undefined ? [] : [`${plural(waiting.versions, 'version')} wait there`];
}

/** A storage node tells each minute how it is. */
const silentMs = 15 * minuteMs;

/** Of a storage node that serves nothing, or that nothing is heard of. */
function attentionToStorage({ name, storage }: NodeOfList, nowMs: number): string[] {
  if (storage === undefined) return [];
  const { problem, attention, told } = storage;
  if (problem !== null) return [`storage/${name} serves no repositories: ${problem}`];
  if (told === null) return [`storage/${name} was never started`];
  const silence = nowMs - Date.parse(told);
  return [
    ...(silence > silentMs ? [`nothing was heard of storage/${name}, ${formatAge(silence)}`] : []),
    ...(attention === null ? [] : [`storage/${name}: ${attention}`]),
  ];
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
