import { changeSets, checkOwn, checkSetName, setNamed } from '../../agent/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { checkFree } from './add.ts';

/** `holdfast set rename NAME NEW-NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('call a backup set otherwise; its history and its snapshots stay its own')
      .argument('<name>', 'one of holdfast set list')
      .argument('<new-name>', 'what it is called from now on')
      .addHelpText('after', '\nExamples:\n  holdfast set rename documents papers\n');
  },
  run: renameSet,
};

/** `holdfast set rename NAME NEW-NAME` */
async function renameSet(context: Context, name: string, newName: string): Promise<Answer> {
  checkSetName(newName);
  const home = await openHome(context.home);
  await checkOwn(home.node, name);
  await changeSets(home.node, (sets) => {
    const found = setNamed(sets, name);
    checkFree(newName, sets);
    return sets.map((set) => (set === found ? { ...set, name: newName } : set));
  });
  return { value: { from: name, to: newName }, rows: [row('renamed', `${name} → ${newName}`)] };
}
