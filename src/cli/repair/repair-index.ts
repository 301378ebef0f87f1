import { HoldfastError } from '../../base/index.ts';
import { type RepairIndexSummary, repairIndex } from '../../repository/index.ts';
import { addLockOptions, type LockingOptions, lockingOf } from '../options/lock-options.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast repair index` */
export const word: Word = {
  define: (command) => {
    addLockOptions(addRepositoryOptions(command))
      .description(
        'write a new index for packs that none lists, from what they say themselves, and remove those that are damaged or name lost packs where that is allowed',
      )
      .addHelpText('after', examples);
  },
  run: repairRepositoryIndex,
};

const examples = `
Examples:
  holdfast repair index
  holdfast repair index --repo /mnt/disk/repo --password-file pw

What an index file alone knew of packs that are there is in a new one before it is removed. A server removes nothing for its
clients: such a file stays there, is passed over from now on, and can be deleted by whoever runs the server.
`;

/** Puts what no readable index lists into a new one; `repository_damaged` when packs do not say what they hold. */
async function repairRepositoryIndex(
  context: Context,
  options: RepositoryOptions & LockingOptions,
): Promise<Answer> {
  const { signal } = context;
  await using target = await openTarget(context, options, { cached: false });
  const summary = await repairIndex(target.repository, {
    ...lockingOf(options, context),
    signal,
    onUnreadable: (_pack, { message }) => context.output.warn(message),
  });
  return { value: summary, rows: repairRows(summary), failure: unreadableIn(summary) };
}

function unreadableIn({ unreadablePacks }: RepairIndexSummary): HoldfastError | undefined {
  if (unreadablePacks === 0) return undefined;
  const message = `${plural(unreadablePacks, 'pack')} in no index and not readable, each named above`;
  return new HoldfastError('repository_damaged', message, {
    hint: 'holdfast check names the files that are lost with them; a copy of the repository may have the packs',
  });
}

function* repairRows(summary: RepairIndexSummary): Iterable<Row> {
  const { packs, blobs, lostPacks, removed, kept } = summary;
  const written = packs === 0 ? 'nothing to add: every pack is listed' : 'written into a new index';
  yield row('index', ...(packs === 0 ? [] : [plural(packs, 'pack'), plural(blobs, 'blob')]), written);
  if (lostPacks > 0)
    yield row('lost', `${plural(lostPacks, 'pack')}: holdfast backup PATH stores again what is still there`);
  for (const name of removed) yield row('removed', `index ${name}, which was damaged or named what is lost`);
  for (const name of kept) {
    yield row(
      'kept',
      `index ${name}, which is damaged or names what is lost: passed over from now on; the storage did not let it be removed`,
    );
  }
}
