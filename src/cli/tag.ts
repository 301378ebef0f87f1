import { noteRenamed } from '../agent/index.ts';
import { type RewrittenSnapshot, type TagChange, tagSnapshots } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import { ListOption, RepeatableOption } from './options/option-values.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import { addRules, atLeastOne, atMostOne } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, type Row, row, table, warning } from './terminal/answer.ts';
import { plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `tag` takes. */
interface TagRequest extends RepositoryOptions, SnapshotFilters, LockingOptions {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly set?: readonly string[];
}

/** `holdfast tag` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atLeastOne('--add', '--remove', '--set'),
      atMostOne('--set', '--add'),
      atMostOne('--set', '--remove'),
    );
    addSnapshotFilters(addRepositoryOptions(command), 'snapshots')
      .argument('[snapshots...]', 'those alone: ids or their first digits, latest or latest~2')
      .addOption(new ListOption('--add <list>', 'words that they get, beside those that they have'))
      .addOption(new ListOption('--remove <list>', 'words that they have no more'))
      .addOption(
        new RepeatableOption(
          '--set <tags>',
          "the only words that they have, by commas; '' for none",
          parseSet,
        ),
      );
    addLockOptions(command).addHelpText('after', examples);
  },
  run: tagChosen,
};

const examples = `
Examples:
  holdfast tag --add monthly latest
  holdfast tag --host laptop --add laptop --remove old
  holdfast tag --set '' 4f1c9a02

A snapshot is written anew for it, under another id, and keeps its place when others are forgotten. At a server that removes nothing for
this machine the one of before stays beside it.
`;

function parseSet(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map((tag) => tag.trim());
}

/** Changes the words of snapshots. */
async function tagChosen(
  context: Context,
  names: readonly string[],
  options: TagRequest,
): Promise<Answer<AnswerOf<'tag'>>> {
  await using target = await openTarget(context, options);
  const { signal, onFuture, ...filter } = filterOf(options, context);
  const { changed, unchanged } = await tagSnapshots(target.repository, {
    ...lockingOf(options, context),
    names,
    filter,
    change: changeOf(options),
    signal,
    onFuture,
  });
  await noteRenamed(
    target.place,
    target.repository,
    new Map(changed.map(({ before, id }) => [before.id, id])),
  );
  return { value: { changed: changed.map(toJson), unchanged }, rows: tagRows(changed, unchanged) };
}

function changeOf({ set, add = [], remove = [] }: TagRequest): TagChange {
  return set === undefined ? { add, remove } : { set };
}

function* tagRows(changed: readonly RewrittenSnapshot[], unchanged: number): Iterable<Row> {
  if (changed.length > 0)
    yield table(
      [{ heading: 'Snapshot' }, { heading: 'Now' }, { heading: 'Tags', shrink: true }],
      changed.map(({ before, id, tags }) => [before.id.slice(0, 8), id.slice(0, 8), tags.join(', ')]),
    );
  yield row('tagged', plural(changed.length, 'snapshot'));
  if (unchanged > 0) yield row('unchanged', plural(unchanged, 'snapshot'));
  const kept = changed.flatMap((each) => each.kept ?? []);
  if (kept.length > 0)
    yield warning(
      `${plural(kept.length, 'snapshot')} of before could not be removed, and stay beside the new ones: ${kept[0]?.message}`,
    );
}

function toJson({ before, id, tags, kept }: RewrittenSnapshot): AnswerOf<'tag'>['changed'][number] {
  return { before: before.id, id, tags: [...tags], kept: kept !== undefined };
}
