import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acceptClock, daysLater } from './rig/clock.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('the certificate of a machine', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** Runs a command on a machine so many days later. */
  const later = (
    days: number,
    { home }: { readonly home: string },
    words: readonly string[],
    expected = 0,
  ): Promise<ProgramResult> =>
    runProgram(launcher, [...words, '--home', home], { env: daysLater(days), expected });
  const serialOf = async (name: string): Promise<string> => {
    const { stdout } = await network.run(['cert', 'list', '--name', name, '--limit', '1', '--json']);
    return (JSON.parse(stdout) as { serial: string }[])[0]?.serial ?? '';
  };
  const restartLater = async (days: number): Promise<void> => {
    await network.server.stop();
    await acceptClock(network.home, daysLater(days));
    await network.restart(daysLater(days));
  };

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('letter'), 'Dear Ann,\n');
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    await network.join('desk', at('desk'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is renewed around two thirds of its life by whatever dials, each at a moment of its own', async () => {
    const status = JSON.parse((await laptop.run(['status', '--json'])).stdout) as {
      node: { certificate: { renewal: string } };
    };
    const days = (new Date(status.node.certificate.renewal).getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 18 && days < 22, `${days} days`);
    const first = await serialOf('laptop');
    await later(17, laptop, ['backup', at('letter')]);
    assert.equal(await serialOf('laptop'), first);
    await later(23, laptop, ['backup', at('letter')]);
    assert.notEqual(await serialOf('laptop'), first);
  });

  it('that has ended is renewed by a request signed with it, once an administrator approves', async () => {
    await restartLater(40);
    const desk = { home: at('desk/holdfast') };
    const old = await serialOf('desk');
    const { stderr } = await later(40, desk, ['cert', 'renew'], 1);
    assert.match(
      stderr,
      /an administrator has to approve its renewal, [a-z2-7]{26} at .*\[request_pending\]/,
    );
    assert.match((await later(40, desk, ['cert', 'renew'], 1)).stderr, /\[request_pending\]/);
    const listed = JSON.parse((await network.run(['request', 'list', '--json'])).stdout) as {
      id: number;
      identity: string;
      kind: string;
    }[];
    assert.deepEqual(
      listed.map(({ kind }) => kind),
      ['late renewal'],
    );
    await network.run(['request', 'approve', String(listed[0]?.id)]);
    assert.match((await later(40, desk, ['cert', 'renew'])).stdout, /renewed +client desk/);
    assert.notEqual(await serialOf('desk'), old);
    await later(40, desk, ['backup', at('letter')]);
  });

  it('that ended too long ago is not renewed, and says the way back', async () => {
    await restartLater(130);
    const desk = { home: at('desk/holdfast') };
    const { stderr } = await later(130, desk, ['cert', 'renew'], 21);
    assert.match(stderr, /too long ago.*\[certificate_expired\]\n {2}next: .*--reissue/s);
    await later(130, desk, ['backup', at('letter')], 21);
  });

  it('of the server itself is renewed when the server starts and it is due', async () => {
    const { stdout } = await network.run(['cert', 'list', '--role', 'server', '--json']);
    const [newest] = JSON.parse(stdout) as { notAfter: string }[];
    const days = (new Date(newest?.notAfter ?? 0).getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 130 + 80, `ends in ${days} days`);
  });
});
