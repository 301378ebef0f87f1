import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationAnswer } from '../src/admin/index.ts';
import type { SentToClients, SentToHere } from '../src/cli/answers.ts';
import type { RunningProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
let network: Network;
let laptop: NetworkClient;
let agent: RunningProgram;
const at = (...names: string[]): string => join(place.path, ...names);

const never = ['--every', '0 0 1 1 *', '--spread', '0'];
const send = (...words: string[]) => network.run(['set', 'send', ...words, ...never]);
const here = async (): Promise<SentToHere[]> =>
  JSON.parse((await laptop.run(['set', 'sent', '--json'])).stdout);

/** Waits until the machine has heard of what it is sent, as its file has it. */
async function heard(isMeant: (told: string) => boolean): Promise<void> {
  const file = join(laptop.home, 'node/sent-sets.json');
  while (!existsSync(file) || !isMeant(readFileSync(file, 'utf8'))) await sleep(20);
}

/** What the server was told that the machine refuses. */
async function refusals(isMeant: (codes: readonly string[]) => boolean): Promise<readonly string[]> {
  for (;;) {
    const [node] = await network.ask<OperationAnswer<'node.list'>>('node.list', { name: 'laptop' });
    const codes = (node?.report?.refused ?? []).map(({ name, code }) => `${name} ${code}`);
    if (isMeant(codes)) return codes;
    await sleep(50);
  }
}

const allow = async (words: string): Promise<void> => {
  await laptop.run(['client', 'set', 'agent.allow', words]);
  process.kill(agent.pid, 'SIGHUP');
};

before(async () => {
  place = temporaryDirectory();
  mkdirSync(at('data'));
  writeFileSync(at('data/file'), 'what is saved');
  network = await Network.start(at('server'));
  laptop = await network.join('laptop', at('laptop'));
  agent = laptop.start(['agent']);
  await agent.waitFor(/"a line to the server is held"/);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('a backup set that the server sends', () => {
  it('does not run while the owner allows nothing, and both ends say so by name', async () => {
    await send('system', at('data'), '--nodes', 'laptop', '--tag', 'nightly', '--limit-upload', '5000');
    await heard((told) => told.includes('"system"'));
    const [found] = await here();
    assert.deepEqual([found?.by, found?.refused?.code], ['admin/local', 'set_not_allowed']);
    assert.deepEqual(await refusals((codes) => codes.length > 0), ['system set_not_allowed']);
    assert.match(
      (await laptop.run(['status'])).stderr,
      /the set system that the server sends does not run: .*agent\.allow sets:/,
    );
    const shown = JSON.parse((await network.run(['set', 'sent', '--json'])).stdout) as SentToClients[];
    assert.deepEqual([shown[0]?.nodes, shown[0]?.refusedBy[0]?.node], [['laptop'], 'laptop']);
    assert.match(
      (await network.run(['nodes', '--check'], 4)).stdout,
      /does not run the set system that it is sent/,
    );
    assert.match((await laptop.run(['set', 'run', 'system'], 23)).stderr, /\[set_not_allowed\]/);
  });

  it('runs where its folder is allowed, is shown with where it comes from, and cannot be changed there', async () => {
    await allow(`sets:${at('data')}`);
    const shown = (await laptop.run(['set', 'list'])).stdout;
    assert.match(shown, /system +the server, admin\/local/);
    assert.match((await laptop.run(['set', 'show', 'system'])).stdout, /from +the server/);
    await laptop.run(['set', 'run', 'system']);
    const { stdout } = await laptop.run(['snapshots', '--json']);
    const [snapshot] = JSON.parse(stdout) as { tags: string[] }[];
    assert.deepEqual(
      snapshot?.tags.map((tag) => tag.replace(/[a-z0-9]{16}$/, 'ID')),
      ['set:sent-ID', 'nightly'],
    );
    assert.deepEqual(await refusals((codes) => codes.length === 0), []);
    for (const words of [
      ['remove', 'system'],
      ['rename', 'system', 'other'],
      ['add', 'system', at('data'), '--replace', ...never],
    ])
      assert.match((await laptop.run(['set', ...words], 23)).stderr, /\[set_sent\]/);
  });

  it('is run by nobody with a program that the owner does not allow by name', async () => {
    const program = at('program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    await send('system', at('data'), '--before', program, '--replace');
    await heard((told) => told.includes(program));
    const [found] = await here();
    assert.match(found?.refused?.message ?? '', new RegExp(`runs ${program}`));
    await allow(`sets:${at('data')},hook:${program}`);
    await laptop.run(['set', 'run', 'system']);
    assert.match((await laptop.run(['client', 'show'])).stdout, /has it run programs of its own: hook:/);
  });

  it('is refused by the owner, who can take that back', async () => {
    await laptop.run(['set', 'refuse', 'system']);
    process.kill(agent.pid, 'SIGHUP');
    assert.match((await laptop.run(['set', 'run', 'system'], 23)).stderr, /\[set_refused\]/);
    assert.deepEqual(await refusals((codes) => codes.length > 0), ['system set_refused']);
    await laptop.run(['set', 'accept', 'system']);
    assert.equal((await here())[0]?.refused, undefined);
    assert.match((await laptop.run(['set', 'refuse', 'nothing'], 2)).stderr, /\[set_unknown\]/);
  });

  it('has no name of a set of the machine, and ends when it is withdrawn', async () => {
    await laptop.run(['set', 'add', 'own', at('data'), ...never]);
    await send('own', at('data'));
    await heard((told) => told.includes('"own"'));
    assert.equal((await here()).find(({ name }) => name === 'own')?.refused?.code, 'set_exists');
    for (const name of ['own', 'system']) await network.run(['set', 'withdraw', name]);
    await heard((told) => !told.includes('"system"'));
    assert.deepEqual(JSON.parse((await laptop.run(['set', 'list', '--json'])).stdout).length, 1);
    const { stdout } = await network.run(['audit', 'list', '--json']);
    const kinds = (JSON.parse(stdout) as { kind: string }[]).map(({ kind }) => kind);
    for (const [kind, times] of [
      ['set sent', 3],
      ['set withdrawn', 2],
    ] as const)
      assert.equal(kinds.filter((each) => each === kind).length, times);
    await network.run(['audit', 'verify']);
  });
});
