import { type BackupSet, changeSets, checkOwn, checkSetName, newSetId, setNamed } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { openHome } from '../home/home.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { addSetOptions, chooseSet, type SetOptions } from './chosen-set.ts';
import { viewSet } from './set-view.ts';

/** `holdfast set add NAME PATH…` */
export const word: Word = {
  define: (command) => {
    addSetOptions(
      command
        .description('name folders that are backed up together, and when')
        .argument('<name>', 'what the set is called, e.g. documents')
        .argument('<paths...>', 'files and folders to save'),
    )
      .option('--replace', 'in the place of the set of that name, whose history goes on')
      .addHelpText('after', examples);
  },
  run: addSet,
};

const examples = `
An interval counts from the beginning of the run before. However many runs were missed, by a machine that was off, one makes up for
them.

Examples:
  holdfast set add documents ~/Documents --every 6h
  holdfast set add system /etc /home --every 'daily 02:30' --zone Europe/Berlin --exclude '*.tmp'
  holdfast set add papers ~/Papers --live
  holdfast set add music ~/Music --every 1d --limit-upload 2000,08:00-18:00=500
  holdfast set add films ~/Films --every 1d --to vault1
  holdfast set add photos ~/Photos --every 'weekly sun 03:00' --repo /mnt/disk/repo
`;

/** `holdfast set add NAME PATH…`: what is not there yet is said, and kept. */
async function addSet(
  context: Context,
  name: string,
  paths: readonly string[],
  options: SetOptions & { readonly replace?: boolean },
): Promise<Answer> {
  checkSetName(name);
  const home = options.repo === undefined ? (await openOwnNode(context)).home : await openHome(context.home);
  if (options.replace === true) await checkOwn(home.node, name);
  const choices = await chooseSet(context, home, { ...options, paths });
  const now = new Date(context.clock.now()).toISOString();
  await changeSets(home.node, (sets) => {
    const before = options.replace === true ? setNamed(sets, name) : undefined;
    checkFree(name, before === undefined ? sets : []);
    const { id, added } = before ?? { id: newSetId(name), added: now };
    return [...sets.filter((set) => set !== before), { id, name, added, ...choices }];
  });
  const view = await viewSet(context, home, name);
  const rows = [
    row('set', name, `every ${view.every}`, ...view.paths),
    row('next run', formatTime(new Date(view.next)), `or now: holdfast set run ${name}`),
  ];
  return { value: view, rows };
}

/** @throws HoldfastError `set_exists` */
export function checkFree(name: string, sets: readonly BackupSet[]): void {
  const taken = sets.find((set) => set.name === name);
  if (taken === undefined) return;
  throw new HoldfastError(
    'set_exists',
    `there is a backup set ${name} already, of ${taken.paths.join(', ')}`,
  );
}
