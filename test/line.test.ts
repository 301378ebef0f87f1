import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { CutLine, useLine } from './rig/cut-line.ts';
import type { ProgramResult } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const megabyte = 2 ** 20;
/** Longer than the first attempts, so that a cut is noticed; a person would call it short. */
const cutMs = 1500;

describe('a line that is cut', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  let line: CutLine;
  let data: string;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(join(place.path, 'server'));
    client = await network.join('client', join(place.path, 'client'));
    line = await CutLine.to(network.port);
    useLine(client, line.port);
    data = join(place.path, 'data');
    mkdirSync(data);
  });
  after(async () => {
    await line[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  const saidDown = /line {8}.*127\.0\.0\.1:\d+.*; trying again in \d+ s \(.*gives up in 1[45] min\)/;
  const fill = (seed: number): void =>
    writeFileSync(join(data, 'large'), new Prng(seed).bytes(12 * megabyte));

  async function restored(target: string, meanwhile: () => Promise<void>): Promise<ProgramResult> {
    const to = join(place.path, target);
    const [result] = await Promise.all([client.run(['restore', 'latest', '--target', to]), meanwhile()]);
    assertSameTree(join(to, data), data);
    return result;
  }

  it('in the middle of a backup and a restore ends neither, and is told', async () => {
    fill(1);
    const cut = (): Promise<void> => line.cutOnce('reset', { bytes: 6 * megabyte, ms: cutMs });
    const [backup] = await Promise.all([client.run(['backup', data]), cut()]);
    const restore = await restored('cut', cut);
    for (const { stderr } of [backup, restore]) {
      assert.match(stderr, saidDown);
      assert.match(stderr, /line {8}back after \d+ s/);
    }
  });

  it('since its server was killed ends neither when the server is started again', async () => {
    fill(2);
    const restart = async (): Promise<void> => {
      await line.cutOnce('silent', { bytes: 6 * megabyte, ms: 0 });
      await network.server.stop('SIGKILL');
      await network.restart();
    };
    await Promise.all([client.run(['backup', data]), restart()]);
    await restored('killed', restart);
  });

  it('from the beginning is waited for, a while', async () => {
    await network.server.stop();
    await using running = client.start(['snapshots', '--json']);
    await running.waitFor(/"msg":"the line is down"/);
    await network.restart();
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 2);
    assert.match(stderr, /"msg":"the line is back"/);
  });

  it('is waited for as long as was said, from the beginning by what nobody sits at', async () => {
    await client.run(['set', 'add', 'data', data, '--every', '6h']);
    await network.server.stop();
    await client.run(['client', 'set', 'retryFor', '1s']);
    const soon = await client.run(['snapshots'], 20);
    assert.match(soon.stderr, /tried for 1 s \[connection_/);
    await client.run(['client', 'set', 'retryFor', '1h']);
    await using running = client.start(['set', 'run', 'data']);
    await running.waitFor(/gives up in 60 min\)/);
    await network.restart();
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
  });

  it('is left at Ctrl-C', async () => {
    await network.server.stop();
    await using running = client.start(['backup', data]);
    await running.waitFor(/trying again in \d+ s \(gives up in 30 s\)/);
    const { code, stderr } = await running.stop('SIGINT');
    assert.equal(code, 130, stderr);
  });
});
