import { noteRenamed, readDamagedPacks } from '../../agent/index.ts';
import {
  type RepairedPath,
  type RepairedSnapshot,
  type RepairSnapshotsSummary,
  repairSnapshots,
  type StoredSnapshot,
} from '../../repository/index.ts';
import type { AnswerOf } from '../answers.ts';
import { homeAt } from '../home/home.ts';
import { addLockOptions, type LockingOptions, lockingOf } from '../options/lock-options.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
} from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, note, type Row, row, table, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import { printable } from '../terminal/table.ts';
import type { Word } from '../word.ts';

/** What `repair snapshots` takes. */
interface RepairRequest extends RepositoryOptions, SnapshotFilters, LockingOptions {
  readonly forget?: boolean;
  readonly dryRun?: boolean;
}

/** `holdfast repair snapshots` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addRepositoryOptions(command), 'snapshots')
      .description(
        'make, of each snapshot that lacks something, one without it: files without the pieces that are lost, folders that cannot be read empty',
      )
      .argument('[snapshots...]', 'those alone: ids or their first digits, latest or latest~2')
      .option('--forget', 'remove the damaged ones')
      .option('--dry-run', 'change nothing, and say what would be done');
    addLockOptions(command).addHelpText('after', examples);
  },
  run: repairChosen,
};

const examples = `
Examples:
  holdfast check --read-data
  holdfast repair snapshots --dry-run
  holdfast repair snapshots --forget --repo /mnt/disk/repo --password-file pw

First holdfast repair index and holdfast backup PATH: what the one finds and the other stores again is not lost. Which bytes of packs have
changed is known from the last holdfast check --read-data. Without --forget the new ones are marked with the word repaired, and the damaged ones stay.
`;

/** Makes snapshots without what is lost of them. */
async function repairChosen(
  context: Context,
  names: readonly string[],
  options: RepairRequest,
): Promise<Answer<AnswerOf<'repair snapshots'>>> {
  await using target = await openTarget(context, options, { cached: false });
  const { repository, place } = target;
  const { signal, onFuture, ...filter } = filterOf(options, context);
  const dryRun = options.dryRun === true;
  const summary = await repairSnapshots(repository, {
    ...lockingOf(options, context),
    names,
    filter,
    damagedPacks: await readDamagedPacks(homeAt(context.home).node, repository.id),
    forget: options.forget === true,
    dryRun,
    signal,
    onFuture,
    onPath: (snapshot, repaired) => context.output.say(`  ${pathWords(snapshot, repaired)}`),
  });
  const replaced = summary.snapshots.flatMap(({ before, id, removed }) =>
    removed && id !== undefined ? [[before.id, id] as const] : [],
  );
  await noteRenamed(place, repository, new Map(replaced));
  return { value: toJson(summary, dryRun), rows: repairRows(summary, options) };
}

function pathWords({ id }: StoredSnapshot, { path, what }: RepairedPath): string {
  return `${whatWords[what]}   ${id.slice(0, 8)}  ${printable(path)}`;
}

const whatWords: Readonly<Record<RepairedPath['what'], string>> = {
  content: 'pieces lost',
  size: 'wrong size ',
  folder: 'folder lost',
  entry: 'entry lost ',
};

function* repairRows({ snapshots, sound }: RepairSnapshotsSummary, options: RepairRequest): Iterable<Row> {
  const dryRun = options.dryRun === true;
  const forget = options.forget === true;
  if (snapshots.length > 0)
    yield table(
      [{ heading: 'Snapshot' }, { heading: 'Now' }, { heading: 'Outcome', shrink: true }],
      snapshots.map((each) => [
        each.before.id.slice(0, 8),
        each.id?.slice(0, 8) ?? '',
        outcomeOf(each, dryRun),
      ]),
    );
  const done = dryRun ? 'would be repaired; nothing was changed' : 'repaired';
  const repaired = snapshots.filter(({ outcome }) => outcome === 'repaired').length;
  yield row('repair', plural(repaired, 'snapshot'), done);
  if (sound > 0) yield row('sound', plural(sound, 'snapshot'));
  const kept = snapshots.filter(({ removed }) => !removed).length;
  if (kept === 0 || dryRun) return;
  if (forget)
    yield warning(`${plural(kept, 'damaged snapshot')} could not be removed: the storage keeps what it has`);
  else yield note('next: holdfast forget SNAPSHOT removes the damaged ones, as --forget does');
}

function outcomeOf({ outcome, removed }: RepairedSnapshot, dryRun: boolean): string {
  const goes = removed ? `; the damaged one ${dryRun ? 'would go' : 'is removed'}` : '';
  return outcome === 'lost' ? `nothing of it can be read${goes}` : `without what is lost${goes}`;
}

function toJson({ snapshots, sound }: RepairSnapshotsSummary, dryRun: boolean): AnswerOf<'repair snapshots'> {
  return {
    dryRun,
    snapshots: snapshots.map(({ before, outcome, id, removed }) => ({
      before: before.id,
      outcome,
      ...(id !== undefined && { id }),
      removed,
    })),
    sound,
  };
}
