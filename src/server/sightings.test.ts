import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { Sighting } from '../authority/index.ts';
import { ManualClock, minuteMs, secondMs, silentLog } from '../base/index.ts';
import { defaultListeners, type ListenerPolicy } from '../policy/index.ts';
import { type Seen, Sightings } from './sightings.ts';
import type { TicketPeer } from './ticket-gate.ts';

const [main] = defaultListeners(8443) as [ListenerPolicy];

function sample() {
  const clock = new ManualClock(new Date('2026-11-21T08:00:00.000Z'));
  const kept: Sighting[][] = [];
  let fails = false;
  const sightings = new Sightings({
    keep: async (seen) => {
      if (fails) throw new Error('the disk is full');
      kept.push([...seen]);
    },
    clock,
    log: silentLog,
  });
  const fail = (value: boolean): void => {
    fails = value;
  };
  return { clock, kept, sightings, fail };
}

const socket = new Socket();

function request(headers: Record<string, string> = {}, on: Socket = socket): IncomingMessage {
  return { socket: on, headers } as unknown as IncomingMessage;
}

function seenAs(name: string | undefined, sent = request()): Seen {
  const identity = { network: 'n.test', role: 'client', name: name ?? '' } as const;
  const peer = { by: 'ticket', identity } as TicketPeer;
  return { request: sent, listener: main, service: 'storage', peer: name === undefined ? undefined : peer };
}

test('a client that comes as before is written once a minute, however often it comes', async () => {
  const { clock, kept, sightings } = sample();
  for (let at = 0; at < 120; at++) {
    for (let times = 0; times < 100; times++) sightings.see(seenAs('alpha'));
    await sightings.flush('due');
    clock.advance(secondMs);
  }
  assert.equal(kept.length, 2);
  assert.equal(kept[1]?.[0]?.seenAt.getTime(), (kept[0]?.[0]?.seenAt.getTime() ?? 0) + minuteMs);
  clock.advance(-1);
  sightings.see(seenAs('alpha'));
  await sightings.flush('all');
  assert.equal(kept.length, 3, 'the end keeps who came last');
});

test('a client that comes otherwise is written at the next turn', async () => {
  const { kept, sightings } = sample();
  sightings.see(seenAs('alpha'));
  await sightings.flush('due');
  sightings.see(seenAs('alpha', request({ 'holdfast-client-policy': 'verifyServer=off' })));
  await sightings.flush('due');
  assert.deepEqual(
    kept.map(([one]) => one?.weaker),
    [[], ['verifyServer']],
  );
  // Told otherwise, and the same all the same.
  sightings.see(seenAs('alpha', request({ 'holdfast-client-policy': ' verifyServer=off' })));
  await sightings.flush('due');
  assert.equal(kept.length, 2);
});

test('what cannot be written is written later', async () => {
  const { clock, kept, sightings, fail } = sample();
  fail(true);
  sightings.see(seenAs('alpha'));
  await sightings.flush('due');
  fail(false);
  clock.advance(minuteMs);
  await sightings.flush('due');
  assert.equal(kept.flat()[0]?.name, 'alpha');
});

test('a flood of strangers costs a bounded number of rows, and drives no node out', async () => {
  const { kept, sightings } = sample();
  sightings.see(seenAs('alpha'));
  for (let at = 0; at < 5000; at++) {
    const from = Object.defineProperty(new Socket(), 'remoteAddress', {
      value: `2001:db8::${at.toString(16)}`,
    });
    sightings.see(seenAs(undefined, request({}, from)));
  }
  await sightings.flush('all');
  assert.equal(kept.flat().length, 1001);
  assert.ok(kept.flat().some(({ name }) => name === 'alpha'));
});
