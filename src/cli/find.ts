import { Option } from 'commander';
import { HoldfastError } from '../base/index.ts';
import {
  type Found,
  type FoundBlob,
  findById,
  findByName,
  type IdKind,
  type StoredSnapshot,
  snapshotTime,
} from '../repository/index.ts';
import { RepeatableOption } from './options/option-values.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import { addRules, atMostOne } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { damageIn, tellingProblems } from './repository/path-problems.ts';
import { openTarget } from './repository/repository-target.ts';
import { describeNode, fileJson, fileTypes } from './repository/shown-file.ts';
import { type AnswerStream, line, type Row } from './terminal/answer.ts';
import { formatTime, momentOf, plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** What `find` takes. */
interface FindRequest extends ReadOptions, SnapshotFilters {
  readonly snapshot?: readonly string[];
  readonly ignoreCase?: boolean;
  readonly oldest?: string;
  readonly newest?: string;
  readonly type?: (typeof fileTypes)[number];
  readonly long?: boolean;
  readonly blob?: boolean;
  readonly tree?: boolean;
  readonly pack?: boolean;
}

/** `holdfast find PATTERN…` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--blob', '--tree', '--pack'));
    for (const ofNames of ['--ignore-case', '--oldest', '--newest', '--type', '--long'])
      for (const ofIds of ['--blob', '--tree', '--pack']) addRules(command, atMostOne(ofNames, ofIds));
    addSnapshotFilters(addReadOptions(command), '--snapshot')
      .argument('<pattern...>', 'names at any depth, or whole paths, with * and ? as in a shell')
      .addOption(new RepeatableOption('-s, --snapshot <snapshot>', 'only in this one; in all unless said'))
      .option('-i, --ignore-case', 'take capital and small letters for the same')
      .option('--oldest <time>', 'not changed before: a date, a time, or how long ago, e.g. 2026-11-21, 7d')
      .option('--newest <time>', 'not changed after')
      .addOption(new Option('--type <kind>', 'only what is of this kind').choices(fileTypes))
      .option('-l, --long', 'with mode, owner, size and time')
      .option('--blob', 'the patterns are ids of pieces of files, or their first digits')
      .option('--tree', 'they are ids of directories')
      .option('--pack', 'they are ids of packs: all that is in them')
      .addHelpText('after', examples);
  },
  run: findInSnapshots,
};

const examples = `
Examples:
  holdfast find letter.txt
  holdfast find -i '*.JPG' --oldest 30d --host laptop
  holdfast find '/home/*/Documents' --type dir -s latest
  holdfast find --pack 5f0c11aa

The newest snapshot comes first. Where nothing is found it ends with exit code 1.
`;

/**
 * `holdfast find`: where snapshots have files of these names, or use what is stored under these ids. What cannot be read is
 * named, and it ends with `repository_damaged`; where nothing is found, with `path_not_found`.
 */
async function findInSnapshots(
  context: Context,
  patterns: readonly string[],
  request: FindRequest,
): Promise<AnswerStream> {
  return { each: findEach(context, patterns, request) };
}

async function* findEach(
  context: Context,
  patterns: readonly string[],
  request: FindRequest,
): AsyncGenerator<{ value: unknown; row: Row }> {
  const kind = (['blob', 'tree', 'pack'] as const).find((each) => request[each] === true);
  const wanted = kind === undefined ? wantedNames(context, patterns, request) : undefined;
  if (kind !== undefined) checkIds(patterns);
  await using target = await openTarget(context, request);
  const { repository } = target;
  const snapshots = await repository.findSnapshots(request.snapshot ?? [], filterOf(request, context));
  const problems = tellingProblems(context);
  const options = { signal: context.signal, onProblem: problems.onProblem };
  let found = 0;
  const newestFirst = snapshots.toReversed();
  if (wanted !== undefined) {
    for await (const file of findByName(repository, newestFirst, { wanted, ...options })) {
      found++;
      yield { value: fileAnswer(file), row: fileRow(file, request) };
    }
  } else {
    const byId = { kind: kind as IdKind, prefixes: patterns, ...options };
    for await (const blob of findById(repository, newestFirst, byId)) {
      found++;
      yield { value: blobAnswer(blob), row: blobRow(blob) };
    }
  }
  const damage = damageIn(problems, 'what is found can be restored');
  if (damage !== undefined) throw damage;
  if (found === 0) throw nothingFound(patterns, snapshots.length);
}

function wantedNames({ clock }: Context, patterns: readonly string[], request: FindRequest) {
  const { oldest, newest, ignoreCase, type } = request;
  const ns = (text: string): bigint => BigInt(Date.parse(momentOf(text, clock.now()))) * 1_000_000n;
  return {
    patterns,
    ignoreCase,
    type,
    ...(oldest !== undefined && { oldestNs: ns(oldest) }),
    ...(newest !== undefined && { newestNs: ns(newest) }),
  };
}

/** @throws HoldfastError `usage` */
function checkIds(prefixes: readonly string[]): void {
  const wrong = prefixes.find((prefix) => !/^[0-9a-f]{4,64}$/.test(prefix));
  if (wrong === undefined) return;
  throw new HoldfastError('usage', `${JSON.stringify(wrong)} is no id, expected 4 to 64 digits from 0 to f`, {
    hint: 'holdfast check names packs and blobs; leave out --blob, --tree or --pack to look for names',
  });
}

function fileAnswer({ snapshot, path, node }: Found) {
  return { ...ofSnapshot(snapshot), ...fileJson(path, node) };
}

function blobAnswer({ snapshot, path, kind, id, packs }: FoundBlob) {
  return { ...ofSnapshot(snapshot), path, object: kind, id, packs: [...packs] };
}

function ofSnapshot(snapshot: StoredSnapshot) {
  return { snapshot: snapshot.id, snapshotTime: snapshotTime(snapshot).toISOString() };
}

function fileRow({ snapshot, path, node }: Found, { long }: FindRequest): Row {
  const shown = long === true ? [describeNode(node), printable(path)] : [printable(path)];
  return line([...shownSnapshot(snapshot), ...shown].join('  '));
}

function blobRow({ snapshot, path, kind, id, packs }: FoundBlob): Row {
  const where = `${kind} ${id.slice(0, 8)} in pack ${packs.map((pack) => pack.slice(0, 8)).join(', ')}`;
  return line([...shownSnapshot(snapshot), where, printable(path)].join('  '));
}

function shownSnapshot(snapshot: StoredSnapshot): string[] {
  return [snapshot.id.slice(0, 8), formatTime(snapshotTime(snapshot))];
}

function nothingFound(patterns: readonly string[], snapshots: number): HoldfastError {
  const message = `nothing in ${plural(snapshots, 'snapshot')} is called ${patterns.join(' or ')}`;
  return new HoldfastError('path_not_found', message, {
    hint: 'a name counts at any depth, a path from / on, with * and ? as in a shell; holdfast snapshots lists what is searched',
  });
}
