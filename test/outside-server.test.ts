import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../src/pki/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { authorityLines, opensslCertificate } from './rig/openssl-certificates.ts';
import { webCertificate } from './rig/outside-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a server outside the network whose root the system has', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let rclone: RunningProgram;
  let port: number;
  const root = opensslCertificate({ subject: '/CN=public root', extensions: authorityLines });
  const web = webCertificate(['DNS:localhost', 'IP:127.0.0.1', 'IP:127.0.0.2'], root);
  const at = (name: string): string => join(place.path, name);
  /** On the laptop, whose system has that root. */
  const run = (words: readonly string[], expected = 0, home = laptop.home): Promise<ProgramResult> =>
    runProgram(launcher, [...words, '--home', home], {
      env: { HOME: place.path, SSL_CERT_FILE: at('root.pem') },
      expected,
    });
  const repository = (host: string): string => `rest:https://${host}:${port}/box/`;

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('root.pem'), certificatePem(root.der));
    writeFileSync(at('web.pem'), certificatePem(web.der));
    writeFileSync(at('web.key'), privateKeyPem(exportPrivateKey(web.keys.privateKey)));
    writeFileSync(at('password'), 'pw\n');
    writeFileSync(at('letter'), 'Dear Ann,\n');
    port = await freePorts(1);
    const secured = ['--cert', at('web.pem'), '--key', at('web.key')];
    const words = ['serve', 'restic', '--addr', `:${port}`, ...secured, at('stored')];
    rclone = new RunningProgram(words, { program: 'rclone' });
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    await rclone.waitFor(/Serving restic|HTTP/);
  });
  after(async () => {
    await rclone[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('needs no import, whether this machine has joined a network or not', async () => {
    const repo = ['--repo', repository('127.0.0.2'), '--password-file', at('password')];
    await run(['backup', at('letter'), ...repo, '--init'], 0, at('alone'));
    const { stdout } = await run(['snapshots', ...repo.slice(0, 2)], 0, at('alone'));
    assert.match(stdout, /letter/);
    await run(['snapshots', ...repo]);
  });

  it('is refused where the system does not have it, and where its name is another', async () => {
    const repo = ['--repo', repository('127.0.0.2')];
    assert.match((await laptop.run(['snapshots', ...repo], 21)).stderr, /\[certificate_unknown_authority\]/);
    assert.match(
      (await run(['snapshots', '--repo', repository('127.0.0.3')], 22)).stderr,
      /is for dns:localhost, ip:127\.0\.0\.1, ip:127\.0\.0\.2, expected 127\.0\.0\.3 \[certificate_wrong_name\]/,
    );
  });

  it('is nobody where it is called by a name of the network’s own server', async () => {
    const { stderr } = await run(['snapshots', '--repo', repository('127.0.0.1')], 21);
    assert.match(stderr, /\[certificate_unknown_authority\]/);
  });

  it('is judged by what is bound to its name alone, once something is', async () => {
    const other = opensslCertificate({ subject: '/CN=other root', extensions: authorityLines });
    writeFileSync(at('other.pem'), certificatePem(other.der));
    await run(['trust', 'add', '--server', '127.0.0.2', '--file', at('other.pem')]);
    await run(['snapshots', '--repo', repository('127.0.0.2')], 21);
    await run(['trust', 'remove', '--server', '127.0.0.2']);
    await run(['snapshots', '--repo', repository('127.0.0.2')]);
  });

  it('is not shown the certificate of this machine', async () => {
    const seen: string[] = [];
    const key = privateKeyPem(exportPrivateKey(web.keys.privateKey));
    const options = { key, cert: certificatePem(web.der), requestCert: true, rejectUnauthorized: false };
    const server = createServer(options, ({ socket }, response) => {
      seen.push(String((socket as TLSSocket).getPeerX509Certificate()?.subject));
      response.writeHead(404).end();
    }).listen(0);
    const at = `https://127.0.0.2:${(server.address() as AddressInfo).port}/x/`;
    await run(['snapshots', '--repo', at], 10);
    server.closeAllConnections();
    server.close();
    assert.ok(seen.length > 0 && seen.every((subject) => subject === 'undefined'), seen.join());
  });
});
