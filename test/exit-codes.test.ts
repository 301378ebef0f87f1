import assert from 'node:assert/strict';
import { closeSync, constants, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { launcher, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { runTranscript } from './rig/transcript.ts';

describe('the exit code', () => {
  let place: TemporaryDirectory;
  const repository = '--home home --repo repo --password-file password';

  before(() => {
    place = temporaryDirectory();
    mkdirSync(join(place.path, 'data'));
    writeFileSync(join(place.path, 'data/file'), 'content');
    writeFileSync(join(place.path, 'password'), 'a password\n');
  });
  after(() => place[Symbol.dispose]());

  it('is 2 for words that make no command, with the way to the right ones', async () => {
    await runTranscript(
      `
$ holdfast frobnicate
! holdfast: unknown command 'frobnicate' [usage]
!   next: holdfast --help
? 2
$ holdfast restore latest --home home
! holdfast: required option '--target <dir>' not specified [usage]
!   next: holdfast restore SNAPSHOT --target DIR; on a terminal holdfast restore alone asks for everything
? 2
$ holdfast up --port 70000 --home home data
! holdfast: option '--port <n>' argument '70000' is invalid. expected a port from 1 to 65533 [usage]
!   next: holdfast up --help
? 2
$ holdfast backup --home home
! holdfast: nothing is named that is to be saved [usage]
!   next: name files and folders: holdfast backup PATH, or a file with them: holdfast backup --files-from FILE
? 2
$ holdfast cert revoke
! holdfast: missing required argument 'serial-or-node' [usage]
!   next: holdfast cert revoke --help
? 2
$ holdfast backup '' --home home
! holdfast: argument 'paths' is empty [usage]
!   next: holdfast backup --help
? 2
$ holdfast restore latest --target "$NOT_SET" --home home
! holdfast: option '--target <dir>' is empty [usage]
!   next: holdfast restore --help
? 2
$ holdfast request show x
! holdfast: argument 'id': 'x' is invalid; expected a number of holdfast request list [usage]
!   next: holdfast request show --help
? 2
$ holdfast cert bogus
! holdfast: unknown command 'bogus' [usage]
!   next: holdfast cert --help
? 2
? 2
`,
      place.path,
    );
  });

  it('is 3 when files could not be read: each is named, and the rest is saved', async () => {
    // A file that nobody can read, root included: what stands at the address 0 of another process.
    const unreadable = '/proc/1/mem';
    const words = ['backup', '--init', 'data', unreadable, ...repository.split(' ')];
    const { stdout, stderr } = await runProgram(launcher, words, { cwd: place.path, expected: 3 });
    assert.match(stdout, /backup {6}1 file .* snapshot [0-9a-f]{8}/);
    assert.match(stderr, /^warning: \/proc\/1\/mem: .*\nwarning: 1 file could not be read; named above\n$/);
    const list = ['ls', 'latest', ...repository.split(' ')];
    const { stdout: listed } = await runProgram(launcher, list, { cwd: place.path });
    assert.match(listed, /data\/file$/m);
    assert.doesNotMatch(listed, /mem$/m);
  });

  it('is that of the signal at a second Ctrl-C, also while a file that never comes is waited for', async () => {
    await runProgram('mkfifo', [join(place.path, 'pipe')]);
    const words = [
      'snapshots',
      '--repo',
      join(place.path, 'nowhere'),
      '--password-file',
      join(place.path, 'pipe'),
    ];
    await using running = startHoldfast([...words, '--home', join(place.path, 'home')]);
    const state = { hasEnded: false };
    void running.ended.then(() => (state.hasEnded = true));
    const writer = await openOnceRead(join(place.path, 'pipe'));
    while (!state.hasEnded) {
      process.kill(running.pid, 'SIGINT');
      await setTimeout(100);
    }
    closeSync(writer);
    assert.equal((await running.ended).signal, 'SIGINT');
  });

  it('is 0 for a path that is a symlink to nowhere: it is saved as what it is', async () => {
    symlinkSync('no/such/file', join(place.path, 'astray'));
    const words = ['backup', '--init', 'astray', ...repository.split(' ')];
    await runProgram(launcher, words, { cwd: place.path, expected: 0 });
    const list = ['ls', 'latest', ...repository.split(' ')];
    const { stdout } = await runProgram(launcher, list, { cwd: place.path });
    assert.match(stdout, /astray/);
  });

  it('is 1 for a network that is there already, which stays as it is', async () => {
    await runTranscript(
      `
$ holdfast init --home home-of-network --network network.test
...
$ holdfast init --home home-of-network --network other.test
! holdfast: the home <directory>/home-of-network already has an authority [home_exists]
!   next: holdfast serve runs it; --home DIR names another place for another one
? 1
`,
      place.path,
    );
  });
});

/** Opens a pipe for writing once somebody reads it. */
async function openOnceRead(path: string): Promise<number> {
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await setTimeout(20);
    }
  }
}
