import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { type LocalOrder, openAuthority } from '../src/authority/index.ts';
import { systemClock } from '../src/base/index.ts';
import { certificatePem, exportPublicKey, generateKeyPair } from '../src/pki/index.ts';
import { daysLater } from './rig/clock.ts';
import { Impostor } from './rig/impostor.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused, errorIn, type Refusal } from './rig/refusal.ts';
import { SampleAuthority, type SampleNode } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a server that is not the one it should be gets no request', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  let other: NetworkClient;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(join(place.path, 'server'));
    client = await network.join('client', join(place.path, 'client'));
    other = await network.join('other', join(place.path, 'other'));
    mkdirSync(join(place.path, 'data'));
    await network.server.stop();
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** Asserts that the client refuses whoever answers at its server's port, and tells it nothing. */
  async function refuses(node: SampleNode, refusal: Omit<Refusal, 'untouched'>): Promise<void> {
    await using impostor = await Impostor.start(network.port, node);
    for (const words of [['backup', join(place.path, 'data')], ['snapshots']])
      await assertRefused([...words, '--home', client.home], { ...refusal, untouched: client.directory });
    // Whom its time alone speaks against is asked for the time it has, and told nothing by that.
    const time = `HEAD / HTTP/1.1\r\nconnection: close\r\nHost: 127.0.0.1:${network.port}\r\n\r\n`;
    assert.equal(impostor.told.replaceAll(time, ''), '');
    assert.equal(impostor.told !== '', refusal.code === 'certificate_expired');
  }

  /** A certificate by the network's own authority. */
  async function issued(order: Omit<LocalOrder, 'spki'>): Promise<SampleNode> {
    await using authority = await openAuthority({ home: network.home, clock: systemClock });
    const { privateKey } = await generateKeyPair('p256');
    const { chain } = await authority.issueLocal({ ...order, spki: exportPublicKey(privateKey) });
    return { chain, privateKey };
  }

  it('is down, and stays so', async () => {
    const refusal = { code: 'connection_refused', exit: 20, hint: /holdfast serve/ } as const;
    const message = /nobody answers there; tried for \d\d s/;
    const refusedBy = ({ home, directory }: NetworkClient, words: readonly string[]) =>
      assertRefused([...words, '--home', home], { ...refusal, message, untouched: directory });
    await Promise.all([
      refusedBy(client, ['backup', join(place.path, 'data')]),
      refusedBy(other, ['snapshots']),
    ]);
  });

  it('answers nothing, and is left at Ctrl-C', async () => {
    await using silent = createServer().listen(network.port);
    await using running = client.start(['backup', join(place.path, 'data'), '--json']);
    const [socket] = (await once(silent, 'connection')) as [Socket];
    const result = await running.stop('SIGINT');
    socket.destroy();
    assert.deepEqual([result.code, errorIn(result).code], [130, 'interrupted'], result.stderr);
  });

  it('is the right one, and answers what is no HTTP', async () => {
    const { chain, privateKey } = await issued({
      role: 'server',
      name: 'odd',
      names: ['127.0.0.1', 'localhost'],
    });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const options = {
      key,
      cert: chain.map(certificatePem).join(''),
      requestCert: true,
      rejectUnauthorized: false,
    };
    await using odd = createTlsServer(options, (socket) => {
      socket.on('error', () => {}).once('data', () => socket.end('220 odd.test ESMTP\r\n'));
    });
    odd.listen(network.port);
    await once(odd, 'listening');
    const refusal = { code: 'answer_malformed', exit: 20, message: /no HTTP/ } as const;
    await assertRefused(['snapshots', '--home', client.home], { ...refusal, untouched: client.directory });
  });

  it('has a certificate that has expired', async () => {
    const node = await issued({ role: 'server', name: 'late', names: ['127.0.0.1', 'localhost'] });
    const refusal = {
      code: 'certificate_expired',
      exit: 21,
      message: /CN=late/,
      hint: /holdfast serve/,
    } as const;
    await refuses(node, { ...refusal, env: daysLater(91) });
  });

  it('has a certificate for another name', async () => {
    const node = await issued({ role: 'server', name: 'other', names: ['other.example'] });
    await refuses(node, { code: 'certificate_wrong_name', exit: 22, message: /other\.example/ });
  });

  it('is of another authority, which calls itself by the same names', async () => {
    const authority = await SampleAuthority.create('network.test');
    const node = await authority.issue('server', 'server');
    await refuses(node, { code: 'certificate_unknown_authority', exit: 21 });
  });

  it('is another node of the network', async () => {
    const storage = await issued({ role: 'storage', name: 'storage', names: ['127.0.0.1', 'localhost'] });
    await refuses(storage, { code: 'certificate_wrong_role', exit: 21 });
    const client = await issued({ role: 'client', name: 'traitor' });
    await refuses(client, { code: 'certificate_not_allowed', exit: 21, message: /clientAuth.*serverAuth/ });
  });
});
