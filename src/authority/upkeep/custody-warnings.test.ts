import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, type Log, Secret, silentLog } from '../../base/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const passphrase = new Secret('kept in a safe');

async function takeOffline(home: SampleHome, until?: Date): Promise<Buffer> {
  const { custody } = home.authority;
  const { text } = await custody.sealRoot({ passphrase, until });
  const sealed = Buffer.from(text);
  await custody.takeOffline({ passphrase, sealed, file: '/media/safe/root.age', by: 'admin/local' });
  return sealed;
}

/** But for those about backups. */
const warnings = async (home: SampleHome): Promise<readonly string[]> =>
  (await home.authority.status()).warnings.filter((sentence) => !sentence.includes('backup'));

describe('the warnings of an authority', () => {
  it('begin 90 days before the next list of a root that is offline', async () => {
    await using home = await SampleHome.open();
    await takeOffline(home);
    home.clock.advance(274 * dayMs);
    assert.deepEqual(await warnings(home), []);
    home.clock.advance(2 * dayMs);
    const [warning, ...more] = await warnings(home);
    assert.match(warning ?? '', /list of the root ends 2027-11-21.*ca online FILE/);
    assert.deepEqual(more, []);
  });

  it('begin 90 days before an issuing certificate is due that a root which is offline has to sign', async () => {
    await using home = await SampleHome.open();
    await takeOffline(home, new Date(home.clock.now() + 2000 * dayMs));
    const halfMs = 2.5 * 365.25 * dayMs;
    home.clock.advance(halfMs - 92 * dayMs);
    assert.deepEqual(await warnings(home), []);
    home.clock.advance(3 * dayMs);
    assert.match((await warnings(home))[0] ?? '', /due to be replaced from 2029-05-2.*ca online FILE/);
  });

  it('say nothing about what is done without them while the key of the root is here', async () => {
    await using home = await SampleHome.open();
    await home.authority.maintain(silentLog);
    for (let years = 0; years < 18; years++) {
      home.clock.advance(365 * dayMs);
      await home.authority.maintain(silentLog);
      assert.deepEqual(await warnings(home), []);
    }
    home.clock.advance(500 * dayMs);
    assert.match((await warnings(home))[0] ?? '', /root certificate ends 2046/);
  });

  it('name the server whose certificate is not renewed', async () => {
    await using home = await SampleHome.open();
    await home.local('server', 'vault', ['vault.example']);
    home.clock.advance(75 * dayMs);
    assert.match((await warnings(home)).join(), /server vault ends 2027-02-19/);
  });

  it('stand in the log once a day', async () => {
    await using home = await SampleHome.open();
    await takeOffline(home);
    const lines: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => void lines.push(message) };
    home.clock.advance(300 * dayMs);
    for (let hours = 0; hours < 48; hours++) {
      await home.authority.maintain(log);
      home.clock.advance(dayMs / 24);
    }
    assert.equal(lines.filter((line) => line.includes('list of the root')).length, 2);
  });
});
