import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { stateText, viewSets } from './set-view.ts';

/** `holdfast set list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list the backup sets of this machine, how each stands and when it runs next')
      .addHelpText('after', '\nExamples:\n  holdfast set list\n  holdfast set list --json\n');
  },
  run: listSets,
};

/** `holdfast set list` */
async function listSets(context: Context): Promise<Answer> {
  const home = await openHome(context.home);
  const sets = await viewSets(context, home);
  const columns = [
    { heading: 'Set' },
    { heading: 'From' },
    { heading: 'State' },
    { heading: 'Every' },
    { heading: 'Next' },
    { heading: 'Paths', shrink: true },
  ];
  const cells = sets.map((set) => [
    set.name,
    set.sentBy === undefined ? 'here' : `the server, ${set.sentBy}`,
    stateText(context, set),
    set.every,
    set.waits ?? formatTime(new Date(set.next)),
    set.paths.join(' '),
  ]);
  const none = 'this machine has no backup sets: holdfast set add NAME PATH --every 6h makes one';
  return { value: sets, rows: [table(columns, cells, none)] };
}
