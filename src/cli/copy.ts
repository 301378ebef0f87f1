import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { textPath } from '../files/index.ts';
import { type CopySummary, copySnapshots, type Repository } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import { addLockOptions, type LockingOptions, lockingOf } from './options/lock-options.ts';
import {
  addRepositoryOptions,
  addSnapshotFilters,
  filterOf,
  type RepositoryOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import { downloadLimit, type LimitOptions, limitsOf, uploadLimit } from './options/transfer-limits.ts';
import { addRules, atLeastOne, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { openTarget, type Target } from './repository/repository-target.ts';
import { type Answer, type Row, row, table } from './terminal/answer.ts';
import { formatBytes, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `copy` takes. */
interface CopyRequest extends RepositoryOptions, SnapshotFilters, LockingOptions, LimitOptions {
  readonly fromRepo?: string;
  readonly fromPasswordFile?: string;
  readonly init?: boolean;
  readonly subtree?: string;
}

/** `holdfast copy` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atLeastOne('--from-repo', '--repo'),
      needs('--from-password-file', '--from-repo'),
      needs('--init', '--repo'),
    );
    addSnapshotFilters(addRepositoryOptions(command), 'snapshots')
      .argument('[snapshots...]', 'those alone: ids or their first digits, latest or latest~2')
      .option(
        '--from-repo <location>',
        'where they are: a directory, URL, s3:… or sftp:… instead of the own one at the server',
      )
      .option('--from-password-file <file>', 'password of that repository')
      .option(
        '--init',
        'create the repository named by --repo when there is none, so that it cuts files alike',
      )
      .option('--subtree <path>', 'only this file or folder of each, and nothing beside it')
      .addOption(uploadLimit())
      .addOption(downloadLimit());
    addLockOptions(command).addHelpText('after', examples);
  },
  run: copyToOther,
};

const examples = `
Examples:
  holdfast copy --repo /mnt/disk/repo --password-file pw --init
  holdfast copy --from-repo /mnt/old/repo --from-password-file pw --host laptop
  holdfast copy latest --repo /mnt/disk/repo --subtree /etc
  holdfast copy --repo s3:https://s3.example.com/bucket/laptop --password-file pw --init
  holdfast copy --repo sftp:ann@nas:/srv/laptop --password-file pw --init

From the repository of --from-repo into that of --repo; the own one at the server is meant where one is not said. What was copied
before is passed over, and stopped at any moment the same command goes on.
`;

/** Copies snapshots from one repository into another. */
async function copyToOther(
  context: Context,
  names: readonly string[],
  options: CopyRequest,
): Promise<Answer<AnswerOf<'copy'>>> {
  await using source = await openSource(context, options);
  const from = source.repository;
  const snapshots = await from.findSnapshots(names, filterOf(options, context));
  if (snapshots.length === 0) throw nothingToCopy(from);
  const { init: create = false, subtree } = options;
  const { polynomial } = from;
  await using target = await openTarget(context, options, {
    create,
    polynomial,
    limits: limitsOf(context, options),
  });
  const to = target.repository;
  if (from.polynomial !== to.polynomial) warnOfCuts(context);
  const progress = context.progress('copy');
  const summary = await copySnapshots({
    from,
    to,
    snapshots,
    subtree: subtree === undefined ? undefined : textPath(subtree),
    ...lockingOf(options, context),
    signal: context.signal,
    onProgress: (state) => progress.update(state),
  }).finally(() => progress.stop());
  const value = { from: from.id, to: to.id, sameCuts: from.polynomial === to.polynomial, ...summary };
  return { value, rows: copyRows(summary, target.route), failure: absentIn(summary, subtree) };
}

async function openSource(context: Context, options: CopyRequest): Promise<Target> {
  const { fromRepo: repo, fromPasswordFile: passwordFile } = options;
  const said = { ...(repo !== undefined && { repo }), ...(passwordFile !== undefined && { passwordFile }) };
  try {
    return await openTarget(context, said, { limits: limitsOf(context, options), option: '--from-repo' });
  } catch (error) {
    if (!isHoldfastError(error, 'repository_wrong_key') || repo === undefined) throw error;
    throw new HoldfastError(error.code, error.message, {
      hint: 'name a file with the password of the repository that is copied from: --from-password-file FILE',
      cause: error,
    });
  }
}

function warnOfCuts({ output }: Context): void {
  output.warn(
    'the two repositories cut files at other places: what is backed up into both is stored twice there; one made by holdfast copy --init cuts alike',
  );
}

function nothingToCopy({ store }: Repository): HoldfastError {
  return new HoldfastError(
    'snapshot_not_found',
    `nothing is to be copied: no snapshot like that is in ${store.location}`,
    {
      hint: 'holdfast snapshots lists what is there; leave out --host, --path or --tag',
    },
  );
}

/** A path that no snapshot has is a mistake; that some have not is as it may be. */
function absentIn({ snapshots }: CopySummary, subtree: string | undefined): HoldfastError | undefined {
  if (subtree === undefined || snapshots.some(({ outcome }) => outcome !== 'absent')) return undefined;
  return new HoldfastError(
    'path_not_found',
    `${plural(snapshots.length, 'snapshot')} looked into, none has ${subtree}`,
    {
      hint: 'holdfast ls SNAPSHOT shows what it has; holdfast find NAME looks for a file in all',
    },
  );
}

function* copyRows({ snapshots, blobs, bytes }: CopySummary, route: string): Iterable<Row> {
  const copied = snapshots.filter(({ outcome }) => outcome === 'copied');
  if (copied.length > 0)
    yield table(
      [{ heading: 'Snapshot' }, { heading: 'Copied as' }],
      copied.map(({ source, id = '' }) => [source.slice(0, 8), id.slice(0, 8)]),
    );
  yield row('copied', plural(copied.length, 'snapshot'), plural(blobs, 'blob'), formatBytes(bytes), route);
  const present = snapshots.filter(({ outcome }) => outcome === 'present').length;
  if (present > 0) yield row('present', plural(present, 'snapshot'), 'copied before');
  const absent = snapshots.length - copied.length - present;
  if (absent > 0) yield row('left out', plural(absent, 'snapshot'), 'without that path');
}
