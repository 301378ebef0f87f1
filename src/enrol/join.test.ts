import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SampleAuthority, type SampleNode } from '../../test/rig/sample-certificates.ts';
import { type ErrorCode, isHoldfastError, Secret, silentLog, systemClock } from '../base/index.ts';
import { fingerprint } from '../pki/index.ts';
import { Hot, listen, serveHttp } from '../transport/index.ts';
import { Keystore } from '../trust/index.ts';
import { join } from './join.ts';
import type { JoinCode } from './join-code.ts';
import { enrolPaths } from './message.ts';

const secret = Uint8Array.from({ length: 16 }, (_, i) => 200 + i);

/** A server that hands out `root` and notes whatever else it is told. */
interface Trap extends AsyncDisposable {
  readonly address: string;
  readonly told: string[];
}

function keepNothing(): Promise<void> {
  return assert.fail('nothing is to be kept');
}

async function trap(credentials: SampleNode, root: Uint8Array, answer?: RequestListener): Promise<Trap> {
  const told: string[] = [];
  const http = createServer((request, response) => {
    if (request.url?.startsWith(`${enrolPaths.root}?`)) return void response.end(root);
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      told.push(`${request.url} ${body}`);
      if (answer !== undefined) return answer(request, response);
      return void response.writeHead(403).end('{"code":"join_code_unknown"}');
    });
  });
  const listener = await listen({
    policy: {
      name: 'enrol',
      address: { host: '127.0.0.1', port: 0 },
      kind: 'tls',
      clientCertificate: 'off',
      minimumVersion: 'TLSv1.3',
      groups: ['X25519MLKEM768', 'X25519'],
      services: ['enrol'],
    },
    credentials: new Hot(credentials),
    onConnection: serveHttp(http),
    log: silentLog,
  });
  const close = async (): Promise<void> => {
    await listener.close();
    http.close();
  };
  return { address: `127.0.0.1:${listener.address.port}`, told, [Symbol.asyncDispose]: close };
}

describe('joining', () => {
  let directory: string;
  let keystore: Keystore;
  let genuine: SampleAuthority;

  beforeEach(async () => {
    directory = await mkdtemp(joinPath(tmpdir(), 'holdfast-join-'));
    keystore = await Keystore.create(joinPath(directory, 'node'));
    genuine = await SampleAuthority.create();
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const attempt = (...addresses: string[]): Promise<unknown> => {
    const code: JoinCode = {
      addresses,
      fingerprint: fingerprint(genuine.root.der),
      network: 'backup.example',
      role: 'client',
      name: 'alpha',
      secret: new Secret(secret),
    };
    return join(code, { keystore, label: 'node', keep: keepNothing, clock: systemClock, log: silentLog });
  };

  const fails = async (code: ErrorCode, promise: Promise<unknown>): Promise<void> => {
    await assert.rejects(promise, (error) => {
      assert.ok(isHoldfastError(error), String(error));
      assert.equal(error.code, code, error.message);
      return true;
    });
    assert.equal(keystore.has('node'), false);
  };

  it('tells nothing to a server with another root', async () => {
    const other = await SampleAuthority.create();
    await using server = await trap(await other.issue('server', 'vault'), other.root.der);
    await fails('join_code_wrong_authority', attempt(server.address));
    assert.deepEqual(server.told, []);
  });

  it('tells nothing to a server that hands out the genuine root and appends it to its own chain', async () => {
    const hostile = await SampleAuthority.create();
    const { chain, privateKey } = await hostile.issue('server', 'vault');
    for (const appended of [
      [genuine.root.der],
      [hostile.root.der, genuine.root.der],
      [genuine.issuing.der, genuine.root.der],
    ]) {
      await using server = await trap({ chain: [...chain, ...appended], privateKey }, genuine.root.der);
      await fails('certificate_unknown_authority', attempt(server.address));
      assert.deepEqual(server.told, []);
    }
  });

  it('tells nothing to a node of the network that is not a server', async () => {
    const usage = { extendedKeyUsage: ['serverAuth', 'clientAuth'] } as const;
    for (const role of ['storage', 'client', 'admin'] as const) {
      const names = {
        subjectAltNames: [
          { kind: 'uri', value: `spiffe://backup.example/${role}/x` },
          { kind: 'ip', value: '127.0.0.1' },
        ],
      } as const;
      const node = await genuine.issue(role, 'x', {
        extensions: { keyUsage: ['digitalSignature'], ...usage, ...names },
      });
      await using server = await trap(node, genuine.root.der);
      await fails('certificate_wrong_role', attempt(server.address));
      assert.deepEqual(server.told, []);
    }
  });

  it('tells nothing to a server of another name, of another network, or whose certificate has expired', async () => {
    const key = { keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth'] } as const;
    const named = (uri: string, ip: string) => ({
      extensions: {
        ...key,
        subjectAltNames: [{ kind: 'uri', value: uri } as const, { kind: 'ip', value: ip } as const],
      },
    });
    const right = 'spiffe://backup.example/server/vault';
    const cases = [
      ['certificate_wrong_name', named(right, '192.0.2.1')],
      ['certificate_wrong_network', named('spiffe://other.example/server/vault', '127.0.0.1')],
      ['certificate_expired', { ...named(right, '127.0.0.1'), notAfter: new Date(Date.now() - 1000) }],
    ] as const;
    for (const [code, options] of cases) {
      await using server = await trap(await genuine.issue('server', 'vault', options), genuine.root.der);
      await fails(code, attempt(server.address));
      // Where nothing but time speaks against it, it is asked what time it is.
      assert.deepEqual(server.told, code === 'certificate_expired' ? ['/ '] : []);
    }
  });

  it('goes on to the next address until a genuine server answers, and ends with its refusal', async () => {
    const hostile = await SampleAuthority.create();
    await using wrong = await trap(await hostile.issue('server', 'vault'), hostile.root.der);
    await using right = await trap(await genuine.issue('server', 'vault'), genuine.root.der);
    await using unasked = await trap(await genuine.issue('server', 'vault'), genuine.root.der);
    await fails('join_code_unknown', attempt('127.0.0.1:1', wrong.address, right.address, unasked.address));
    assert.equal(right.told.length, 1);
    assert.ok(right.told[0]?.includes(Buffer.from(secret).toString('base64')));
    assert.deepEqual([wrong.told, unasked.told], [[], []]);
  });

  it('prints no code of a refusal that is none', async () => {
    const refusal = JSON.stringify({ code: '\u001b]0;owned\u0007' });
    await using server = await trap(
      await genuine.issue('server', 'vault'),
      genuine.root.der,
      (_, response) => {
        response.writeHead(403).end(refusal);
      },
    );
    await fails('refused_by_peer', attempt(server.address));
  });

  it('says that nobody can be reached', async () => {
    await fails('connection_refused', attempt('127.0.0.1:1', '127.0.0.1:2'));
    await fails('host_not_found', attempt());
  });

  it('keeps nothing of an answer that is nonsense, too long, or for somebody else', async () => {
    const server = await genuine.issue('server', 'vault');
    const stranger = await genuine.issue('client', 'alpha');
    const chain = stranger.chain.map((der) => Buffer.from(der).toString('base64'));
    const bodies: [ErrorCode, string][] = [
      ['answer_malformed', 'nonsense'],
      ['answer_malformed', '{}'],
      ['answer_malformed', `"${'x'.repeat(70_000)}"`],
      [
        'refused_by_peer',
        JSON.stringify({
          version: 1,
          chain,
          trustBundle: '{}',
          recoveryRecipient: 'age1',
          servers: ['https://localhost:8443'],
          statusAddress: 'http://localhost:8445',
          checkpoint: { checkpoint: '{}', signature: '' },
        }),
      ],
    ];
    for (const [code, body] of bodies) {
      await using answering = await trap(server, genuine.root.der, (_, response) => void response.end(body));
      await fails(code, attempt(answering.address));
    }
  });
});
