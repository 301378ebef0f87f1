import { InvalidArgumentError } from 'commander';
import { type BackupSet, findSet, isDrillAlarm, readSets } from '../agent/index.ts';
import { HoldfastError } from '../base/index.ts';
import type { AnswerOf } from './answers.ts';
import { openHome } from './home/home.ts';
import { tellOfOwnSets } from './notice/own-notices.ts';
import { parseBytes } from './options/option-values.ts';
import { addRules, needs } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { type Drilled, type DrillRequest, drillSet, seedEnd } from './set/drill-set.ts';
import { ownReporter } from './set/own-reporter.ts';
import { type Answer, type Row, row, warning } from './terminal/answer.ts';
import { formatBytes, plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** `holdfast drill [SET]` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--snapshot', 'set'));
    command
      .description('restore a sample of the newest snapshot of each backup set, and compare it by hash')
      .argument('[set]', 'one of holdfast set list (default: each of them)')
      .option('--seed <number>', 'draw the sample that this number draws; chance unless said', parseSeed)
      .option(
        '--bytes <size>',
        'restore no more than so much of each (default: as the agent does)',
        parseBytes,
      )
      .option(
        '-s, --snapshot <snapshot>',
        'of another snapshot than the newest, which proves nothing of the set',
      )
      .addHelpText('after', examples);
  },
  run: drillSets,
};

const examples = `
What is restored comes from the server, past every copy that is kept here, and has no name on disk: nothing is left of it. A file that nobody
has changed since is also held against the snapshot where it lies. The agent does so by itself once a week: client set agent.drill says how much.

Examples:
  holdfast drill
  holdfast drill documents --bytes 5GB
  holdfast drill documents --seed 2718281828 --snapshot 9c1f02ab

Exit code 1: something cannot be restored as it was saved, or is not on disk what was saved; each is named.
`;

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed < seedEnd) return seed;
  throw new InvalidArgumentError(`expected a number from 0 to ${seedEnd - 1}`);
}

/** `holdfast drill [SET]`: one set after the other; what keeps one from being drilled keeps no other. */
async function drillSets(
  context: Context,
  name: string | undefined,
  request: DrillRequest,
): Promise<Answer<AnswerOf<'drill'>>> {
  const home = await openHome(context.home);
  const sets = name === undefined ? await readSets(home.node) : [await findSet(home.node, name)];
  if (sets.length === 0) throw noSets();
  const drilled: { readonly set: BackupSet; readonly done: Drilled }[] = [];
  for (const set of sets) drilled.push({ set, done: await drillSet(context, home, set, request) });
  using reporter = await ownReporter(context, home.node);
  if (reporter !== undefined) {
    await reporter.tell();
    await tellOfOwnSets(context, home, context.log);
  }
  const value = drilled.map(({ set, done }) => ({ set: set.name, ...done.drill }));
  return { value, rows: value.flatMap((each) => [...drillRows(each)]), failure: failureIn(value, drilled) };
}

type DrillView = AnswerOf<'drill'>[number];

const resultWords: Readonly<Record<DrillView['result'], string>> = {
  proven: 'all equal',
  damaged: 'not all of it can be restored',
  different: 'something on disk is not what was saved',
  empty: 'no file with content is in it: nothing is proven',
  failed: 'could not be drilled: nothing is proven',
};

function* drillRows({
  set,
  result,
  snapshot,
  files,
  compared,
  bytes,
  seed,
  problems,
  wrong,
}: DrillView): Iterable<Row> {
  const restored =
    snapshot === undefined
      ? []
      : [
          `${plural(files, 'file')} of snapshot ${snapshot.slice(0, 8)} restored`,
          formatBytes(bytes),
          `${compared} held against the disk`,
        ];
  yield row('drilled', set, resultWords[result], ...restored, `seed ${seed}`);
  for (const { path, message } of problems) yield warning(`${printable(path)}: ${message}`);
  if (wrong > problems.length) yield warning(`and ${wrong - problems.length} more`);
}

/** What was found weighs more than what could not be looked at. */
function failureIn(
  views: readonly DrillView[],
  drilled: readonly { readonly done: Drilled }[],
): HoldfastError | undefined {
  const found = views.filter(({ result }) => isDrillAlarm(result));
  const [first] = found;
  if (first !== undefined) {
    const wrong = found.reduce((sum, each) => sum + each.wrong, 0);
    const message = `${plural(wrong, 'problem')} in the drill of ${found.map(({ set }) => set).join(', ')}, each named above`;
    return new HoldfastError(
      'drill_damaged',
      message,
      first.result === 'different' ? { hint: differentHint } : {},
    );
  }
  const failed = drilled.find(({ done }) => done.error !== undefined);
  if (failed !== undefined) return asFailure(failed.done);
  const empty = views.filter(({ result }) => result === 'empty').map(({ set }) => set);
  if (empty.length === 0) return undefined;
  return new HoldfastError(
    'drill_empty',
    `the newest snapshot of ${empty.join(', ')} has no file with content`,
  );
}

const differentHint =
  'compare the file with the one that restore brings to another place; after touch FILE the next run saves what is on disk';

/** The system's own errors are told as what they are. */
function asFailure({ drill: { code, message = '', hint }, error }: Drilled): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return new HoldfastError(code === 'storage_full' ? 'storage_full' : 'storage_failed', message, {
    ...(hint && { hint }),
    cause: error,
  });
}

function noSets(): HoldfastError {
  return new HoldfastError('set_unknown', 'this machine has no backup set that could be drilled', {
    hint: 'holdfast set add NAME PATH --every 6h makes one',
  });
}
