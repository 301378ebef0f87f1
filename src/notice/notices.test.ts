import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../base/index.ts';
import type { Channel } from './channels.ts';
import { advance, type Concern, failed, type NoticeState, owesSummary, type Waiting } from './notices.ts';

const nowMs = Date.parse('2026-11-21T08:00:00.000Z');
const ops: Channel = {
  name: 'ops',
  added: new Date(nowMs).toISOString(),
  target: { kind: 'command', file: '/bin/true' },
};
const first: NoticeState = { format: 1, told: {}, waiting: {}, summaries: {} };
const concern = (state: string, more: Partial<Concern> = {}): Concern => ({
  subject: 'set documents',
  state,
  text: `it is ${state}`,
  ...more,
});
const seen = (state: NoticeState, ...concerns: readonly Concern[]): NoticeState =>
  advance(state, { concerns, channels: [ops], nowMs });
const waitingIn = ({ waiting }: NoticeState): string[] =>
  (waiting['ops']?.notices ?? []).map(({ state }) => state);

describe('notices', () => {
  it('are one for each change of state, and one when it is good again', () => {
    const late = seen(first, concern('late'));
    assert.deepEqual(waitingIn(late), ['late']);
    assert.deepEqual(waitingIn(seen(late, concern('late'))), ['late']);
    const missed = seen(seen(late, concern('late')), concern('missed'));
    assert.deepEqual(waitingIn(missed), ['late', 'missed']);
    const good = seen(missed);
    assert.deepEqual(waitingIn(good), ['late', 'missed', 'ok']);
    assert.equal(good.waiting['ops']?.notices.at(-1)?.text, 'set documents needs no attention any more');
    assert.deepEqual(waitingIn(seen(good)), ['late', 'missed', 'ok']);
  });

  it('are none of what is doubtful: it neither begins nor ends anything', () => {
    const doubtful = concern('silent', { isDoubtful: true });
    assert.deepEqual(waitingIn(seen(first, doubtful)), []);
    const late = seen(seen(first, concern('late')), doubtful);
    assert.deepEqual(waitingIn(late), ['late']);
    assert.deepEqual(waitingIn(seen(late, concern('late'))), ['late']);
  });

  it('wait for a channel that takes nothing, bounded, the newest of them', () => {
    let state = first;
    for (let at = 0; at < 700; at++) state = seen(state, concern(`state ${at}`));
    const { notices = [], dropped } = state.waiting['ops'] ?? {};
    assert.deepEqual([notices.length, dropped, notices.at(-1)?.state], [500, 200, 'state 699']);
  });

  it('are tried again after a minute, and at last once an hour', () => {
    let waiting: Waiting = { notices: [], dropped: 0, attempts: 0, nextMs: 0 };
    const pauses = Array.from({ length: 9 }, () => {
      waiting = failed(waiting, 'down', nowMs);
      return (waiting.nextMs - nowMs) / minuteMs;
    });
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('of everything come each day or week to whoever asked for that', () => {
    const daily: Channel = { ...ops, summary: 'daily' };
    const state = advance(first, { concerns: [], channels: [daily], nowMs });
    assert.equal(owesSummary(daily, state, nowMs + dayMs - hourMs), false);
    assert.equal(owesSummary(daily, state, nowMs + dayMs), true);
    assert.equal(owesSummary({ ...ops, summary: 'weekly' }, state, nowMs + 6 * dayMs), false);
    assert.equal(owesSummary(ops, state, nowMs + 30 * dayMs), false);
  });

  it('go with the channel that they wait for', () => {
    const state = advance(seen(first, concern('late')), { concerns: [concern('late')], channels: [], nowMs });
    assert.deepEqual([state.waiting, state.told], [{}, { 'set documents': 'late' }]);
  });
});
