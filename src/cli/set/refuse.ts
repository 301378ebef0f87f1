import { forgetLive, readSentSets, refuseSet, sentSetId } from '../../agent/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { checkIsSent } from './sent-name.ts';

/** `holdfast set refuse NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('run a backup set that the server sends no more on this machine; its snapshots stay')
      .argument('<name>', 'one of holdfast set sent')
      .addHelpText('after', '\nExamples:\n  holdfast set refuse documents\n');
  },
  run: refuse,
};

/** `holdfast set refuse NAME`: also what is sent under the name later is refused. */
async function refuse(context: Context, name: string): Promise<Answer> {
  const { node } = await openHome(context.home);
  const told = await readSentSets(node);
  checkIsSent(told, name);
  await refuseSet(node, name, true);
  for (const { id } of told.sets.filter((set) => set.name === name))
    await forgetLive(node, { id: sentSetId(id) });
  const rows = [
    row('refused', name),
    note(`the server is told; to have it run: holdfast set accept ${name}`),
  ];
  return { value: { name, refused: true }, rows };
}
