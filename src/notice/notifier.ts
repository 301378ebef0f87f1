import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  type Log,
  makePrivateDirectory,
  type Secret,
  withFileLock,
  writeFileAtomic,
} from '../base/index.ts';
import { type Channel, readChannels } from './channels.ts';
import { deliver } from './deliver/deliver.ts';
import {
  advance,
  type Concern,
  delivered,
  failed,
  type Message,
  type NoticeState,
  owesSummary,
  readState,
  statePath,
  type Watcher,
} from './notices.ts';

interface NotifierOptions {
  /** Of the node whose channels are used. */
  readonly directory: string;
  readonly watcher: Watcher;
  /** Who says it, for people: the network, or the machine. */
  readonly from: string;
  /** What a channel is opened or signed with. */
  readonly secretOf: (channel: string) => Promise<Secret<string> | undefined>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * Tells whoever is to be told what has begun to need attention, and what does no more. What is to be said is kept before it is sent, and
 * gone once it was taken: a restart repeats nothing and loses nothing, a kill in between repeats one message, by the same id.
 */
export class Notifier {
  readonly #options: NotifierOptions;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Takes all that needs attention now, which `look` finds where there is anybody to tell, and delivers what waits and is due. */
  async pass(look: () => Promise<readonly Concern[]>, signal: AbortSignal): Promise<void> {
    const { directory, watcher } = this.#options;
    const channels = (await readChannels(directory)).filter(({ target }) => target.kind !== 'ping');
    // Whoever is told again from some day on is told of all that is so then.
    if (channels.length === 0) return await rm(statePath(directory, watcher), { force: true });
    const concerns = await look();
    await makePrivateDirectory(join(directory, 'notices'));
    await withFileLock(join(directory, 'notices', `${watcher}.lock`), () =>
      this.#tell(channels, concerns, signal),
    );
  }

  async #tell(
    channels: readonly Channel[],
    concerns: readonly Concern[],
    signal: AbortSignal,
  ): Promise<void> {
    const { directory, watcher, clock } = this.#options;
    const before = await readState(directory, watcher);
    let state = advance(before, { concerns, channels, nowMs: clock.now() });
    if (JSON.stringify(state) !== JSON.stringify(before)) await this.#keep(state);
    for (const channel of channels) {
      const next = await this.#serve(channel, state, concerns, signal);
      if (next === state) continue;
      state = next;
      await this.#keep(state);
    }
  }

  async #keep(state: NoticeState): Promise<void> {
    const { directory, watcher } = this.#options;
    await writeFileAtomic(statePath(directory, watcher), `${JSON.stringify(state)}\n`);
  }

  /** The state after a channel got what it is to get now. */
  async #serve(
    channel: Channel,
    state: NoticeState,
    concerns: readonly Concern[],
    signal: AbortSignal,
  ): Promise<NoticeState> {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const waiting = state.waiting[channel.name] ?? delivered();
    const isSummary = owesSummary(channel, state, nowMs);
    if ((waiting.notices.length === 0 && !isSummary) || nowMs < waiting.nextMs) return state;
    const put = (next: typeof waiting, more: Partial<NoticeState> = {}): NoticeState => ({
      ...state,
      ...more,
      waiting: { ...state.waiting, [channel.name]: next },
    });
    try {
      if (waiting.notices.length > 0) await this.#send(channel, 'notices', waiting.notices, signal);
      const sent = put(delivered());
      if (!isSummary) return sent;
      await this.#keep(sent);
      await this.#send(
        channel,
        'summary',
        concerns.map((concern) => this.#asNotice(concern)),
        signal,
      );
      return put(delivered(), { summaries: { ...state.summaries, [channel.name]: nowMs } });
    } catch (error) {
      if (signal.aborted) return state;
      const problem = error instanceof Error ? error.message : String(error);
      if (waiting.problem === undefined)
        log.warn('a channel takes no notices', { channel: channel.name, error });
      return put(failed(waiting, problem.slice(0, 300), nowMs));
    }
  }

  #asNotice({ subject, state, text }: Concern): Message['notices'][number] {
    return {
      id: randomUUID(),
      time: new Date(this.#options.clock.now()).toISOString(),
      subject,
      state,
      text,
    };
  }

  async #send(
    channel: Channel,
    kind: Message['kind'],
    notices: Message['notices'],
    signal: AbortSignal,
  ): Promise<void> {
    const { from, clock, secretOf } = this.#options;
    const time = new Date(clock.now()).toISOString();
    const message: Message = { version: 1, kind, id: notices[0]?.id ?? randomUUID(), from, time, notices };
    await deliver(channel, message, { secret: await secretOf(channel.name), clock, signal });
  }
}
