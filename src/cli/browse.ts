import { openView, serveWebDav } from '../mount/index.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { tellingOnce } from './repository/view-problems.ts';
import type { Word } from './word.ts';

/** `holdfast browse` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command))
      .description(
        'show the snapshots to a browser, or to a program that speaks WebDAV, on this machine alone',
      )
      .addHelpText('after', examples);
  },
  run: browseSnapshots,
};

const examples = `
The address is another one each time, and nobody can guess it; whoever has it can read everything until
Ctrl-C ends it. What is there is laid out as by holdfast mount; links and devices are left out.

Examples:
  holdfast browse
  holdfast browse --host laptop
`;

/** `holdfast browse`: says the address, and serves until it is told to end. */
async function browseSnapshots(context: Context, request: ReadOptions & SnapshotFilters): Promise<void> {
  const { output, signal } = context;
  await using target = await openTarget(context, request);
  const problems = tellingOnce(context);
  const filter = filterOf(request, context);
  const view = await openView(target.repository, { filter, signal, onProblem: problems.onList });
  const { url, ended } = await serveWebDav(view, { signal, onProblem: problems.onPath });
  output.row('browse', url);
  await ended;
}
