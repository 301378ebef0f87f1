import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { closed } from '../../test/rig/closed.ts';
import { hourMs } from '../base/index.ts';
import { HandshakeBudget, type StrangerLimits, Strangers } from './handshake-budget.ts';

const here = '192.0.2.1';

test('so many handshakes a second are for one place, and again in the next second', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 9 });
  const waits = [0, 1, 2, 998].map((nowMs) => budget.spend(here, nowMs));
  assert.deepEqual(waits, [0, 0, 998, 2]);
  assert.equal(budget.spend('192.0.2.2', 999), 0);
  assert.equal(budget.spend(here, 1000), 0);
});

test('a handshake that proves an identity costs nothing', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 1, maxInAll: 1 });
  for (let nowMs = 0; nowMs < 100; nowMs++) {
    assert.equal(budget.spend(here, nowMs), 0);
    budget.refund(here);
  }
});

test('a handshake that was dear takes from the seconds that follow', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 9 });
  assert.equal(budget.spend(here, 0), 0);
  budget.charge(here, 4);
  assert.deepEqual(
    [1, 1000, 1999, 2000].map((nowMs) => budget.spend(here, nowMs)),
    [999, 1000, 1, 0],
  );
});

test('a flood from everywhere keeps out those who were never here, and not those who were', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 3 });
  budget.spend(here, 0);
  budget.refund(here);
  for (let from = 0; from < 3; from++) assert.equal(budget.spend(`198.51.100.${from}`, 1), 0);
  assert.equal(budget.spend('198.51.100.9', 2), 998);
  assert.equal(budget.spend(here, 3), 0);
});

const generous = { proofMs: hourMs, stayMs: hourMs, maxFromPlace: 100, maxCount: 100 };

test('too many from one place push out their oldest, and nobody from elsewhere', async () => {
  await using server = await start({ maxFromPlace: 2 });
  const elsewhere = await server.visit('127.0.0.2');
  const visits = [await server.visit(), await server.visit(), await server.visit()] as const;
  await closed(visits[0].peer);
  assert.deepEqual([elsewhere, ...visits.slice(1)].map(isOpen), [true, true, true]);
});

test('too many in all push out the oldest of the place that has most', async () => {
  await using server = await start({ maxCount: 3 });
  const elsewhere = await server.visit('127.0.0.2');
  const visits = [await server.visit(), await server.visit(), await server.visit('127.0.0.3')] as const;
  await closed(visits[0].peer);
  assert.deepEqual([elsewhere, ...visits.slice(1)].map(isOpen), [true, true, true]);
});

test('one that has proved to be ours is neither counted nor ended', async () => {
  await using server = await start({ maxFromPlace: 1, proofMs: 30 });
  const ours = await server.visit();
  server.strangers.release(ours.accepted);
  const others = [await server.visit(), await server.visit()];
  await Promise.all(others.map(({ peer }) => closed(peer)));
  assert.ok(isOpen(ours));
});

test('one that has nothing to prove stays longer than one that has, and not for ever', async () => {
  await using server = await start({ stayMs: 30 });
  const [proves, stays] = [await server.visit(), await server.visit()];
  server.strangers.letStay(stays.accepted);
  await closed(stays.peer);
  assert.ok(isOpen(proves));
});

/** Both ends of a connection. */
interface Visit {
  readonly peer: Socket;
  readonly accepted: Socket;
}

interface Visited extends AsyncDisposable {
  readonly strangers: Strangers;
  /** Connects from this address of loopback. */
  visit(localAddress?: string): Promise<Visit>;
}

async function start(limits: Partial<StrangerLimits>): Promise<Visited> {
  const strangers = new Strangers({ ...generous, ...limits });
  const peers: Socket[] = [];
  const server = createServer((socket) => strangers.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const visit = async (localAddress = '127.0.0.1'): Promise<Visit> => {
    const peer = connect({ port, host: '127.0.0.1', localAddress })
      .on('error', () => {})
      .resume();
    peers.push(peer);
    const [accepted] = (await once(server, 'connection')) as [Socket];
    return { peer, accepted };
  };
  const close = async (): Promise<void> => {
    for (const peer of peers) peer.destroy();
    server.close();
    await once(server, 'close');
  };
  return { strangers, visit, [Symbol.asyncDispose]: close };
}

function isOpen({ accepted }: Visit): boolean {
  return !accepted.destroyed;
}
