import { findKeystore, openNode, readNodeState, type Unrecorded } from '../../agent/index.ts';
import { dayMs, type Log } from '../../base/index.ts';
import {
  type Concern,
  channelSecret,
  Notifier,
  pingRun,
  readChannels,
  waitingNotices,
} from '../../notice/index.ts';
import { machineName } from '../../transport/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { attentionTo, attentionToDrill, drillTrouble, viewSets } from '../set/set-view.ts';
import { formatTime, plural } from '../terminal/format.ts';

/** What tells of a home: of its own sets where the agent watches, of all nodes where the server does. */
export function notifierOf(
  { clock }: Pick<Context, 'clock'>,
  home: Home,
  { watcher, from, log }: { readonly watcher: 'agent' | 'server'; readonly from: string; readonly log: Log },
): Notifier {
  const secretOf = async (channel: string) => {
    const keystore = await findKeystore(home.node);
    return keystore && channelSecret(keystore, channel);
  };
  return new Notifier({ directory: home.node, watcher, from, secretOf, clock, log });
}

/** Tells of the sets of this machine what is to be told now, by an agent what it alone knows of them too. Never rejects: what goes wrong is in the log. */
export async function tellOfOwnSets(
  context: Context,
  home: Home,
  log: Log,
  unrecorded?: Unrecorded,
): Promise<void> {
  try {
    const notifier = notifierOf(context, home, { watcher: 'agent', from: machineName(), log });
    await notifier.pass(() => ownConcerns(context, home, unrecorded), context.signal);
  } catch (error) {
    if (!context.signal.aborted) log.warn('nobody could be told of the sets', { error });
  }
}

/** Tells the watches of a set that a run begins, or what it came to. Never rejects. */
export async function pingWatches(home: Home, run: Parameters<typeof pingRun>[1], log: Log): Promise<void> {
  try {
    await pingRun(await readChannels(home.node), run, log);
  } catch (error) {
    log.warn('the watches of a set could not be told', { error });
  }
}

/** A certificate that ends within so long should have been renewed by itself. */
const endingMs = 7 * dayMs;

async function ownConcerns(
  context: Context,
  home: Home,
  unrecorded: Unrecorded | undefined,
): Promise<readonly Concern[]> {
  const nowMs = context.clock.now();
  const sets = await viewSets(context, home, unrecorded);
  const concerns = sets.flatMap((set) => {
    const drilled = attentionToDrill(set).map((text) => ({
      subject: `restore drill of the set ${set.name}`,
      state: drillTrouble(set),
      text,
    }));
    const isOnlyNew = set.state === 'never' && Date.parse(set.next) > nowMs;
    if (set.state === 'ok' || isOnlyNew) return drilled;
    const text = attentionTo(context, set, true).at(-1) ?? set.state;
    return [{ subject: `set ${set.name}`, state: set.state, text }, ...drilled];
  });
  if ((await readNodeState(home.node)) === undefined) return concerns;
  const { notAfter } = (await openNode(home.node)).certificate;
  if (notAfter.getTime() - nowMs > endingMs) return concerns;
  const stopping = sets.filter(({ repo }) => repo === undefined).map(({ name }) => name);
  const stop = stopping.length === 0 ? '' : `; with it stop ${stopping.join(', ')}`;
  const isOver = notAfter.getTime() < nowMs;
  const certificate = {
    subject: 'certificate of this machine',
    state: isOver ? 'ended' : 'ending',
    text: `the certificate of this machine ${isOver ? 'ended' : 'ends'} ${notAfter.toISOString()}${stop}`,
  };
  return [...concerns, certificate];
}

/** What `status` says of notices that nobody has got yet. */
export async function noticeWarnings({ clock }: Context, home: Home): Promise<string[]> {
  return (await waitingNotices(home.node)).flatMap(({ channel, notices, dropped, problem, nextMs }) => {
    const lost = dropped === 0 ? '' : `, and ${plural(dropped, 'older one')} went`;
    const why = problem ?? 'it was too slow';
    const next = nextMs > clock.now() ? `, next attempt ${formatTime(new Date(nextMs))}` : '';
    return [
      `${plural(notices.length, 'notice')} for the channel ${channel} wait${lost}: ${why}${next}; try it: holdfast notice test ${channel}`,
    ];
  });
}
