import type { OperationAnswer } from '../admin/index.ts';
import { askAdmin, withAdmin } from './home/administering.ts';
import type { Context } from './program/context.ts';
import { type Answer, type Row, row, table } from './terminal/answer.ts';
import { formatBytes, formatCount, formatTime } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast scrub` */
export const word: Word = {
  define: (command) => {
    command
      .description('read every stored file of this server against its name now, and heal what is damaged')
      .option('--status', 'only say how far it has come, and what is damaged')
      .addHelpText('after', examples);
  },
  run: scrub,
};

const examples = `
A server reads its store by itself, slowly, each file at least every 30 days; by this word it begins anew and reads as fast as the disk
does. A damaged file is taken aside and never deleted. A good one comes from a replica; where none has it, the next backup of its client
sends again what was in it.

Examples:
  holdfast scrub
  holdfast scrub --status
  holdfast scrub --status --json
`;

type Scrubbed = OperationAnswer<'scrub.status'>;

/** `holdfast scrub` */
async function scrub(context: Context, { status = false }: { readonly status?: boolean }): Promise<Answer> {
  const scrubbed = status
    ? await askAdmin(context, (admin) => admin.call('scrub.status', {}))
    : await withAdmin(context, (admin) => admin.call('scrub.start', {}));
  return { value: scrubbed, rows: [nowRow(scrubbed), lastRow(scrubbed), ...damageRows(scrubbed)] };
}

function nowRow({ now }: Scrubbed): Row {
  if (now === undefined) return row('now', 'nothing is being read');
  const { began, objects, bytes, damaged } = now;
  const found = damaged === 0 ? 'all good' : `${formatCount(damaged)} damaged`;
  return row(
    'now',
    `${formatCount(objects)} files, ${formatBytes(bytes)}, ${found}`,
    `since ${timeText(began)}`,
  );
}

function lastRow({ last }: Scrubbed): Row {
  if (last === undefined) return row('last', 'never read to the end');
  const { ended, objects, bytes } = last;
  return row('last', `${formatCount(objects)} files, ${formatBytes(bytes)}`, `ended ${timeText(ended)}`);
}

function damageRows({ waiting, healed }: Scrubbed): Row[] {
  const cells = [
    ...waiting.map(({ repository, object, found }) => [
      repository,
      object,
      timeText(found),
      'waits for a good one',
    ]),
    ...healed.map(({ repository, object, found, by }) => [
      repository,
      object,
      timeText(found),
      `healed from ${by}`,
    ]),
  ];
  const headings = ['Repository', 'File', 'Found', 'State'].map((heading, at) => ({
    heading,
    shrink: at === 1,
  }));
  return [table(headings, cells, 'nothing was damaged in the last 30 days')];
}

function timeText(time: string): string {
  return formatTime(new Date(time));
}
