import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect, type SecureVersion } from 'node:tls';
import { dayMs, hourMs } from '../src/base/index.ts';
import { clockMoved } from './rig/clock.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

/**
 * A client that keeps every session it can get, by number and by ticket, and tries to come back with it: to whoever
 * resumes one, the proof that it has its key, and OpenSSL's look at the dates, are a thing of the past.
 */
describe('a session', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  let files: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** Moves the clock of the running server, which goes by a file, to so many days from now, and waits until it says so. */
  const moveClock = async (days: number): Promise<void> => {
    writeFileSync(at('clock'), `+${days}d\n`);
    const expectedMs = Date.now() + days * dayMs;
    for (;;) {
      const { headers } = await fetch(`http://127.0.0.1:${network.port + 2}/-/health`);
      if (Math.abs(Date.parse(headers.get('date') ?? '') - expectedMs) < hourMs) return;
      await setTimeout(50);
    }
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('eve', at('eve'));
    files = (await client.exportForRestic()).directory;
    writeFileSync(at('clock'), '+0\n');
    await restart('TLSv1.2');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });
  afterEach(async () => {
    rmSync(at('session'), { force: true });
    await moveClock(0);
  });

  for (const version of versions) {
    it(`of ${version} is not resumed, however the client asks, and every connection proves its key`, async () => {
      const { first, second } = await comeBack(version, async () => {});
      assert.match(first, /HTTP\/1\.1 200/);
      assert.match(second, /HTTP\/1\.1 200/);
      assert.doesNotMatch(second, /Reused/);
      assert.match(second, /New, TLSv1\.[23]/);
      assert.deepEqual(await nodeComesBack(version), { reused: false, status: 200 });
    });

    it(`of ${version} is worth nothing when the certificate has expired`, async () => {
      const { first, second } = await comeBack(version, () => moveClock(31));
      assert.match(first, /HTTP\/1\.1 200/);
      assert.match(second, /HTTP\/1\.1 403.*certificate_expired/s);
      assert.doesNotMatch(second, /Reused/);
    });
  }

  it('of before a change of policy is worth nothing after it', async () => {
    const { first, second } = await comeBack('TLSv1.2', () => restart('TLSv1.3'));
    assert.match(first, /HTTP\/1\.1 200/);
    assert.doesNotMatch(second, /HTTP\/1\.1/);
    assert.match(second, /alert protocol version/);
    await restart('TLSv1.2');
  });

  it('is worth nothing when the certificate is revoked', async () => {
    const kept = await Promise.all(
      versions.map(async (version) => ({ version, session: await keepSession(version) })),
    );
    const { second } = await comeBack('TLSv1.3', async () => {
      await network.run(['cert', 'revoke', 'eve', '--yes']);
    });
    assert.match(second, /HTTP\/1\.1 403.*certificate_revoked/s);
    for (const { version, session } of kept) {
      const { status, reused } = await nodeComesBack(version, session);
      assert.deepEqual([status, reused], [403, false]);
    }
  });

  /** Starts the server anew, with listeners that take `minimum`, and a clock that can be moved. */
  async function restart(minimum: SecureVersion): Promise<void> {
    await network.server.stop();
    const path = join(network.home, 'holdfast.toml');
    const text = readFileSync(path, 'utf8').split('\n[[listeners]]')[0] ?? '';
    writeFileSync(path, text);
    appendFileSync(path, listeners(network.port, minimum));
    const { FAKETIME: _, ...env } = clockMoved('+0');
    await network.restart({ ...env, FAKETIME_TIMESTAMP_FILE: at('clock'), FAKETIME_CACHE_DURATION: '1' });
  }

  /** What openssl hears when it keeps a session, `meanwhile` happens, and it comes back with it. */
  async function comeBack(version: SecureVersion, meanwhile: () => Promise<void> | void) {
    const first = await openssl(version, '-sess_out', at('session'));
    await meanwhile();
    const kept = existsSync(at('session')) ? ['-sess_in', at('session')] : [];
    const second = await openssl(version, ...kept);
    return { first, second };
  }

  /** All that is said about one request, which waits for tickets that may come with the answer. */
  async function openssl(version: SecureVersion, ...words: string[]): Promise<string> {
    const option = version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3';
    const pem = join(files, 'client.pem');
    const shown = [
      '-cert',
      pem,
      '-key',
      pem,
      '-cert_chain',
      pem,
      '-CAfile',
      join(files, 'ca.pem'),
      '-ign_eof',
    ];
    const where = ['s_client', '-connect', `127.0.0.1:${network.port}`, option];
    const command = ['openssl', ...where, ...shown, ...words].map((word) => `'${word}'`).join(' ');
    const script = `printf '${requestText.replaceAll('\r\n', '\\r\\n')}' | ${command} 2>&1; true`;
    return (await runProgram('/bin/sh', ['-c', script])).stdout;
  }

  /** Whether a session of Node's client was resumed, and what the request came to. */
  async function nodeComesBack(version: SecureVersion, session?: Buffer) {
    const kept = session ?? (await keepSession(version));
    const { reused, status } = await nodeAsks(version, kept);
    return { reused, status };
  }

  async function keepSession(version: SecureVersion): Promise<Buffer | undefined> {
    return (await nodeAsks(version, undefined)).session;
  }

  async function nodeAsks(version: SecureVersion, session: Buffer | undefined) {
    const pem = readFileSync(join(files, 'client.pem'));
    const socket = connect({
      port: network.port,
      host: '127.0.0.1',
      ca: readFileSync(join(files, 'ca.pem')),
      cert: pem,
      key: pem,
      minVersion: version,
      maxVersion: version,
      session,
    });
    let newest = session;
    socket.on('session', (next: Buffer) => {
      newest = next;
    });
    socket.write(requestText);
    const [data] = (await once(socket, 'data')) as [Buffer];
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1]);
    const reused = socket.isSessionReused();
    const found = newest ?? socket.getSession();
    socket.destroy();
    return { status, reused, session: found };
  }
});

const requestText = 'GET /eve/config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

function listeners(port: number, minimumVersion: SecureVersion): string {
  const groups = ['X25519MLKEM768', 'X25519', 'P-256'];
  return listenersToml(
    usualListeners(port).map((each) =>
      each.name === 'main' ? { ...each, groups, minimumVersion } : { ...each, groups },
    ),
  );
}
