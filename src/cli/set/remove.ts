import {
  type BackupSet,
  changeSets,
  checkOwn,
  countWaiting,
  findSet,
  forgetSet,
  readAttempts,
  setNamed,
  setTag,
  spoolDirectory,
} from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { type Home, openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
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
  await checkNothingWaits(home, set);
  const attempts = (await readAttempts(home.node, set)).length;
  await changeSets(home.node, (sets) => {
    const found = setNamed(sets, name);
    return sets.filter((each) => each !== found);
  });
  await forgetSet(home.node, set);
  const rows = [row('removed', name), note(`its snapshots stay, with the tag ${setTag(set)}`)];
  return { value: { name, id: set.id, attempts }, rows };
}

/** @throws HoldfastError `set_waits` */
async function checkNothingWaits(home: Home, set: BackupSet): Promise<void> {
  const versions = await countWaiting(home.node, set);
  if (versions === 0) return;
  const where = spoolDirectory(home.node, set);
  throw new HoldfastError(
    'set_waits',
    `${plural(versions, 'version')} of the set ${set.name} wait in ${where} for the server, and would be lost`,
    {
      hint: `holdfast set run ${set.name} sends them up when the server answers; where they are of no use, remove that folder`,
    },
  );
}
