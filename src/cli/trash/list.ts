import type { OperationAnswer } from '../../admin/index.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatBytes, formatCount } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast trash list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list what clients have removed and what still rests, by repository and by day')
      .option('--client <name>', 'only of this client')
      .option('--repository <name>', 'only of its further repository of this name')
      .addHelpText('after', examples);
  },
  run: listTrash,
};

const examples = `
A removal counts from when the server did it. What is locked goes before its time for nobody.

Examples:
  holdfast trash list
  holdfast trash list --client laptop --json
`;

/** What of the trash is meant. */
export interface TrashOptions {
  readonly client?: string;
  readonly repository?: string;
}

/** `holdfast trash list` */
async function listTrash(context: Context, { client, repository }: TrashOptions): Promise<Answer> {
  const groups = await askAdmin(context, (admin) => admin.call('trash.list', { client, repository }));
  return {
    value: groups,
    rows: [
      table(
        [
          { heading: 'Client', shrink: true },
          { heading: 'Removed' },
          { heading: 'Snapshots', align: 'right' },
          { heading: 'Objects', align: 'right' },
          { heading: 'Size', align: 'right' },
          { heading: 'Locked until' },
          { heading: 'Goes' },
        ],
        groups.map(cellsOf),
        'nothing rests in the trash',
      ),
    ],
  };
}

function cellsOf(group: OperationAnswer<'trash.list'>[number]): string[] {
  const { client, repository, removedOn, snapshots, objects, bytes, lockedUntil, goesAt } = group;
  return [
    repository === null ? client : `${client}/${repository}`,
    dayOf(removedOn),
    formatCount(snapshots),
    formatCount(objects),
    formatBytes(bytes),
    lockedUntil === null ? '' : dayOf(lockedUntil),
    dayOf(goesAt),
  ];
}

function dayOf(time: string): string {
  return time.slice(0, '2026-11-21'.length);
}
