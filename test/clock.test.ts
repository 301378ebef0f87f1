import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clockMoved } from './rig/clock.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('an authority whose clock is wrong', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let joined = 0;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(place.path);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  const withClock = async (offset: string): Promise<Record<string, string>> => {
    const env = clockMoved(offset);
    await network.server.stop();
    await network.restart(env);
    return env;
  };

  /** A new machine asks for a certificate. */
  const enrol = async (expected: number, env: Record<string, string> = {}): Promise<ProgramResult> => {
    const name = `client-${++joined}`;
    const words = ['token', 'create', name, '--home', network.home];
    const code = (await runProgram(launcher, words, { env })).stdout.trim();
    const home = join(place.path, name);
    return await runProgram(launcher, ['join', code, '--json', '--home', home], { env, expected });
  };

  it('twelve minutes back, issues nothing and says what to do, until it is set right', async () => {
    const env = await withClock('-12m');
    // With the right time: a machine as far behind would not believe the server's certificate yet.
    assert.equal(errorIn(await enrol(1)).code, 'clock_wrong');
    const status = await runProgram(launcher, ['status', '--home', network.home], { env });
    assert.match(status.stderr, /behind the last record of the log/);
    const { stdout } = await runProgram(launcher, ['ca', 'show', '--home', network.home], { env });
    assert.match(stdout, /issuing-1/);
    await withClock('+0');
    await enrol(0);
  });

  it('revokes all the same', async () => {
    const env = await withClock('-12m');
    const words = ['cert', 'revoke', `client-${joined}`, '--reason', 'keyCompromise', '--yes'];
    await runProgram(launcher, [...words, '--home', network.home], { env });
    await withClock('+0');
  });

  it('two days ahead, issues nothing until an administrator says that it is right', async () => {
    const env = await withClock('+2d');
    assert.equal(errorIn(await enrol(1, env)).code, 'clock_wrong');
    const words = ['ca', 'clock', 'accept', '--reason', 'moved on purpose', '--json'];
    const { stdout } = await runProgram(launcher, [...words, '--home', network.home], { env });
    const { accepted } = JSON.parse(stdout) as {
      accepted: { kind: string; now: string; expected: string };
    };
    assert.equal(accepted.kind, 'ahead');
    assert.ok(Date.parse(accepted.now) - Date.parse(accepted.expected) > 24 * 3_600_000);
    await enrol(0, env);
    const audit = await runProgram(
      launcher,
      ['audit', 'list', '--kind', 'clock accepted', '--json', '--home', network.home],
      { env },
    );
    assert.match(audit.stdout, /"reason":"moved on purpose"/);
  });
});
