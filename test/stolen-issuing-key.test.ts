import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dayMs } from '../src/base/index.ts';
import { certificatePem, certificatesFromPem, crlPem, parseCertificate, parseCrl } from '../src/pki/index.ts';
import { certifiedRequest } from './rig/certified-request.ts';
import { daysLater } from './rig/clock.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Impostor } from './rig/impostor.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Thief } from './rig/thief.ts';

const networkName = 'network.test';

describe('an issuing key that was stolen', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let ann: NetworkClient;
  let bob: NetworkClient;
  let thief: Thief;
  const at = (...names: string[]): string => join(place.path, ...names);
  const issuerShown = async (label: string): Promise<{ state: string; serial: string; current: boolean }> => {
    const { stdout } = await network.run(['ca', 'show', '--json']);
    const { certificates } = JSON.parse(stdout) as {
      certificates: { label: string; state: string; serial: string; current: boolean }[];
    };
    const found = certificates.find((each) => each.label === label);
    assert.ok(found, stdout);
    return found;
  };
  const ask = async (path: string, certificate: string, method: 'GET' | 'POST' = 'GET') => {
    const url = `https://127.0.0.1:${network.port}${path}`;
    const { status, body } = await certifiedRequest(url, { ca: at('root.pem'), certificate, method });
    return { status, code: body === '' ? undefined : (JSON.parse(body) as { code?: string }).code };
  };

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'what is to be kept');
    network = await Network.start(at('server'));
    await network.run(['ca', 'export', at('root.pem')]);
    await network.run(['ca', 'export', '--chain', at('chain.pem')]);
    const [issuing] = certificatesFromPem(readFileSync(at('chain.pem'), 'utf8'));
    assert.ok(issuing);
    writeFileSync(at('issuing.pem'), certificatePem(issuing));
    thief = await Thief.of(network.home, issuing);
    ann = await network.join('ann', at('ann'));
    bob = await network.join('bob', at('bob'));
    await ann.run(['backup', at('data')]);
    await ann.run(['cert', 'export', at('ann-pem')]);
    await bob.run(['cert', 'export', at('bob-pem')]);
    writeFileSync(
      at('bob.pem'),
      readFileSync(at('bob-pem/client.pem'), 'utf8') + readFileSync(at('bob-pem/client.key'), 'utf8'),
    );
    writeFileSync(at('password'), 'kept in a safe\n');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('opens nothing at a server, though nobody knows yet, and whatever numbers its certificates have', async () => {
    const [annPem] = certificatesFromPem(readFileSync(at('ann-pem/client.pem'), 'utf8'));
    assert.ok(annPem);
    const { serial } = parseCertificate(annPem);
    const identity = { network: networkName, name: 'ann' } as const;
    await thief.forgeFile(at('new.pem'), { ...identity, role: 'client' });
    await thief.forgeFile(at('same.pem'), { ...identity, role: 'client' }, serial);
    await thief.forgeFile(at('admin.pem'), { network: networkName, role: 'admin', name: 'eve' }, serial);
    const refused = { status: 403, code: 'certificate_revoked' };
    for (const file of ['new.pem', 'same.pem', 'admin.pem']) {
      assert.deepEqual(await ask('/ann/config', at(file)), refused, file);
      assert.deepEqual(await ask('/-/control/renew', at(file), 'POST'), refused, file);
    }
    assert.deepEqual(await ask('/-/admin/status', at('admin.pem'), 'POST'), refused);
  });

  it('cannot be revoked while the key of the root is away, by name, and the root never', async () => {
    const refusal = { exit: 1, untouched: at('server') } as const;
    await network.run(['ca', 'offline', at('root.age'), '--password-file', at('password')]);
    await assertRefused(['cert', 'revoke', 'issuing-1', '--yes', '--home', network.home], {
      ...refusal,
      code: 'root_offline',
      message: /root\.age/,
      hint: /ca online/,
    });
    await network.run(['ca', 'online', at('root.age'), '--password-file', at('password')]);
    await assertRefused(['cert', 'revoke', 'root-1', '--yes', '--home', network.home], {
      ...refusal,
      exit: 2,
      code: 'input_invalid',
      hint: /new network/,
    });
    await assertRefused(['cert', 'revoke', 'issuing-1', '--home', network.home], {
      ...refusal,
      exit: 2,
      code: 'usage',
      message: /issuing-1 with all that it issued/,
    });
  });

  it('is given up by its number, and another one with a new key takes its place in the running server', async () => {
    const before = await issuerShown('issuing-1');
    const words = ['cert', 'revoke', before.serial, '--reason', 'cACompromise', '--yes'];
    const { stdout } = await network.run(words);
    assert.match(stdout, /revoked +issuing-1 .*cACompromise/);
    assert.match(stdout, /issuing +issuing-2/);
    assert.match(stdout, /renewing +2 nodes/);
    assert.deepEqual(
      [(await issuerShown('issuing-1')).state, (await issuerShown('issuing-2')).current],
      ['revoked', true],
    );
    for (const port of [network.port + 1, network.port]) {
      const shown = [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-CAfile',
        at('root.pem'),
        '-cert',
        at('bob.pem'),
        '-key',
        at('bob.pem'),
        '-status',
      ];
      const said = (await runProgram('openssl', shown)).stdout;
      assert.match(said, /i:O ?= ?network\.test, CN ?= ?Holdfast issuing-2/);
      assert.match(said, /Cert Status: good/);
    }
    const again = await network.run(['cert', 'revoke', 'issuing-1', '--yes'], 1);
    assert.match(again.stderr, /issuing-1 was revoked .*\[already_revoked\]/);
    const log = (await network.run(['audit', 'list', '--json'])).stdout;
    assert.match(log, /"issuing certificate revoked"/);
    await network.run(['audit', 'verify']);
  });

  it('counts for nobody who looks at the lists or asks, be it for a number that only the thief knows', async () => {
    const status = `http://127.0.0.1:${network.port + 2}/-/status`;
    const served = async (label: string): Promise<Buffer> =>
      Buffer.from(await (await fetch(`${status}/${label}.crl`)).arrayBuffer());
    const lists = [await served('root-1'), await served('issuing-1')];
    const [root] = lists;
    assert.ok(root);
    assert.deepEqual(
      [...parseCrl(root).revoked.values()].map(({ serial, reason }) => [serial, reason]),
      [[(await issuerShown('issuing-1')).serial, 'cACompromise']],
    );
    writeFileSync(at('lists.pem'), lists.map((list) => crlPem(list)).join(''));
    writeFileSync(at('root-list.pem'), crlPem(root));
    await runProgram('openssl', ['x509', '-in', at('bob.pem'), '-out', at('bob-alone.pem')]);
    const openssl = [
      'verify',
      '-CAfile',
      at('root.pem'),
      '-untrusted',
      at('issuing.pem'),
      '-crl_check_all',
      '-CRLfile',
      at('lists.pem'),
    ];
    for (const file of ['bob-alone.pem', 'new.pem']) {
      const { stderr } = await runProgram('openssl', [...openssl, at(file)], { expected: 2 });
      assert.match(stderr, /certificate revoked/, file);
    }
    const depths = await runProgram('openssl', [...openssl, at('new.pem')], { expected: 2 });
    assert.match(depths.stderr, /at 1 depth lookup: certificate revoked/);
    writeFileSync(
      at('bob-chain.pem'),
      ['bob-alone.pem', 'issuing.pem'].map((file) => readFileSync(at(file), 'utf8')).join(''),
    );
    const certtool = [
      '--verify',
      '--load-ca-certificate',
      at('root.pem'),
      '--load-crl',
      at('root-list.pem'),
      '--infile',
      at('bob-chain.pem'),
    ];
    assert.match((await runProgram('certtool', certtool, { expected: 1 })).stdout, /revoked/i);
    const asking = [
      'ocsp',
      '-issuer',
      at('issuing.pem'),
      '-cert',
      at('bob-alone.pem'),
      '-cert',
      at('new.pem'),
      '-url',
      `${status}/ocsp`,
    ];
    const answer = await runProgram('openssl', [...asking, '-CAfile', at('root.pem')]);
    assert.match(answer.stderr, /Response verify OK/);
    assert.equal(answer.stdout.match(/: revoked\n/g)?.length, 2);
    assert.match(
      (await network.run(['cert', 'verify', at('bob-pem/client.pem')], 21)).stderr,
      /\[issuer_revoked\]/,
    );
    assert.match((await network.run(['cert', 'list', '--name', 'bob'])).stdout, /revoked/);
    assert.match((await network.run(['status'])).stderr, /not renewed yet: 2/);
  });

  it('leaves the certificates of nodes good for their renewal alone, which happens by itself', async () => {
    assert.deepEqual(await ask('/bob/config', at('bob.pem')), { status: 403, code: 'issuer_revoked' });
    for (const file of ['new.pem', 'same.pem', 'admin.pem'])
      assert.equal((await ask('/-/control/renew', at(file), 'POST')).code, 'certificate_revoked', file);
    assert.match((await ann.run(['backup', at('data')])).stdout, /snapshot/);
    assert.match((await bob.run(['cert', 'renew'])).stdout, /renewed +client bob/);
    assert.doesNotMatch((await network.run(['status'])).stderr, /not renewed/);
    await ann.run(['restore', 'latest', '--target', at('restored')]);
    rmSync(at('restored'), { recursive: true });
  });

  it('does not make a server that a client believes, once the client has heard of it', async () => {
    const server = await thief.forge({ network: networkName, role: 'server', name: 'vm' });
    await network.server.stop();
    {
      await using impostor = await Impostor.start(network.port, server);
      for (const words of [['snapshots'], ['backup', at('data')], ['cert', 'renew', '--early']]) {
        const { stderr } = await ann.run(words, 21);
        assert.match(stderr, /issuing-1.* was revoked by .*root-1.*\[issuer_revoked\]/, words.join(' '));
      }
      assert.equal(impostor.told, '');
    }
    await network.restart();
    await ann.run(['snapshots']);
    await runProgram('openssl', [
      'crl',
      '-in',
      join(ann.home, 'node/root-crls.pem'),
      '-CAfile',
      at('root.pem'),
      '-noout',
    ]);
  });

  it('is not hidden for ever by keeping the list of the root from a client: it says that its list has ended', async () => {
    const until = new Date(Date.now() + dayMs).toISOString();
    const away = ['ca', 'offline', at('again.age'), '--until', until, '--password-file', at('password')];
    await network.run(away);
    const words = ['snapshots', '--home', ann.home];
    const said = async (env: Readonly<Record<string, string>>): Promise<string> =>
      (await runProgram(launcher, words, { env: { HOME: ann.directory, ...env } })).stderr;
    const warning = /no revocation list of the root that is still good/;
    assert.doesNotMatch(await said({}), warning);
    assert.match(await said(daysLater(2)), warning);
  });
});
