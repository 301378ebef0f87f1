import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fillDisk } from './rig/fill-disk.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { assertRefused } from './rig/refusal.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

async function backUpToFullDisk(): Promise<void> {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  // Enough for the locks, not for the data.
  using _disk = mountSmallDisk(at('disk'), '12m');
  await using network = await Network.start(at('server'));
  await network.server.stop();
  appendFileSync(join(network.home, 'holdfast.toml'), `store = ${JSON.stringify(at('disk'))}\n`);
  await network.restart();
  const client = await network.join('client', at('client'));
  mkdirSync(at('data'));
  writeFileSync(at('data/small'), new Prng('small').bytes(100_000));
  await client.run(['backup', at('data')]);
  const { options } = await client.exportForRestic();

  writeFileSync(at('data/large'), new Prng('large').bytes(24_000_000));
  const words = ['backup', at('data'), '--home', client.home];
  const refusal = { code: 'storage_full', exit: 1, hint: /room/, untouched: at('data') } as const;
  await assertRefused(words, refusal);
  // The client goes when one upload is refused; the server clears away the others as it sees that they are cut off.
  while (readdirSync(at('disk/client/.uploads')).length > 0) await setTimeout(20);
  assert.ok(statfsSync(at('disk')).bavail > 0);
  const checked = await runProgram('restic', [...options, '--no-cache', '--no-lock', 'check', '--read-data']);
  assert.match(checked.stdout, /no errors were found/);
  assert.equal(JSON.parse((await client.run(['snapshots', '--json'])).stdout).length, 1);

  rmSync(at('data/large'));
  writeFileSync(at('data/fits'), new Prng('fits').bytes(100_000));
  await client.run(['backup', at('data')]);
  await client.run(['restore', 'latest', '--target', at('restored')]);
  await runProgram('diff', ['-r', at('data'), join(at('restored'), at('data'))]);
}

it(
  'a disk that becomes full during a backup is told to the client, and the repository stays sound',
  { skip: cannotMount },
  backUpToFullDisk,
);

async function joinAtFullDisk(): Promise<void> {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  using _disk = mountSmallDisk(at('server'), '8m');
  await using network = await Network.start(at('server'));
  const code = await network.joinCode('laptop');
  const issued = async (): Promise<number> =>
    (JSON.parse((await network.run(['cert', 'list', '--json'])).stdout) as []).length;
  const before = await issued();

  fillDisk(at('server/rest'));
  const laptop = network.client('laptop', at('laptop'));
  const { stderr } = await laptop.run(['join', code], 1);
  assert.match(stderr, /no space left \[storage_full\]/);
  assert.equal(await issued(), before);

  rmSync(at('server/rest'));
  await laptop.run(['join', code]);
  assert.equal(await issued(), before + 1);
  await network.run(['audit', 'verify']);
}

it(
  'no certificate leaves an authority whose disk is full, and the join code is good when there is room again',
  { skip: cannotMount },
  joinAtFullDisk,
);
