import { type Channel, readChannels, type Waiting, waitingNotices } from '../../notice/index.ts';
import type { AnswerOf } from '../answers.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, table } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast notice list` */
export const word: Word = {
  define: (command) => {
    command
      .description('list who is told, and what waits because it could not be delivered; no secrets')
      .addHelpText('after', '\nExamples:\n  holdfast notice list\n  holdfast notice list --json\n');
  },
  run: listChannels,
};

/** A channel as it is shown. */
type ChannelView = AnswerOf<'notice list'>[number];

/** A channel as it is shown, with what waits for it. */
export function viewChannel(
  channel: Channel,
  waiting: Pick<Waiting, 'notices' | 'problem'> | undefined,
): ChannelView {
  const { name, added, target, summary } = channel;
  return {
    name,
    kind: target.kind,
    to: placeOf(channel),
    added,
    ...(target.kind === 'ping' && target.set !== undefined && { set: target.set }),
    ...(summary !== undefined && { summary }),
    waiting: waiting?.notices.length ?? 0,
    ...(waiting?.problem !== undefined && { problem: waiting.problem }),
  };
}

/** Where a channel leads, for people. */
export function placeOf({ target }: Pick<Channel, 'target'>): string {
  if (target.kind === 'mail') return `${target.to.join(' ')} by ${target.smtp}`;
  return target.kind === 'command' ? target.file : target.url;
}

/** `holdfast notice list` */
async function listChannels(context: Context): Promise<Answer> {
  const home = await openHome(context.home);
  const waiting = await waitingNotices(home.node);
  const views = (await readChannels(home.node)).map((channel) =>
    viewChannel(
      channel,
      waiting.find((each) => each.channel === channel.name),
    ),
  );
  const columns = [
    { heading: 'Channel' },
    { heading: 'Kind' },
    { heading: 'To', shrink: true },
    { heading: 'Summary' },
    { heading: 'Waiting', shrink: true },
  ];
  const cells = views.map(({ name, kind, to, set, summary = '', waiting: count, problem }) => [
    name,
    kind,
    set === undefined ? to : `${to} for ${set}`,
    summary,
    problem === undefined ? '' : `${plural(count, 'notice')}: ${problem}`,
  ]);
  return { value: views, rows: [table(columns, cells, 'nobody is told: holdfast notice add NAME')] };
}
