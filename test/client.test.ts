import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from './rig/holdfast-process.ts';
import { Impostor } from './rig/impostor.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { SampleAuthority } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What `status --json` says of this machine as a client. */
interface Shown {
  readonly node: {
    readonly servers: readonly string[];
    readonly policy: Readonly<Record<string, unknown>>;
    readonly weaker: readonly string[];
    readonly connection: {
      readonly server: string;
      readonly protocol: string;
      readonly group: string;
      readonly cipher: string;
      readonly certificate: { readonly fingerprint: string; readonly notAfter: string };
      readonly weaker: readonly string[];
      readonly doubt?: string;
    };
    readonly lastFailure?: { readonly code: string; readonly message: string };
  };
  readonly warnings: readonly string[];
}

describe('how a machine dials its servers', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  let impostor: Impostor;
  const at = (...names: string[]): string => join(place.path, ...names);
  const status = async (): Promise<Shown> =>
    JSON.parse((await client.run(['status', '--json'])).stdout) as Shown;

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('client'));
    const stranger = await SampleAuthority.create('network.test');
    impostor = await Impostor.start(0, await stranger.issue('server', 'server'));
  });
  after(async () => {
    await impostor[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('stands in status after a backup: protocol, group, cipher and the certificates of both ends', async () => {
    await client.run(['backup', at('data')]);
    const { node, warnings } = await status();
    const { connection } = node;
    assert.deepEqual(
      [connection.server, connection.protocol, connection.group, connection.cipher, connection.weaker],
      [`https://127.0.0.1:${network.port}`, 'TLS 1.3', 'X25519MLKEM768', 'TLS_AES_256_GCM_SHA384', []],
    );
    const shown = await runProgram('/bin/sh', [
      '-c',
      `openssl s_client -connect 127.0.0.1:${network.port + 1} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`,
    ]);
    const fingerprint = shown.stdout.trim().replace(/^.*=/, '').replaceAll(':', '').toLowerCase();
    assert.equal(
      connection.certificate.fingerprint.replace(/^sha256:/i, '').replaceAll(':', ''),
      fingerprint,
    );
    assert.deepEqual([node.weaker, node.lastFailure, warnings], [[], undefined, []]);
    const { stdout } = await client.run(['status']);
    assert.match(stdout, /connection\s+https:\/\/127\.0\.0\.1:\d+\s+TLS 1\.3\s+X25519MLKEM768/);
    assert.match(stdout, /its server .*certificate \d+ days left/);
  });

  it('can be changed, and what is weaker than the default is said by set, show and status', async () => {
    const { stdout, stderr } = await client.run(['client', 'set', 'groups', 'X25519,P-256']);
    assert.match(`${stdout}${stderr}`, /groups: X25519MLKEM768,X25519,P-256,P-384 → X25519,P-256/);
    assert.match(stderr, /groups is weaker than the default now: no post-quantum/);
    await client.run(['client', 'set', 'revocation', 'off']);
    await client.run(['snapshots']);
    const { node, warnings } = await status();
    assert.equal(node.connection.group, 'X25519');
    assert.deepEqual(node.connection.weaker, ['key exchange X25519 is not post-quantum']);
    assert.deepEqual(node.weaker, ['revocation', 'groups']);
    assert.match(warnings.join('\n'), /revocation of this machine is weaker than the default/);
    const shown = await client.run(['client', 'show']);
    assert.match(shown.stdout, /revocation +off +soft +weaker than the default: a revoked/);
    await client.run(['client', 'set', 'groups', 'X25519MLKEM768,X25519,P-256,P-384']);
    await client.run(['client', 'set', 'revocation', 'soft']);
    assert.deepEqual((await status()).node.weaker, []);
  });

  it('is refused where it is no choice, and nothing is changed then', async () => {
    const home = ['--home', client.home];
    const refusal = { code: 'settings_invalid', exit: 2, untouched: client.home } as const;
    for (const [words, message] of [
      [['revocaton', 'off'], /no key "revocaton"/],
      [['revocation', 'maybe'], /revocation must be off or soft or hard/],
      [['verifyServer', 'no'], /verifyServer must be on or off/],
      [['groups', 'ffdhe2048'], /groups/],
    ] as const)
      await assertRefused(['client', 'set', ...words, ...home], { ...refusal, message });
    await client.run(['client', 'set', 'presentCertificate', 'off']);
    await assertRefused(['client', 'set', 'verifyServer', 'off', ...home], {
      ...refusal,
      message: /cannot both be off: a bearer token/,
    });
    await client.run(['client', 'set', 'presentCertificate', 'on']);
  });

  it('takes another address of a server only when everything there is right, and keeps the old one', async () => {
    const stranger = `https://127.0.0.1:${impostor.port}`;
    const closed = 'https://127.0.0.1:9';
    const home = ['--home', client.home];
    const untouched = client.home;
    const stays = /was tried and not taken: .*goes on with https:\/\/127\.0\.0\.1/;
    await assertRefused(['client', 'set-server', stranger, ...home], {
      code: 'certificate_unknown_authority',
      exit: 21,
      message: stays,
      untouched,
    });
    await assertRefused(['client', 'set-server', closed, ...home], {
      code: 'connection_refused',
      exit: 20,
      message: stays,
      untouched,
    });
    // The listener that enrols takes no certificate and has no repositories.
    await assertRefused(['client', 'set-server', `https://127.0.0.1:${network.port + 1}`, ...home], {
      code: 'service_elsewhere',
      exit: 20,
      message: stays,
      untouched,
    });
    for (const url of [
      'http://127.0.0.1:8443',
      'https://u:p@vault.example',
      'https://vault.example/laptop/',
      '',
    ])
      await assertRefused(['client', 'set-server', url, ...home], { code: 'usage', exit: 2, untouched });
    assert.equal(impostor.told, '');
  });

  it('moves to it, and stays there when the certificate is renewed', async () => {
    const moved = `https://localhost:${network.port}`;
    const { stdout } = await client.run(['client', 'set-server', moved]);
    assert.match(stdout, new RegExp(`→ ${moved}`));
    await client.run(['cert', 'renew', '--early']);
    await client.run(['backup', at('data')]);
    const { node } = await status();
    assert.equal(node.servers[0], moved);
    assert.ok(node.servers.includes(`https://127.0.0.1:${network.port}`));
    assert.equal(node.connection.server, moved);
    await client.run(['client', 'set-server', `127.0.0.1:${network.port}`]);
    assert.equal((await status()).node.servers[0], `https://127.0.0.1:${network.port}`);
  });

  it('is as the file of another program says, once that was looked at', async () => {
    const { port } = network;
    writeFileSync(
      at('dsm.sys'),
      `SErvername a\r\n TCPS localhost\r\n TCPP ${port}\r\nSE b\r\n TCPS other.example\r\n NOSUCH 1\r\n`,
    );
    const home = ['--home', client.home];
    const several = ['client', 'import', at('dsm.sys'), ...home];
    const untouched = client.home;
    await assertRefused(several, { code: 'usage', exit: 2, message: /stanzas a, b/, untouched });
    const looked = await client.run(['client', 'import', at('dsm.sys'), '--stanza', 'a']);
    assert.match(looked.stdout, /2 +TCPS localhost +client set-server, its host/);
    assert.match(looked.stderr, /nothing was changed/);
    assert.equal((await status()).node.servers[0], `https://127.0.0.1:${port}`);
    const broken = [...several, '--stanza', 'b', '--yes'];
    writeFileSync(at('dsm.sys'), `SE b\n TCPS 127.0.0.1\n TCPP 9\n`);
    await assertRefused(broken, { code: 'connection_refused', exit: 20, untouched });
    writeFileSync(at('dsm.opt'), `TCPS localhost\nTCPP ${port}\nSSL No\nSSLACCEPTCERTFROMSERV yes\n`);
    const done = await client.run(['client', 'import', at('dsm.opt'), '--yes']);
    assert.match(done.stdout, /3 +SSL No +at the server: holdfast policy set dataChannel plain/);
    assert.ok(
      done.stdout.includes(`by itself: holdfast trust accept https://localhost:${port}`),
      done.stdout,
    );
    assert.equal((await status()).node.servers[0], `https://localhost:${port}`);
    writeFileSync(at('sm.ini'), '[SBC_SSL]\nSBC_CLIENT_SSL_AUTH=0 # off\nSBC_SSL_SERVER_VERIFY=0\nX=1\n');
    const { stdout } = await client.run(['policy', 'import', at('sm.ini'), '--yes']);
    assert.match(stdout, /2 +SBC_CLIENT_SSL_AUTH 0 +client set presentCertificate off/);
    assert.match(stdout, /3 +SBC_SSL_SERVER_VERIFY 0 +left out: a bearer token/);
    assert.match(stdout, /4 +X 1 +not known here/);
    // The server's machine is no client, and has to be none to read what is for servers alone.
    writeFileSync(at('stpd.ini'), 'STPD_HTTPS_USE_CLIENT_CERT=2\n');
    const server = await network.run(['policy', 'import', at('stpd.ini')]);
    assert.match(server.stdout, /at the server: holdfast policy set listeners.main.clientCertificate/);
    assert.deepEqual((await status()).node.weaker, ['presentCertificate']);
    await client.run(['client', 'set', 'presentCertificate', 'on']);
  });

  it('with verifyServer off is loud, and believes nothing but what the authority signed', async () => {
    await client.run(['client', 'set', 'verifyServer', 'off']);
    const trustFile = join(client.home, 'node/trust.json');
    const before = readFileSync(trustFile, 'utf8');
    const { stderr } = await client.run(['snapshots']);
    assert.match(stderr, /servers prove nothing to this machine/);
    const { warnings } = await status();
    assert.match(warnings.join('\n'), /verifyServer of this machine is weaker/);
    // Whoever answers gets requests now: that is what is given up.
    const words = ['client', 'set-server', `https://127.0.0.1:${impostor.port}`, '--home', client.home];
    const running = client.start(words.slice(0, -2));
    await impostor.hears();
    assert.match(impostor.told, /^GET \/-\/control\/root-crl/);
    assert.doesNotMatch(impostor.told, /authorization|password/i);
    await running.stop();
    assert.equal(readFileSync(trustFile, 'utf8'), before);
    await client.run(['client', 'set', 'verifyServer', 'on']);
    const again = await client.run(['snapshots']);
    assert.doesNotMatch(again.stderr, /prove nothing/);
  });

  it('an administrator and a server never leave unproven', async () => {
    const { stdout } = await network.run(['token', 'create', 'boss', '--role', 'admin']);
    const boss = network.client('boss', at('boss'));
    await boss.run(['join', stdout.trim()]);
    await assertRefused(['client', 'set', 'verifyServer', 'off', '--home', boss.home], {
      code: 'settings_invalid',
      exit: 2,
      message: /cannot be off on a machine that is admin/,
      untouched: boss.home,
    });
  });

  it('tells the last failure and its cause', async () => {
    await network.server.stop();
    await client.run(['snapshots'], 20);
    const { node } = await status();
    assert.equal(node.lastFailure?.code, 'connection_refused');
    assert.match((await client.run(['status'])).stdout, /failed .*connection_refused/);
    assert.equal(node.connection.protocol, 'TLS 1.3');
  });
});
