import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { dayMs, hourMs, minuteMs, systemErrorCode } from '../base/index.ts';
import type { Channel } from './channels.ts';

/** Something that needs attention now. */
export interface Concern {
  /** What it is about, which stays the same while its state changes: `set documents of client/laptop`. */
  readonly subject: string;
  readonly state: string;
  /** In a sentence. */
  readonly text: string;
  /** That it may only seem so, by what the watcher itself has missed: it is no news, and its end is none. */
  readonly isDoubtful?: boolean;
}

const Notice = Type.Object({
  /** Stays the same when it is sent again. */
  id: Type.String(),
  /** ISO 8601. */
  time: Type.String(),
  subject: Type.String(),
  state: Type.String(),
  text: Type.String(),
});
type Notice = Static<typeof Notice>;

/** What goes to a channel at once. */
export interface Message {
  readonly version: 1;
  readonly kind: 'notices' | 'summary' | 'test';
  /** Of the first notice in it, so that one that is sent again can be told. */
  readonly id: string;
  /** Who says it: the network, or the machine. */
  readonly from: string;
  /** ISO 8601. */
  readonly time: string;
  readonly notices: readonly Notice[];
}

/** What waits for a channel, and how it got on. */
const Waiting = Type.Object({
  notices: Type.Array(Notice),
  /** How many went because there were too many. */
  dropped: Type.Integer(),
  attempts: Type.Integer(),
  /** Not before then, milliseconds since 1970. */
  nextMs: Type.Number(),
  /** Why the newest attempt failed. */
  problem: Type.Optional(Type.String()),
});
export type Waiting = Static<typeof Waiting>;

/** What is kept between runs. */
const NoticeState = Type.Object({
  format: Type.Literal(1),
  /** The state of each subject that was told of and is not good yet. */
  told: Type.Record(Type.String(), Type.String()),
  /** By channel. */
  waiting: Type.Record(Type.String(), Waiting),
  /** When each channel got its newest summary, milliseconds since 1970. */
  summaries: Type.Record(Type.String(), Type.Number()),
});
export type NoticeState = Static<typeof NoticeState>;

const nothing: NoticeState = { format: 1, told: {}, waiting: {}, summaries: {} };

/** So many notices wait for a channel; the oldest go first. */
const maxWaiting = 500;
/** So many concerns are told apart; who has more has seen enough. */
const maxTold = 20_000;
const firstPauseMs = minuteMs;
const longestPauseMs = hourMs;

/** Who watches: the agent its own sets, the server all nodes. */
export type Watcher = 'agent' | 'server';

/** Where the state of a watcher is. */
export function statePath(directory: string, watcher: Watcher): string {
  return join(directory, 'notices', `${watcher}.json`);
}

/** What a watcher kept; nothing of what is damaged, which is told anew. */
export async function readState(directory: string, watcher: Watcher): Promise<NoticeState> {
  const text = await readFile(statePath(directory, watcher), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(NoticeState, value) ? value : nothing;
  } catch {
    return nothing;
  }
}

/** By channel, what waits in a home though its time came, and why. */
export async function waitingNotices(
  directory: string,
): Promise<readonly (Waiting & { readonly channel: string })[]> {
  const states = await Promise.all([readState(directory, 'agent'), readState(directory, 'server')]);
  const all = states.flatMap(({ waiting }) =>
    Object.entries(waiting).map(([channel, each]) => ({ ...each, channel })),
  );
  return all.filter(({ problem, dropped }) => problem !== undefined || dropped > 0);
}

/** The state after it was seen what needs attention: a notice for each change waits for each channel that takes them. */
export function advance(
  { told, waiting, summaries }: NoticeState,
  {
    concerns,
    channels,
    nowMs,
  }: { readonly concerns: readonly Concern[]; readonly channels: readonly Channel[]; readonly nowMs: number },
): NoticeState {
  const time = new Date(nowMs).toISOString();
  const seen = new Map(concerns.slice(0, maxTold).map((concern) => [concern.subject, concern]));
  const news = [...seen.values()].filter(
    ({ subject, state, isDoubtful = false }) => !isDoubtful && told[subject] !== state,
  );
  const over = Object.keys(told).filter((subject) => !seen.has(subject));
  const notices: Notice[] = [
    ...news.map(({ subject, state, text }) => ({ id: randomUUID(), time, subject, state, text })),
    ...over.map((subject) => ({
      id: randomUUID(),
      time,
      subject,
      state: 'ok',
      text: `${subject} needs no attention any more`,
    })),
  ];
  const still = [...seen.values()].filter(
    ({ subject, isDoubtful = false }) => !isDoubtful || subject in told,
  );
  return {
    format: 1,
    told: Object.fromEntries(
      still.map(({ subject, state, isDoubtful = false }) => [
        subject,
        isDoubtful ? (told[subject] ?? state) : state,
      ]),
    ),
    waiting: Object.fromEntries(channels.map(({ name }) => [name, withNotices(waiting[name], notices)])),
    summaries: Object.fromEntries(
      channels.map(({ name, added }) => [name, summaries[name] ?? Date.parse(added)]),
    ),
  };
}

const empty: Waiting = { notices: [], dropped: 0, attempts: 0, nextMs: 0 };

function withNotices(before: Waiting = empty, more: readonly Notice[]): Waiting {
  const all = [...before.notices, ...more];
  return {
    ...before,
    notices: all.slice(-maxWaiting),
    dropped: before.dropped + Math.max(0, all.length - maxWaiting),
  };
}

/** After a delivery: nothing waits, and nothing is wrong any more. */
export function delivered(): Waiting {
  return empty;
}

/** After a delivery that failed: it is tried again, later each time. */
export function failed(before: Waiting, problem: string, nowMs: number): Waiting {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(before.attempts, 10));
  return { ...before, attempts: before.attempts + 1, nextMs: nowMs + pauseMs, problem };
}

/** Whether a channel is to get a summary by now. */
export function owesSummary({ name, summary }: Channel, { summaries }: NoticeState, nowMs: number): boolean {
  const everyMs = { daily: dayMs, weekly: 7 * dayMs };
  return summary !== undefined && nowMs >= (summaries[name] ?? nowMs) + everyMs[summary];
}
