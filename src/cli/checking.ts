import { HoldfastError } from '../base/index.ts';
import { check } from '../repository/index.ts';
import type { Context } from './context.ts';
import { plural } from './format.ts';
import type { RepositoryOptions } from './repository-options.ts';
import { openTarget } from './repository-target.ts';
import { printable } from './table.ts';

/** Checks a repository and names everything that is wrong with it; `repository_damaged` at the end when anything is. */
export async function checkRepository(
  context: Context,
  options: RepositoryOptions & { readonly readData?: boolean },
): Promise<void> {
  const { output } = context;
  await using target = await openTarget(context, options, { cached: false });
  const progress = context.progress('check');
  const summary = await check(target.repository, {
    readData: options.readData === true,
    signal: context.signal,
    onProgress: (state) => progress.update(state),
    onProblem: (problem) =>
      output.say(`  ${problem.kind === 'hint' ? 'hint' : 'damaged'}   ${printable(problem.message)}`),
  }).finally(() => progress.stop());
  if (output.json) output.value(summary);
  else {
    const read =
      options.readData === true ? 'every pack read' : 'structure only; --read-data reads every pack';
    output.row('checked', plural(summary.snapshots, 'snapshot'), plural(summary.packs, 'pack'), read);
  }
  if (summary.errors > 0) {
    throw new HoldfastError(
      'repository_damaged',
      `${plural(summary.errors, 'error')} in the repository, each named above`,
      {
        hint: 'holdfast restore brings back what is still readable and names what is not',
      },
    );
  }
  if (!output.json) output.row('sound', 'no errors found');
}
