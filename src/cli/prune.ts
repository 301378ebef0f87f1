import { type PruneSummary, prune } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import { addPruneOptions, type PruneRuleOptions, pruneRulesOf } from './options/prune-options.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, type Row, row, warning } from './terminal/answer.ts';
import { formatBytes, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `prune` takes. */
interface PruneOptions extends RepositoryOptions, LockingOptions, PruneRuleOptions {
  readonly dryRun?: boolean;
}

/** `holdfast prune` */
export const word: Word = {
  define: (command) => {
    addPruneOptions(addRepositoryOptions(command));
    command.option('--dry-run', 'change nothing, and say what would be done');
    addLockOptions(command).addHelpText('after', examples);
  },
  run: pruneRepository,
};

const examples = `
Examples:
  holdfast prune --dry-run
  holdfast prune --max-unused 10% --max-repack-size 50GB
  holdfast prune --repo /mnt/disk/repo --password-file pw

Stopped at any moment it leaves a repository that is whole; said again, it goes on. It removes nothing while a snapshot, an
index or a directory cannot be read.
`;

async function pruneRepository(context: Context, options: PruneOptions): Promise<Answer<AnswerOf<'prune'>>> {
  await using target = await openTarget(context, options);
  const dryRun = options.dryRun === true;
  const progress = context.progress('prune');
  const summary = await prune(target.repository, {
    ...pruneRulesOf(options),
    ...lockingOf(options, context),
    dryRun,
    signal: context.signal,
    onProgress: (state) => progress.update(state),
  }).finally(() => progress.stop());
  return { value: { dryRun, ...summary }, rows: pruneRows(summary, dryRun) };
}

/** What was freed, or would be. */
export function* pruneRows(summary: PruneSummary, dryRun: boolean): Iterable<Row> {
  const { used, unused, duplicate, packs, moved, freedBytes, remainingUnusedBytes, keptPacks } = summary;
  yield row('needed', plural(used.blobs, 'blob'), formatBytes(used.bytes));
  yield row('unneeded', plural(unused.blobs, 'blob'), formatBytes(unused.bytes));
  if (duplicate.blobs > 0) yield row('copies', plural(duplicate.blobs, 'blob'), formatBytes(duplicate.bytes));
  const gone = packs.removed + packs.unlisted;
  yield row('packs', `${packs.kept} stay`, `${packs.repacked} written anew`, `${gone} removed`);
  if (moved.blobs > 0) yield row('moved', plural(moved.blobs, 'blob'), formatBytes(moved.bytes));
  const done = dryRun ? 'would be freed; nothing was changed' : 'freed';
  yield row(dryRun ? 'plan' : 'pruned', `${formatBytes(freedBytes)} ${done}`);
  if (remainingUnusedBytes > 0) yield row('left', `${formatBytes(remainingUnusedBytes)} that nobody needs`);
  if (keptPacks > 0)
    yield warning(`${plural(keptPacks, 'pack')} could not be removed now: the next holdfast prune does that`);
}
