import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certifiedRequest } from './rig/certified-request.ts';
import { acceptClock, daysLater } from './rig/clock.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient, type ResticAccess } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a client that may not', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let ann: NetworkClient;
  let bob: NetworkClient;
  let annsExport: ResticAccess;
  let bobsExport: ResticAccess;
  const at = (...names: string[]): string => join(place.path, ...names);
  const url = (path: string): string => `https://127.0.0.1:${network.port}${path}`;

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    network = await Network.start(at('server'));
    [ann, bob] = [await network.join('ann', at('ann')), await network.join('bob', at('bob'))];
    [annsExport, bobsExport] = [await ann.exportForRestic(), await bob.exportForRestic()];
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is refused the namespace of another, by any program and method', async () => {
    const { directory } = bobsExport;
    const bobs = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    assert.equal((await certifiedRequest(url('/bob/config'), bobs)).status, 200);
    for (const path of [
      '/ann/config',
      '/ann/keys/',
      '/ann/x/config',
      '/bob/../ann/config',
      '/bob/%2e%2e/ann/config',
    ])
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        const { status } = await certifiedRequest(url(path), { ...bobs, method });
        assert.ok([400, 403, 404, 405].includes(status), `${method} ${path}: ${status}`);
      }
    const { status, body } = await certifiedRequest(url('/ann/config'), bobs);
    assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [403, 'namespace_forbidden']);
  });

  it('is refused the namespace of another by holdfast, with nothing kept', async () => {
    const words = ['snapshots', '--repo', url('/ann/'), '--home', bob.home];
    await assertRefused(words, { code: 'namespace_forbidden', exit: 23, untouched: bob.directory });
    const backup = ['backup', at('data'), '--repo', url('/ann/'), '--init', '--home', bob.home];
    await assertRefused(backup, { code: 'namespace_forbidden', exit: 23, untouched: place.path });
  });

  it('is refused what only an administrator may', async () => {
    const { directory } = bobsExport;
    const bobs = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    const { status } = await certifiedRequest(url('/-/admin/status'), { ...bobs, method: 'POST' });
    assert.equal(status, 403);
  });

  it('is seen to try, by name and not for each time, and so is one that is revoked', async () => {
    const eve = await network.join('eve', at('eve'));
    const { directory } = await eve.exportForRestic();
    const eves = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    const operation = { ...eves, method: 'POST' } as const;
    for (let time = 0; time < 3; time++) await certifiedRequest(url('/-/admin/status'), operation);
    await network.run(['cert', 'revoke', 'eve', '--yes']);
    for (let time = 0; time < 2; time++)
      assert.equal((await certifiedRequest(url('/eve/config'), eves)).status, 403);
    const listed = await network.run(['audit', 'list', '--kind', 'refused', '--by', 'client/eve', '--json']);
    const records = JSON.parse(listed.stdout) as { details: { code: string; message: string } }[];
    const codes = ['certificate_revoked', 'certificate_wrong_role'];
    assert.deepEqual(
      records.map(({ details }) => details.code),
      codes,
    );
    assert.match(records[0]?.details.message ?? '', /client eve: .* revoked.*, from 127\.0\.0\.1$/);
    const { stdout, stderr } = await network.run(['status']);
    assert.match(stdout + stderr, /client eve was refused 3 times within a day \(certificate_wrong_role\)/);
    assert.match(stdout + stderr, /client eve was refused 2 times within a day \(certificate_revoked\)/);
  });

  it('is seen to try what is not theirs in the store: to read of another, to remove, to replace', async () => {
    const mallory = await network.join('mallory', at('mallory'));
    const { directory } = await mallory.exportForRestic();
    const certificate = join(directory, 'client.pem');
    const mallorys = { ca: join(directory, 'ca.pem'), certificate };
    await mallory.run(['backup', at('data')]);
    for (let time = 0; time < 3; time++) await certifiedRequest(url('/ann/config'), mallorys);
    for (const method of ['DELETE', 'POST'] as const)
      assert.equal((await certifiedRequest(url('/mallory/config'), { ...mallorys, method })).status, 403);
    const words = ['audit', 'list', '--kind', 'refused', '--by', 'client/mallory', '--json'];
    const records = JSON.parse((await network.run(words)).stdout) as { details: { code: string } }[];
    const codes = records.map(({ details }) => details.code);
    assert.deepEqual(codes, ['object_exists', 'append_only', 'namespace_forbidden']);
    const { stdout, stderr } = await network.run(['status']);
    assert.match(stdout + stderr, /client mallory was refused 3 times within a day \(namespace_forbidden\)/);
    assert.match(stdout + stderr, /client mallory was refused once within a day \(append_only\)/);
  });

  it('has no certificate, and is not even answered', async () => {
    const ca = join(bobsExport.directory, 'ca.pem');
    await assert.rejects(certifiedRequest(url('/bob/config'), { ca }), /certificate required/i);
  });

  it('is of another network, and learns nothing', async () => {
    await using other = await Network.start(at('other-server'));
    const stranger = await other.join('bob', at('stranger'));
    const { directory } = await stranger.exportForRestic();
    const ca = join(bobsExport.directory, 'ca.pem');
    const certificate = join(directory, 'client.pem');
    const answer = await certifiedRequest(url('/bob/config'), { ca, certificate });
    assert.deepEqual(answer, { status: 403, body: '' });

    // Its own server would tell it, at the stable address, where to go instead.
    await other[Symbol.asyncDispose]();
    const state = join(stranger.home, 'node/node.json');
    writeFileSync(state, readFileSync(state, 'utf8').replaceAll(String(other.port), String(network.port)));
    const refusal = { code: 'certificate_unknown_authority', exit: 21, untouched: at('stranger') } as const;
    await assertRefused(['snapshots', '--home', stranger.home], refusal);
  });

  it('has a certificate that has expired, is told what to do, and that works', async () => {
    const later = daysLater(40);
    await network.server.stop();
    await network.restart(later);
    await acceptClock(network.home, later);
    for (const words of [['snapshots'], ['backup', at('data')]]) {
      const refusal = { code: 'certificate_expired', exit: 21, hint: /token create --reissue NAME/ } as const;
      await assertRefused([...words, '--home', ann.home], {
        ...refusal,
        env: later,
        untouched: ann.directory,
      });
    }
    const words = ['token', 'create', 'ann', '--reissue', '--home', network.home];
    const code = (await runProgram(launcher, words, { env: later })).stdout.trim();
    await runProgram(launcher, ['join', code, '--home', ann.home], { env: later });
    const { stdout } = await runProgram(launcher, ['backup', at('data'), '--home', ann.home], { env: later });
    assert.match(stdout, /1 file/);
    const { directory } = annsExport;
    const anns = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    assert.equal((await certifiedRequest(url('/ann/config'), anns)).status, 200);
  });
});
