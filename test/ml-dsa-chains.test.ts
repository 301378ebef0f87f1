import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certificatePem, createCertificateRequest, createName, requestPem } from '../src/pki/index.ts';
import type { Examination } from '../src/transport/index.ts';
import { tls } from './rig/broken-servers.ts';
import { freePorts } from './rig/free-ports.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { type LongChain, longChain, meet } from './rig/long-chain.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What one record of TLS carries at most (RFC 8446 §5.1). */
const recordBytes = 16_384;
const ofServer = {
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['serverAuth'],
  subjectAltNames: [
    { kind: 'dns', value: 'localhost' },
    { kind: 'ip', value: '127.0.0.1' },
  ],
} as const;

describe('chains of ML-DSA certificates, longer than a record of TLS', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let served: LongChain;
  let desk: number;
  const at = (...names: string[]): string => join(place.path, ...names);
  const listeners = (): readonly number[] => [network.port, network.port + 1, desk, desk + 1];

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    desk = await freePorts(2);
    const settings = join(network.home, 'holdfast.toml');
    const changed = readFileSync(settings, 'utf8') + listenersOn(network.port, desk);
    writeFileSync(settings, changed);
    await network.server.stop();
    await network.restart();
    laptop = await network.join('laptop', at('laptop'));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
    served = await longChain(2, ofServer);
    assert.ok(served.chain.reduce((sum, { length }) => sum + length, 0) > recordBytes);
    writeFileSync(at('chain.pem'), served.cert);
    writeFileSync(at('chain.key'), served.key);
    writeFileSync(at('root.pem'), certificatePem(served.root.der));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('are verified, bound with their roots, and learnt by clients with the next renewal', async () => {
    const verified = await network.run(['cert', 'verify', at('chain.pem'), '--roots', at('root.pem')]);
    assert.match(verified.stdout, /good|valid/);
    const words = ['tls', 'bind', at('chain.pem'), '--key', at('chain.key'), '--roots', at('root.pem')];
    const { stdout } = await network.run([...words, '--listener', 'desk']);
    assert.match(stdout, /bound +listener desk +CN=vault\.example/);
    await laptop.run(['cert', 'renew', '--early']);
    await network.run(['tls', 'unbind', '--listener', 'desk']);
    await network.run(words);
    await laptop.run(['cert', 'renew', '--early']);
    assert.match((await network.run(['tls', 'list'])).stdout, /every listener +CN=vault\.example/);
    assert.match((await network.run(['status'])).stdout, /every listener/);
  });

  it('are shown whole by every listener, and believed by OpenSSL as by this program', async () => {
    for (const port of listeners()) {
      const met = await meet(port, '/-/health', { ca: certificatePem(served.root.der) });
      assert.equal(met.verdict, 'believed', `port ${port}`);
      assert.ok(met.bytes > recordBytes, `port ${port}: ${met.bytes} bytes`);
    }
    await laptop.run(['backup', at('letter')]);
    await laptop.run(['snapshots', '--repo', `https://localhost:${desk + 1}/laptop/`]);
    await laptop.run(['check']);
    const { stdout } = await laptop.run(['doctor', `https://127.0.0.1:${network.port}`, '--json']);
    const [walk] = JSON.parse(stdout) as readonly Examination[];
    const failed = walk?.findings.filter(({ level }) => level === 'failed');
    assert.deepEqual(failed, []);
    await network.run(['doctor']);
  });

  it('are refused by name by an OpenSSL that does not know ML-DSA, and the next one is served', async () => {
    const { stdout: version } = await runProgram('openssl', ['version']);
    assert.match(version, /^OpenSSL 3\.[0-4]\./, 'the openssl of this system is one that knows none');
    for (const port of listeners()) {
      const words = `echo | openssl s_client -connect 127.0.0.1:${port} 2>&1 || true`;
      const { stdout } = await runProgram('sh', ['-c', words]);
      assert.match(stdout, /alert handshake failure|no shared signature|handshake failure/);
    }
    await laptop.run(['snapshots']);
  });

  it('are answered when a client shows one that nobody knows: refused where one is required, and nobody elsewhere', async () => {
    const stranger = await longChain(2, { keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] });
    const identity = { cert: stranger.cert, key: stranger.key };
    const answers = [];
    for (const port of listeners()) answers.push((await meet(port, '/laptop/config', identity)).answer);
    assert.deepEqual(answers, [
      'HTTP/1.1 403 Forbidden',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 403 Forbidden',
      'HTTP/1.1 403 Forbidden',
    ]);
    // As long as OpenSSL takes it (SSL_MAX_CERT_LIST_DEFAULT, 100 kB), and longer.
    for (const [between, answer] of [
      [11, /^HTTP\/1\.1 403/],
      [14, /./],
    ] as const) {
      const long = await longChain(between, { keyUsage: ['digitalSignature'] });
      assert.match((await meet(network.port, '/', { cert: long.cert, key: long.key })).answer, answer);
    }
    await laptop.run(['snapshots']);
  });

  it('are believed by a client of another server for the host that they are bound to, and for none else', async () => {
    const other = await longChain(2, ofServer);
    writeFileSync(at('other-root.pem'), certificatePem(other.root.der));
    const page = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
    await using server = await tls({ chain: other.chain, privateKey: other.privateKey }, {}, page);
    const nobody = network.client('nobody', at('nobody'));
    const words = ['snapshots', '--repo', `https://localhost:${server.port}/laptop/`];
    writeFileSync(at('password'), 'secret\n');
    const asked = [...words, '--password-file', at('password')];
    assert.match((await nobody.run(asked, 21)).stderr, /\[certificate_unknown_authority\]/);
    await nobody.run(['trust', 'add', '--server', 'localhost', '--file', at('other-root.pem')]);
    assert.match((await nobody.run(asked, 10)).stderr, /\[repository_missing\]/);
  });

  it('are not what this authority certifies: a key of ML-DSA is refused by its name', async () => {
    const { privateKey } = generateKeyPairSync('ml-dsa-87');
    const der = createCertificateRequest({ subject: createName({ CN: 'desk' }) }, privateKey);
    writeFileSync(at('desk.csr'), requestPem(der));
    // Whoever joins believes the network's own root alone.
    await network.run(['tls', 'unbind']);
    const code = await network.joinCode('desk');
    const words = [
      'request',
      'submit',
      at('desk.csr'),
      '--profile',
      'client',
      '--name',
      'desk',
      '--code',
      code,
    ];
    const { stderr } = await network.client('desk', at('desk')).run(words, 23);
    assert.match(stderr, /a key of the kind ml-dsa-87 is not allowed for client.*\[request_not_allowed\]/s);
    assert.doesNotMatch(stderr, /policy set/, 'no policy allows it');
  });
});

function listenersOn(port: number, desk: number): string {
  return listenersToml([
    ...usualListeners(port),
    { name: 'desk', port: desk, services: ['control'], clientCertificate: 'require' },
    { name: 'asks', port: desk + 1, services: ['storage', 'control'], clientCertificate: 'warn' },
  ]);
}
