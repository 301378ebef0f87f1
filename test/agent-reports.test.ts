import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { OperationAnswer } from '../src/admin/index.ts';
import { certifiedRequest, type HttpsAnswer } from './rig/certified-request.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type ListedNode = OperationAnswer<'node.list'>[number];
type ListedSet = NonNullable<ListedNode['report']>['sets'][number];

describe('what a server is told of backup sets', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** The first set of the laptop, once it is as it is waited for. */
  const setThat = async (is: (set: ListedSet, node: ListedNode) => boolean): Promise<ListedSet> => {
    for (;;) {
      const nodes = await network.ask<ListedNode[]>('node.list', { role: 'client', name: 'laptop' });
      const [node] = nodes;
      const set = node?.report?.sets.at(0);
      if (node !== undefined && set !== undefined && is(set, node)) return set;
      await setTimeout(100);
    }
  };
  const say = (report: object | string): Promise<HttpsAnswer> =>
    certifiedRequest(`https://127.0.0.1:${network.port}/-/agent/report`, {
      ca: at('laptop/restic/ca.pem'),
      certificate: at('laptop/restic/client.pem'),
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof report === 'string' ? report : JSON.stringify(report),
    });

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'text');
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('comes from the agent after each run, and from a run that nobody started for it', async () => {
    await laptop.run(['set', 'add', 'documents', at('data'), '--every', '6h', '--spread', '0']);
    {
      await using agent = laptop.start(['agent']);
      await agent.waitFor(/"a set has ended"/);
      const { success, last, why } = await setThat(({ state, running }) => state === 'ok' && !running);
      assert.equal(why, undefined);
      assert.ok(success?.arrived !== undefined && last?.result === 'ok');
      assert.ok(Math.abs(Date.parse(success.arrived) - Date.now()) < 60_000);
      const [first] = await network.ask<ListedNode[]>('node.list', { role: 'client', name: 'laptop' });
      assert.equal(first?.report?.agent, true);
      await agent.stop();
    }
    assert.match((await network.run(['nodes', '--check'])).stdout, /^HOLDFAST OK - .*1 backup set$/m);
    writeFileSync(at('data/file'), 'another text');
    const { snapshot } = JSON.parse((await laptop.run(['set', 'run', 'documents', '--json'])).stdout);
    await setThat(({ success }, { report }) => success?.snapshot === snapshot && report?.agent === false);
  });

  it('is what the nodes show, each with its sets, and is attention where one is not ok', async () => {
    await laptop.run(['set', 'add', 'broken', at('data'), '--every', '6h', '--before', '/bin/false']);
    await laptop.run(['set', 'run', 'broken'], 1);
    const broken = await setThat(({ name, state }) => name === 'broken' && state === 'failed');
    assert.match(broken.why ?? '', /\/bin\/false.* \[hook_failed\]$/);
    const { stdout, stderr } = await network.run(['nodes']);
    assert.match(stdout, /laptop\/broken +failed .*\n.*laptop\/documents +ok +now +now +ok/);
    assert.match(stderr, /the set broken of client\/laptop is failed, just now: .*\/bin\/false/);
    const { stdout: one } = await network.run(['nodes', '--name', 'laptop']);
    assert.match(one, /set +documents +ok, just now +snapshot /);
    assert.match((await network.run(['nodes', '--check'], 4)).stdout, /^HOLDFAST ATTENTION - the set broken/);
    await laptop.run(['set', 'remove', 'broken']);
  });

  it('is held against what has arrived, and is bounded', async () => {
    await laptop.run(['cert', 'export', '--layout', 'restic', at('laptop/restic')]);
    const nowMs = Date.now();
    const set = {
      id: 'documents-x',
      name: 'documents',
      every: '6h',
      state: 'ok',
      sinceMs: nowMs,
      nextMs: nowMs + 3_600_000,
      afterMs: nowMs + 7_200_000,
      running: false,
      success: { begunMs: nowMs, endedMs: nowMs, snapshot: 'b'.repeat(64) },
    };
    const report = { version: 1, sentMs: nowMs, everyMs: 60_000, sets: [set], total: 1 };
    assert.equal((await say(report)).status, 200);
    const claimed = await setThat(({ id }) => id === set.id);
    assert.deepEqual(
      [claimed.state, claimed.why, claimed.success?.arrived],
      ['failed', 'it says that it is ok, and its snapshot bbbbbbbb is not here', undefined],
    );
    const unproven = { ...set, unprovenMs: nowMs - 22 * 86_400_000 };
    assert.equal((await say({ ...report, sets: [unproven] })).status, 200);
    await setThat(({ unproven: since }) => since !== undefined);
    assert.match(
      (await network.run(['nodes', '--check'], 4)).stdout,
      /nothing proves since .* that the set documents of client\/laptop can be restored: no restore drill was held/,
    );
    for (const bad of [
      { ...report, sets: Array.from({ length: 51 }, () => set) },
      { ...report, sets: [{ ...set, every: '\u001b[31m' }] },
      { ...report, sets: [{ ...set, name: '__proto__' }] },
      { ...report, sets: [{ ...set, nextMs: 1e300 }] },
      { ...report, more: true },
      '{',
      `"${'x'.repeat(70_000)}"`,
    ])
      assert.equal((await say(bad)).status, 400);
  });

  it('is there after the server was started again', async () => {
    await network.server.stop();
    await network.restart();
    await setThat(({ id, state }) => id === 'documents-x' && state === 'failed');
  });
});
