import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { GatedServer } from '../../test/rig/gated-server.ts';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import type { Bytes } from '../base/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../pki/index.ts';
import type { Credentials } from './secure-context.ts';

const authority = await SampleAuthority.create();
const own = await authority.issue('server', 'srv');
const client = await authority.issue('client', 'laptop');

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client of ${version} that asks gets the answer of this moment, with and without a host name`, async () => {
    let asked = 0;
    const staple = async (): Promise<Bytes> => Buffer.from(`answer ${++asked}`);
    await using server = await serverWith({ ...own, staple });
    assert.equal(await stapleOf(server, { version }), 'answer 1');
    assert.equal(await stapleOf(server, { version, servername: 'srv' }), 'answer 2');
    await answered(server, { version });
    assert.equal(asked, 2);
  });

  test(`a handshake of ${version} goes on where there is no answer`, async () => {
    const broken = async (): Promise<Bytes> => {
      throw new Error('no database');
    };
    for (const staple of [undefined, async () => undefined, broken]) {
      await using server = await serverWith({ ...own, staple });
      assert.equal(await stapleOf(server, { version }), undefined);
      await answered(server, { version, ask: true });
    }
  });
}

test('another certificate comes with its own answer, on a listener that is open', async () => {
  await using server = await serverWith({ ...own, staple: async () => Buffer.from('first') });
  assert.equal(await stapleOf(server, {}), 'first');
  const next = await authority.issue('server', 'srv');
  server.credentials.replace({ ...next, staple: async () => Buffer.from('second') });
  assert.equal(await stapleOf(server, {}), 'second');
  server.credentials.replace(own);
  assert.equal(await stapleOf(server, {}), undefined);
});

function serverWith(credentials: Credentials): Promise<GatedServer> {
  return GatedServer.start({ authority, credentials, policy: { minimumVersion: 'TLSv1.2' } });
}

interface Asking {
  readonly version?: SecureVersion;
  readonly servername?: string;
  readonly ask?: boolean;
}

function dial({ port }: GatedServer, { version, servername, ask = false }: Asking): TLSSocket {
  return connect({
    port,
    host: '127.0.0.1',
    requestOCSP: ask,
    cert: client.chain.map((der) => certificatePem(der)).join(''),
    key: privateKeyPem(exportPrivateKey(client.privateKey)),
    ca: certificatePem(authority.root.der),
    checkServerIdentity: () => undefined,
    ...(version !== undefined && { minVersion: version, maxVersion: version }),
    servername,
  });
}

/** What the server staples, as text; undefined for nothing. */
async function stapleOf(server: GatedServer, asking: Asking): Promise<string | undefined> {
  const socket = dial(server, { ...asking, ask: true });
  const [answer] = (await once(socket, 'OCSPResponse')) as [Buffer | null];
  socket.destroy();
  return answer === null || answer.length === 0 ? undefined : answer.toString('latin1');
}

/** That the server goes on to answer a request on such a connection. */
async function answered(server: GatedServer, asking: Asking): Promise<void> {
  const socket = dial(server, asking);
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [data] = (await once(socket, 'data')) as [Buffer];
  assert.match(data.toString('latin1'), /^HTTP\/1\.1 200/);
  socket.destroy();
}
