import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { clockMoved } from './rig/clock.ts';
import { fillDisk } from './rig/fill-disk.ts';
import {
  launcher,
  type ProgramOptions,
  runHoldfast,
  runProgram,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What `status --json` says of backups. */
interface Standing {
  readonly node?: { readonly lastBackup?: { readonly snapshot: string; readonly files: number } };
  readonly backups: readonly {
    readonly place: string;
    readonly attempt: {
      readonly begun: string;
      readonly state: string;
      readonly code?: string;
      readonly message?: string;
    };
    readonly success?: { readonly snapshot: string; readonly time: string; readonly unreadable: number };
  }[];
  readonly warnings: readonly string[];
}

const nothing = /^ {2}attention {3}nothing needs any$/m;

describe('what status says of the backups of a client', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const status = async (env: Readonly<Record<string, string>> = {}) => {
    const words = ['status', '--home', client.home];
    const { stdout, stderr } = await runProgram(launcher, words, { env });
    return `${stdout}${stderr}`;
  };
  const standing = async (): Promise<Standing> =>
    JSON.parse((await client.run(['status', '--json'])).stdout) as Standing;

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
    network = await Network.start(at('server'));
    client = await network.join('client', at('client'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('warns while there is none at all', async () => {
    const text = await status();
    assert.match(text, /warning: nothing of this machine is backed up yet: holdfast backup PATH/);
    assert.doesNotMatch(text, nothing);
  });

  it('names a refused one with its reason and the next step, until one succeeds', async () => {
    await client.run(['backup', at('missing')], 1);
    const { backups, warnings } = await standing();
    assert.equal(backups[0]?.place, 'server');
    assert.equal(backups[0]?.attempt.state, 'failed');
    assert.equal(backups[0]?.attempt.code, 'path_not_found');
    assert.match(backups[0]?.attempt.message ?? '', /missing/);
    assert.match(warnings.join('\n'), /failed: .*missing.* \[path_not_found\]; next: ./);
    assert.match(await status(), /^ {2}attempt +\d{4}-.* failed +path_not_found$/m);

    await client.run(['backup', at('data')]);
    assert.match(await status(), nothing);
    const made = await standing();
    assert.deepEqual(made.warnings, []);
    assert.equal(made.node?.lastBackup?.files, 1);
    assert.equal(made.backups[0]?.success?.snapshot, made.node?.lastBackup?.snapshot);
  });

  it('keeps the last success beside an attempt that failed after it', async () => {
    const before = await standing();
    await client.run(['backup', at('missing')], 1);
    const { backups } = await standing();
    assert.deepEqual(backups[0]?.success, before.backups[0]?.success);
    assert.equal(backups[0]?.attempt.code, 'path_not_found');
    await client.run(['backup', at('data')]);
  });

  it('warns of one that is a week old or older, and not of one of yesterday', async () => {
    assert.match(await status(clockMoved('+2d')), nothing);
    assert.match(
      await status(clockMoved('+25d')),
      /warning: the newest backup is 25 days old: holdfast backup PATH/,
    );
  });

  it('shows what an earlier version knew of the last backup', async () => {
    const state = join(client.home, 'node/node.json');
    const kept = readFileSync(state, 'utf8');
    const records = readFileSync(join(client.home, 'node/backups.json'));
    const lastBackup = { snapshot: 'ab'.repeat(32), time: '2026-01-02T03:04:05.000Z', files: 7, bytes: 8 };
    writeFileSync(state, JSON.stringify({ ...JSON.parse(kept), lastBackup }));
    rmSync(join(client.home, 'node/backups.json'));
    assert.equal((await standing()).node?.lastBackup?.files, 7);
    writeFileSync(state, kept);
    writeFileSync(join(client.home, 'node/backups.json'), records);
  });

  it('says that the record itself is damaged, and the next backup begins it anew', async () => {
    writeFileSync(join(client.home, 'node/backups.json'), '');
    assert.match(
      await status(),
      /warning: .*backups\.json, what is known of earlier backups, is damaged: holdfast backup PATH/,
    );
    await client.run(['backup', at('data')]);
    assert.match(await status(), nothing);
  });
});

describe('what status says of backups elsewhere', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const elsewhere = () => ['--home', at('home'), '--repo', at('repo')];
  const standing = async (): Promise<Standing> =>
    JSON.parse((await runProgram(launcher, ['status', '--json', '--home', at('home')])).stdout) as Standing;
  const backUp = (words: readonly string[] = [], options: ProgramOptions = {}) =>
    runHoldfast(['backup', at('data'), ...elsewhere(), ...words], options);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
    writeFileSync(at('password'), 'of the repository\n');
    assert.equal((await backUp(['--init', '--password-file', at('password')])).code, 0);
  });
  after(() => place[Symbol.dispose]());

  it('keeps the attempts of each place by themselves', async () => {
    rmSync(at('repo'), { recursive: true });
    assert.equal((await backUp()).code, 10);
    const { backups, warnings } = await standing();
    assert.deepEqual(
      backups.map(({ place, attempt }) => [place, attempt.code]),
      [[at('repo'), 'repository_gone']],
    );
    assert.match(warnings.join('\n'), /the backup of .* to .*repo failed: .* \[repository_gone\]/);
    assert.equal((await backUp(['--start-over', '--password-file', at('password')])).code, 0);
    assert.deepEqual((await standing()).warnings, []);
  });

  it('says of one that goes on that it does, and of one that was killed that it did not end', async () => {
    // Nobody writes into it: the backup waits there for its password, with the attempt on record.
    execFileSync('mkfifo', [at('fifo')]);
    await using running = startHoldfast([
      'backup',
      at('data'),
      ...elsewhere(),
      '--password-file',
      at('fifo'),
    ]);
    while ((await standing()).backups[0]?.attempt.state !== 'running') await setTimeout(20);
    assert.deepEqual((await standing()).warnings, []);
    await running.stop('SIGKILL');
    const { backups, warnings } = await standing();
    assert.equal(backups[0]?.attempt.state, 'cut off');
    assert.ok(backups[0]?.success, 'the one before it is still known');
    assert.match(warnings.join('\n'), /the backup of .* did not end: holdfast backup PATH --repo /);
    assert.equal((await backUp()).code, 0);
    assert.deepEqual((await standing()).warnings, []);
  });

  it('makes no home for the sake of a record', async () => {
    const words = ['backup', at('data'), '--home', at('none'), '--repo', at('no-repo')];
    assert.equal((await runHoldfast(words)).code, 10);
    assert.equal(existsSync(at('none')), false);
  });

  it('a disk without room for the record costs a warning and not the backup', {
    skip: cannotMount,
  }, async () => {
    using _disk = mountSmallDisk(at('small'), '1m');
    const words = ['backup', at('data'), '--home', at('small/home'), '--repo', at('repo')];
    const password = ['--password-file', at('password')];
    await runProgram(launcher, [...words, ...password]);
    fillDisk(at('small/full'));
    appendFileSync(at('data/a'), 'and more\n');
    const { code, stderr } = await runHoldfast(words);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: status will not know of this backup: no space left/);
  });
});
