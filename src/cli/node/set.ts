import { Argument } from 'commander';
import type { OperationAnswer } from '../../admin/index.ts';
import { noQuota } from '../../authority/index.ts';
import { formatSize, HoldfastError, parseSize, sizeForm } from '../../base/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast node set NAME KEY VALUE` */
export const word: Word = {
  define: (command) => {
    command
      .description('decide what a client may do with its repositories, from the next request on')
      .argument('<name>', 'a client, as nodes --role client lists it')
      .addArgument(new Argument('<key>', 'what is decided').choices(['prune', 'quota']))
      .argument('<value>', 'of prune: on or off; of quota: a size such as 500GB, none, or default')
      .addHelpText('after', examples);
  },
  run: setNode,
};

const examples = `
prune   whether the client may remove packs, indexes, snapshots and keys. Without it a
        removal is refused, but of locks. What is removed rests in the trash.
quota   how much it may store; default is what the policy of the network says.

Examples:
  holdfast node set laptop prune on
  holdfast node set laptop quota 500GB
  holdfast node set laptop quota default
`;

/** `holdfast node set NAME KEY VALUE` */
async function setNode(
  context: Context,
  name: string,
  key: 'prune' | 'quota',
  text: string,
): Promise<Answer> {
  const change = key === 'prune' ? { prune: readSwitch(text) } : { quota: readQuota(text) };
  const bounds = await withAdmin(context, (admin) => admin.call('node.bound', { name, ...change }));
  return { value: bounds, rows: boundsRows(bounds) };
}

function readSwitch(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new HoldfastError('usage', `prune is on or off, found ${text}`);
}

/** Bytes; null for what the policy says. */
function readQuota(text: string): number | null {
  if (text === 'default') return null;
  const bytes = text === 'none' ? noQuota : parseSize(text);
  if (bytes !== undefined) return bytes;
  throw new HoldfastError('usage', `a quota is none, default, or ${sizeForm}; found ${text}`);
}

/** What a client may do, in lines. */
export function* boundsRows({ prune, quota, quarantinedAt }: OperationAnswer<'node.bound'>): Iterable<Row> {
  yield row('prune', prune ? 'on: what it removes rests in the trash' : 'off: nothing but locks is removed');
  yield row('quota', quotaText(quota));
  if (quarantinedAt !== null)
    yield row('quarantine', `since ${formatTime(new Date(quarantinedAt))}: it may restore, and nothing else`);
}

function quotaText(quota: number | null): string {
  if (quota === null) return 'as the policy says';
  return quota === noQuota ? 'none' : formatSize(quota);
}
