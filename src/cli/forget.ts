import { type Command, InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../base/index.ts';
import {
  describeGroup,
  type ForgetSummary,
  forget,
  type GroupField,
  groupBy,
  groupFields,
  type PruneSummary,
  prune,
  type Repository,
  type StoredSnapshot,
  snapshotTime,
} from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { addKeepOptions, type KeepOptions, keepPolicyOf } from './options/keep-options.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import { addPruneOptions, type PruneRuleOptions, pruneRulesOf } from './options/prune-options.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import { addRules, atMostOne, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { pruneRows } from './prune.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, note, type Row, row, table } from './terminal/answer.ts';
import { formatTime, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `forget` takes. */
interface ForgetOptions
  extends RepositoryOptions,
    SnapshotFilters,
    KeepOptions,
    LockingOptions,
    PruneRuleOptions {
  readonly groupBy: readonly GroupField[];
  readonly judgeBy?: 'time' | 'arrival';
  readonly unsafeAllowRemoveAll?: boolean;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

/** `holdfast forget` */
export const word: Word = {
  define: (command) => {
    addRepositoryOptions(command).argument(
      '[snapshots...]',
      'those alone, and no policy: ids or their first digits, latest or latest~2',
    );
    const keeping = addKeepOptions(addSnapshotFilters(command, 'snapshots'));
    addGroupOptions(command)
      .option('--unsafe-allow-remove-all', 'a group of snapshots may be left without any')
      .option('--dry-run', 'remove nothing, and say what would go')
      .option('--prune', 'free the space as well, when a snapshot was removed');
    const pruning = addPruneOptions(command);
    addLockOptions(command).addHelpText('after', examples);
    addRules(command, ...keeping.map((flag) => atMostOne('snapshots', flag)));
    addRules(command, ...pruning.map((flag) => needs(flag, '--prune')));
  },
  run: forgetSnapshots,
};

const examples = `
Examples:
  holdfast forget --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --dry-run
  holdfast forget --keep-within 2m --keep-yearly unlimited --host laptop
  holdfast forget 4f1c9a02

The policy counts in each group by itself: by host and folders, unless --group-by says otherwise. Where the own server has the
repository, a snapshot counts as of when it arrived there; in a folder as of the time it says. What is forgotten cannot be
brought back; its space is freed by holdfast prune, or by --prune.
`;

function addGroupOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--group-by <fields>', 'what makes a group: some of host,paths,tags, or nothing')
        .argParser(parseGroup)
        .default(['host', 'paths'], 'host,paths'),
    )
    .addOption(
      new Option('--judge-by <what>', 'the time a snapshot says, or when it arrived at its server').choices([
        'time',
        'arrival',
      ]),
    );
}

function parseGroup(text: string): GroupField[] {
  const fields = text.split(',').filter((field) => field !== '');
  return fields.map((field) => {
    const found = groupFields.find((each) => each === field || each === `${field}s`);
    if (found === undefined) throw new InvalidArgumentError(`expected ${groupFields.join(', ')}, or nothing`);
    return found;
  });
}

/** `holdfast forget`: every group with what stays, why, and what goes. */
async function forgetSnapshots(
  context: Context,
  snapshots: readonly string[],
  options: ForgetOptions,
): Promise<Answer<AnswerOf<'forget'>>> {
  const { output, signal } = context;
  await using target = await openTarget(context, options);
  const filter = filterOf(options, context);
  const dryRun = options.dryRun === true;
  const summary = await forget(target.repository, {
    ...lockingOf(options, context),
    signal,
    names: snapshots,
    filter,
    policy: keepPolicyOf(options),
    groupOf: groupBy(options.groupBy),
    judgedBy: options.judgeBy ?? (target.directory === undefined ? 'likely-arrival' : 'time'),
    removeAll: options.unsafeAllowRemoveAll === true,
    dryRun,
    onFuture: filter.onFuture,
    onDamaged: (id, { message }) => output.warn(`${message}: holdfast forget ${id.slice(0, 8)} removes it`),
  });
  const pruned = await pruneAfter(context, target.repository, summary, options);
  return {
    value: { ...toJson(summary, dryRun), ...(pruned && { prune: { dryRun, ...pruned } }) },
    rows: forgetRows(summary, pruned, dryRun),
    failure: keptIn(summary),
  };
}

/** Nothing is freed where nothing went. */
async function pruneAfter(
  context: Context,
  repository: Repository,
  { removed }: ForgetSummary,
  options: ForgetOptions,
): Promise<PruneSummary | undefined> {
  if (options.prune !== true || removed.length === 0) return undefined;
  const progress = context.progress('prune');
  return await prune(repository, {
    ...pruneRulesOf(options),
    ...lockingOf(options, context),
    dryRun: options.dryRun === true,
    without: new Set(removed),
    signal: context.signal,
    onProgress: (state) => progress.update(state),
  }).finally(() => progress.stop());
}

function keptIn({ kept, removed }: ForgetSummary): HoldfastError | undefined {
  const [first] = kept;
  if (first === undefined) return undefined;
  const all = kept.length + removed.length;
  const message = `${kept.length} of ${plural(all, 'snapshot')} could not be removed: ${first.error.message}`;
  return new HoldfastError('storage_failed', message, {
    names: kept.map(({ id }) => id),
    cause: first.error,
  });
}

function* forgetRows(
  { groups, removed }: ForgetSummary,
  pruned: PruneSummary | undefined,
  dryRun: boolean,
): Iterable<Row> {
  for (const { key, keep, remove } of groups) {
    yield row('group', describeGroup(key), `${keep.length} stay`, `${remove.length} go`);
    yield table(
      [{ heading: 'ID' }, { heading: 'Time' }, { heading: 'Outcome', shrink: true }],
      [
        ...keep.map(({ snapshot, reasons }) =>
          cells(snapshot, `stays: ${reasons.join(', ') || 'not named'}`),
        ),
        ...remove.map((snapshot) => cells(snapshot, dryRun ? 'would go' : 'removed')),
      ],
    );
  }
  const done = dryRun ? 'would be removed; nothing was changed' : 'removed';
  yield row('forget', plural(removed.length, 'snapshot'), done);
  if (pruned !== undefined) yield* pruneRows(pruned, dryRun);
  else if (removed.length > 0 && !dryRun)
    yield note('next: holdfast prune frees the space that only they needed');
}

function cells(snapshot: StoredSnapshot, outcome: string): string[] {
  return [snapshot.id.slice(0, 8), formatTime(snapshotTime(snapshot)), outcome];
}

function toJson({ groups, removed, kept }: ForgetSummary, dryRun: boolean): AnswerOf<'forget'> {
  return {
    dryRun,
    groups: groups.map(({ key, keep, remove }) => ({
      ...key,
      keep: keep.map(({ snapshot, reasons }) => ({ ...told(snapshot), reasons })),
      remove: remove.map(told),
    })),
    removed,
    kept: kept.map(({ id }) => id),
  };
}

function told(snapshot: StoredSnapshot): AnswerOf<'forget'>['groups'][number]['remove'][number] {
  const { id, arrivedMs } = snapshot;
  const arrived = arrivedMs === undefined ? {} : { arrived: new Date(arrivedMs).toISOString() };
  return { id, time: snapshotTime(snapshot).toISOString(), ...arrived };
}
