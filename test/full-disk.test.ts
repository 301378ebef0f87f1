import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { assertRefused } from './rig/refusal.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/** Only root may mount; what a full disk means to the store is tested beside `storageError` for everybody. */
const canMount = process.getuid?.() === 0 && process.platform === 'linux';

/** A file system of 12 MB; enough for the locks, not for the data. */
function mountSmallDisk(directory: string): Disposable {
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', directory]);
  return { [Symbol.dispose]: () => execFileSync('umount', [directory]) };
}

async function backUpToFullDisk(): Promise<void> {
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  using _disk = mountSmallDisk(at('disk'));
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
  assert.deepEqual(readdirSync(at('disk/client/.uploads')), []);
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

if (canMount)
  it(
    'a disk that becomes full during a backup is told to the client, and the repository stays sound',
    backUpToFullDisk,
  );
