import { readSentSets, refuseSet } from '../../agent/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { checkIsSent } from './sent-name.ts';

/** `holdfast set accept NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('take back that a backup set which the server sends was refused here')
      .argument('<name>', 'one of holdfast set sent')
      .addHelpText('after', '\nExamples:\n  holdfast set accept documents\n');
  },
  run: accept,
};

/** `holdfast set accept NAME`: what `agent.allow` says holds as before. */
async function accept(context: Context, name: string): Promise<Answer> {
  const { node } = await openHome(context.home);
  checkIsSent(await readSentSets(node), name);
  await refuseSet(node, name, false);
  const rows = [row('accepted', name), note('it runs as far as agent.allow goes: holdfast set sent')];
  return { value: { name, refused: false }, rows };
}
