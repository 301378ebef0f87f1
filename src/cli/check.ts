import { keepDamagedPacks } from '../agent/index.ts';
import { HoldfastError } from '../base/index.ts';
import { type CheckSummary, check } from '../repository/index.ts';
import { homeAt } from './home/home.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { describeFailure } from './program/failure.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, type Row, row } from './terminal/answer.ts';
import { plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** What `check` takes. */
interface CheckOptions extends RepositoryOptions, LockingOptions {
  readonly readData?: boolean;
}

/** `holdfast check` */
export const word: Word = {
  define: (command) => {
    addRepositoryOptions(command).option('--read-data', 'also read every pack and verify every blob in it');
    addLockOptions(command).addHelpText(
      'after',
      '\nExamples:\n  holdfast check\n  holdfast check --read-data --json\n',
    );
  },
  run: checkRepository,
};

const indexHint = 'holdfast repair index writes what the packs say into a new index; then check again';
const lossHint =
  'what is named is lost unless a copy of the repository has it; every other file can be restored';
const packHint =
  'holdfast backup PATH stores again what is still there of it; the rest is lost unless a copy of the repository has it';

/** Checks a repository and names everything that is wrong with it; `repository_damaged` at the end when anything is. */
export async function checkRepository(
  context: Context,
  options: CheckOptions,
): Promise<Answer<CheckSummary>> {
  const { output } = context;
  await using target = await openTarget(context, options, { cached: false });
  // What is damaged is a problem of the check, and said as one.
  target.repository.onDamage(() => {});
  let isIndex = false;
  const progress = context.progress('check');
  const summary = await check(target.repository, {
    ...lockingOf(options, context),
    readData: options.readData === true,
    signal: context.signal,
    onProgress: (state) => progress.update(state),
    onProblem: (problem) => {
      isIndex ||= problem.subject === 'index' || problem.isUnlisted === true;
      output.say(`  ${problem.kind === 'hint' ? 'hint' : 'damaged'}   ${printable(problem.message)}`);
    },
  }).finally(() => progress.stop());
  if (options.readData === true) await keepFound(context, target.repository.id, summary.damagedPacks);
  if (summary.errors === 0 && summary.snapshots === 0)
    output.warn('no snapshot is in it: there is nothing that could be restored');
  return { value: summary, rows: checkRows(summary, options), failure: damageIn(summary, isIndex) };
}

function* checkRows({ snapshots, packs, errors }: CheckSummary, { readData }: CheckOptions): Iterable<Row> {
  const read = readData === true ? 'every pack read' : 'structure only; --read-data reads every pack';
  yield row('checked', plural(snapshots, 'snapshot'), plural(packs, 'pack'), read);
  if (errors > 0) return;
  yield row('sound', 'no errors found');
}

function damageIn({ errors, damagedPacks }: CheckSummary, isIndex: boolean): HoldfastError | undefined {
  if (errors === 0) return undefined;
  const hint = isIndex ? indexHint : damagedPacks.length > 0 ? packHint : lossHint;
  const message = `${plural(errors, 'error')} in the repository, each named above`;
  return new HoldfastError('repository_damaged', message, { hint });
}

/** What cannot be kept costs a warning: the check has done its work. */
async function keepFound(
  { home, output }: Context,
  repository: string,
  packs: CheckSummary['damagedPacks'],
): Promise<void> {
  await keepDamagedPacks(homeAt(home).node, repository, packs).catch((error: unknown) => {
    const why = describeFailure(error)?.message ?? String(error);
    output.warn(`backups from here will not know of damaged packs: ${why}`);
  });
}
