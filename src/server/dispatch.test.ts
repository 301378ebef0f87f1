import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { silentLog, systemClock } from '../base/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../policy/index.ts';
import { Hot, listen, PeerGate, serveHttp } from '../transport/index.ts';
import { singleRootBundle } from '../trust/index.ts';
import { createDispatcher } from './dispatch.ts';
import { LetIn } from './let-in.ts';
import { routedService } from './service.ts';

let asked = 0;

test('no certificate makes somebody from elsewhere the administrator of this machine', async () => {
  const authority = await SampleAuthority.create();
  assert.deepEqual(await operate(authority, 'ann'), [200, 'admin ann']);
  assert.equal(asked, 1, 'the gate is asked once for each request');
  const [status, body] = await operate(authority, 'local');
  assert.equal(status, 403);
  assert.match(body, /operation_forbidden/);
});

/** Calls an operation over mutual TLS as the administrator `name`; what is answered. */
async function operate(authority: SampleAuthority, name: string): Promise<[number, string]> {
  const [policy] = defaultListeners(0) as [ListenerPolicy];
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  const dispatch = createDispatcher(policy, {
    gate: new PeerGate({
      bundle,
      issuings: () => [],
      isGood: () => {
        asked += 1;
        return true;
      },
      clock: systemClock,
      log: silentLog,
    }),
    services: [
      routedService('control', ({ response, peer }) =>
        response.end(`${peer?.identity.role} ${peer?.identity.name}`),
      ),
    ],
    letIn: new LetIn(systemClock, silentLog),
    noteRefusal: () => {},
    hear: () => undefined,
    log: silentLog,
  });
  await using listener = await listen({
    policy: { ...policy, address: { host: '127.0.0.1', port: 0 } },
    credentials: new Hot(await authority.issue('server', 'srv')),
    onConnection: serveHttp(createServer(dispatch)),
    log: silentLog,
  });
  return await post(listener.address, await authority.issue('admin', name));
}

async function post(
  { port }: Pick<AddressInfo, 'port'>,
  { chain, privateKey }: Awaited<ReturnType<SampleAuthority['issue']>>,
): Promise<[number, string]> {
  const cert = chain.map((der) => certificatePem(der)).join('');
  const key = privateKeyPem(exportPrivateKey(privateKey));
  const path = '/-/admin/status';
  return await new Promise((resolve, reject) => {
    const options = { port, path, cert, key, method: 'POST', rejectUnauthorized: false, agent: false };
    request({ ...options, host: '127.0.0.1' }, (response) => {
      response.setEncoding('utf8').once('data', (text: string) => resolve([response.statusCode ?? 0, text]));
    })
      .on('error', reject)
      .end();
  });
}
