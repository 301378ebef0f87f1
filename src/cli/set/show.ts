import { findSet, readAttempts } from '../../agent/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, table } from '../terminal/answer.ts';
import { formatBytes, formatElapsed, formatTime, plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import {
  type AttemptView,
  gapWords,
  liveText,
  provenText,
  type SetView,
  stateText,
  viewAttempt,
  viewOf,
  waitingTexts,
} from './set-view.ts';

/** `holdfast set show NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('show a backup set, and what became of its runs')
      .argument('<name>', 'one of holdfast set list')
      .addHelpText('after', '\nExamples:\n  holdfast set show documents\n');
  },
  run: showSet,
};

/** `holdfast set show NAME`: the newest runs first. */
async function showSet(context: Context, name: string): Promise<Answer> {
  const home = await openHome(context.home);
  const set = await findSet(home.node, name);
  const view = await viewOf(context, home, set);
  const attempts = (await readAttempts(home.node, set)).map(viewAttempt).toReversed();
  return { value: { ...view, attempts }, rows: setRows(context, view, attempts) };
}

function* setRows(context: Context, set: SetView, attempts: readonly AttemptView[]): Iterable<Row> {
  yield row('set', set.name, stateText(context, set));
  if (set.sentBy !== undefined)
    yield row(
      'from',
      'the server',
      `sent by ${set.sentBy}`,
      `to end it here: holdfast set refuse ${set.name}`,
    );
  yield row('paths', ...set.paths);
  yield row('every', set.every, set.zone, `spread ${set.spread}`, `next ${formatTime(new Date(set.next))}`);
  if (set.live) yield row('watch', liveText(set));
  for (const { path, why } of set.watched?.unwatched ?? [])
    yield row('looks at', path, `every 5 minutes: ${gapWords[why]}`);
  for (const { time, path, why } of set.watched?.rescans ?? [])
    yield row('looked at', path, `all of it, ${formatTime(new Date(time))}: ${gapWords[why]}`);
  for (const text of waitingTexts(set))
    yield row('waits', text, `goes up when the server answers: ${set.waiting?.message}`);
  if (set.repo !== undefined) yield row('to', set.repo);
  const excludes = [...set.exclude, ...set.excludeFile.map((file) => `those in ${file}`)];
  if (excludes.length > 0) yield row('leaves out', ...excludes);
  yield row('tags', ...set.tag);
  if (set.keep !== undefined) yield row('keeps', set.keep);
  for (const when of ['before', 'after'] as const)
    if (set[when] !== undefined) yield row(when, set[when], `within ${set.hookLimit}`);
  const conditions = conditionsOf(set);
  if (conditions.length > 0) yield row('begins', ...conditions);
  if (set.waits !== undefined) yield row('waits', set.waits);
  yield row('drill', provenText(context, set.drill), ...drillParts(set));
  const columns = [
    { heading: 'Begun' },
    { heading: 'Result' },
    { heading: 'Took' },
    { heading: '', shrink: true },
  ];
  yield table(
    columns,
    attempts.map((each) => [
      formatTime(new Date(each.begun)),
      each.live ? `${each.result}, live` : each.result,
      tookText(each),
      toldText(each),
    ]),
    `it has not run yet: holdfast set run ${set.name}`,
  );
  for (const { when, file, ended, output } of attempts[0]?.hooks ?? []) {
    yield row(when, file, ended);
    for (const text of output
      .trimEnd()
      .split('\n')
      .filter((each) => each !== ''))
      yield row('', text);
  }
}

/** Of the newest drill, what it restored. */
function drillParts({ drill }: SetView): string[] {
  if (drill?.snapshot === undefined) return [];
  const { files, bytes, snapshot, seed } = drill;
  return [plural(files, 'file'), formatBytes(bytes), `of ${snapshot.slice(0, 8)}`, `seed ${seed}`];
}

function conditionsOf({ onMains, unmetered, between }: SetView): string[] {
  return [
    ...(onMains ? ['on mains'] : []),
    ...(unmetered ? ['on a line that is not metered'] : []),
    ...(between === undefined ? [] : [`between ${between}`]),
  ];
}

function tookText({ begun, ended }: AttemptView): string {
  return ended === undefined ? '' : formatElapsed(Math.max(0, Date.parse(ended) - Date.parse(begun)));
}

function toldText({ snapshot, files, added, sent, code, message, forgot }: AttemptView): string {
  const saved =
    snapshot === undefined
      ? []
      : [snapshot.slice(0, 8), plural(files ?? 0, 'file'), `${formatBytes(added ?? 0)} added`];
  const gone = forgot === undefined || forgot.removed === 0 ? [] : [`${forgot.removed} forgotten`];
  const freed = forgot?.freed === undefined ? [] : [`${formatBytes(forgot.freed)} freed`];
  const rule = forgot?.message === undefined ? [] : [`its rule: ${forgot.message} [${forgot.code}]`];
  return [
    ...saved,
    ...(sent === undefined ? [] : [`${plural(sent, 'version')} sent that had waited`]),
    ...gone,
    ...freed,
    ...rule,
    ...(message === undefined ? [] : [`${message} [${code}]`]),
  ].join('  ');
}
