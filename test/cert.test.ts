import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface View {
  readonly serial: string;
  readonly fingerprint: string;
  readonly identity: string;
  readonly notAfter: string;
  readonly state: string;
}

describe('holdfast cert', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const listed = async (...words: string[]): Promise<View[]> =>
    JSON.parse((await network.run(['cert', 'list', '--json', ...words])).stdout) as View[];
  const identities = async (...words: string[]): Promise<string[]> =>
    (await listed(...words)).map(({ identity }) => identity.replace('spiffe://network.test/', ''));

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    const code = await network.joinCode('nas', ['--role', 'storage', '--names', 'Nas.example,10.0.0.5']);
    await network.client('nas', at('nas')).run(['join', code]);
    await laptop.run(['cert', 'export', at('pem')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('lists the newest first, and only those that are asked for', async () => {
    assert.deepEqual((await identities()).slice(0, 2), ['storage/nas', 'client/laptop']);
    assert.deepEqual(await identities('--role', 'client'), ['client/laptop']);
    assert.deepEqual(await identities('--name', 'nas'), ['storage/nas']);
    assert.deepEqual(await identities('--limit', '1'), ['storage/nas']);
    assert.deepEqual(await identities('--state', 'revoked'), []);
    assert.deepEqual(await identities('--expiring', '29d'), []);
    assert.deepEqual(await identities('--expiring', '31d'), ['client/laptop']);
    await network.run(['cert', 'list', '--expiring', 'soon'], 2);
  });

  it('finds by the beginning of serial number, fingerprint, name and host name', async () => {
    const [nas] = await listed('--name', 'nas');
    assert.ok(nas);
    const hex = nas.fingerprint.slice('SHA256:'.length).replaceAll(':', '');
    const texts = [nas.serial.slice(0, 12), nas.fingerprint, hex.slice(0, 12), 'nas', 'nas.ex', '10.0.0.'];
    for (const text of [...texts, nas.fingerprint.slice(0, 24)])
      assert.deepEqual(await identities('--search', text), ['storage/nas'], text);
    assert.deepEqual(await identities('--search', 'nobody'), []);
  });

  it('verifies by the records of the authority, and says which check failed', async () => {
    const { stdout } = await network.run(['cert', 'verify', at('pem/client.pem')]);
    assert.match(stdout, /path +good/);
    assert.match(stdout, /revocation +good +not revoked by the records of the authority/);
    const verify = async (words: string[], code: number): Promise<string> =>
      (await network.run(['cert', 'verify', at('pem/client.pem'), ...words], code)).stderr;
    assert.match(await verify(['--at', '2060-01-01T00:00:00Z'], 21), /\[certificate_expired\]/);
    assert.match(await verify(['--at', '2020-01-01T00:00:00Z'], 21), /\[certificate_not_yet_valid\]/);
    assert.match(await verify(['--host', 'vault.example'], 21), /\[certificate_not_allowed\]/);
    assert.match(await verify(['--at', 'yesterday'], 2), /\[input_invalid\]/);
  });

  it('verifies in a home that has no authority, by the trust bundle and the revocation lists', async () => {
    const { stdout } = await laptop.run(['cert', 'verify', at('pem/client.pem'), '--json']);
    const verdict = JSON.parse(stdout) as View & { revocation: string };
    assert.match(verdict.revocation, /^not in issuing-1\.crl of .*, root-1\.crl of /);
    assert.equal(verdict.identity, 'spiffe://network.test/client/laptop');
    assert.match(verdict.fingerprint, /^SHA256:/);
  });

  it('knows a certificate of somebody else, and what is no certificate', async () => {
    const words = [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-subj',
      '/CN=laptop',
      '-keyout',
      at('key'),
    ];
    await runProgram('openssl', [...words, '-out', at('stranger.pem')]);
    writeFileSync(at('text'), 'no certificate\n');
    for (const home of [network, laptop]) {
      const stranger = await home.run(['cert', 'verify', at('stranger.pem')], 21);
      assert.match(stranger.stderr, /\[certificate_unknown_authority\]/);
      assert.match((await home.run(['cert', 'verify', at('text')], 1)).stderr, /\[certificate_malformed\]/);
      assert.match((await home.run(['cert', 'verify', at('none')], 1)).stderr, /\[path_not_found\]/);
    }
  });

  it('is for the host that is said, or is not', async () => {
    const nas = network.client('nas', at('nas'));
    await nas.run(['cert', 'export', at('nas-pem')]);
    const words = ['cert', 'verify', at('nas-pem/client.pem'), '--host'];
    assert.match((await nas.run([...words, 'nas.example'])).stdout, /names +good +is for nas\.example/);
    const { stderr } = await network.run([...words, 'other.example'], 22);
    assert.match(stderr, /dns:nas\.example.*expected other\.example \[certificate_wrong_name\]/);
  });

  it('renews when it is told to, for a new key, and not before it is due otherwise', async () => {
    const [before] = await listed('--name', 'laptop');
    assert.match((await laptop.run(['cert', 'renew'])).stdout, /not due +client laptop/);
    assert.match((await laptop.run(['cert', 'renew', '--early'])).stdout, /renewed +client laptop/);
    const [renewed, older] = await listed('--name', 'laptop');
    assert.equal(older?.serial, before?.serial);
    assert.notEqual(renewed?.serial, before?.serial);
    assert.deepEqual(await identities('--expiring', '31d'), ['client/laptop']);
    await network.run(['cert', 'renew'], 1);
  });

  it('finds a revoked certificate revoked, by records and by lists', async () => {
    const code = await network.joinCode('laptop', ['--reissue']);
    const other = network.client('laptop', at('other'));
    await other.run(['join', code]);
    assert.match(
      (await network.run(['cert', 'verify', at('pem/client.pem')], 21)).stderr,
      /\[certificate_revoked\]/,
    );
    assert.equal((await listed('--state', 'revoked')).length, 2);
    rmSync(at('laptop'), { recursive: true });
  });
});
