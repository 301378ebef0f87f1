import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatBytes, formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast release list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the versions that were published for the machines of the network, the newest first')
      .addHelpText('after', '\nExamples:\n  holdfast release list\n  holdfast release list --json\n');
  },
  run: listReleases,
};

/** `holdfast release list` */
async function listReleases(context: Context): Promise<Answer> {
  const releases = await askAdmin(context, (admin) => admin.call('release.list', {}));
  const columns = [
    { heading: 'Version' },
    { heading: 'State' },
    { heading: 'Published' },
    { heading: 'Size', align: 'right' },
    { heading: 'Files', shrink: true },
  ] as const;
  const cells = releases.map(({ version, state, publishedAt, files }) => [
    version,
    state,
    formatTime(new Date(publishedAt)),
    formatBytes(files.reduce((sum, { bytes }) => sum + bytes, 0)),
    files.map(({ name }) => name).join(' '),
  ]);
  return {
    value: releases,
    rows: [table(columns, cells, 'no release was published: holdfast release publish FILE')],
  };
}
