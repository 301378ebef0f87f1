import {
  changeSets,
  checkOwn,
  findSet,
  forgetSet,
  readAttempts,
  setNamed,
  setTag,
} from '../../agent/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast set remove NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('back a set up no more; its snapshots stay')
      .argument('<name>', 'one of holdfast set list')
      .addHelpText('after', '\nExamples:\n  holdfast set remove documents\n');
  },
  run: removeSet,
};

/** `holdfast set remove NAME`: a run of it that goes on ends as it would. */
async function removeSet(context: Context, name: string): Promise<Answer> {
  const home = await openHome(context.home);
  await checkOwn(home.node, name);
  const set = await findSet(home.node, name);
  const attempts = (await readAttempts(home.node, set)).length;
  await changeSets(home.node, (sets) => {
    const found = setNamed(sets, name);
    return sets.filter((each) => each !== found);
  });
  await forgetSet(home.node, set);
  const rows = [row('removed', name), note(`its snapshots stay, with the tag ${setTag(set)}`)];
  return { value: { name, id: set.id, attempts }, rows };
}
