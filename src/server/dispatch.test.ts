import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import type { Sighting } from '../authority/index.ts';
import { silentLog, systemClock } from '../base/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../policy/index.ts';
import { Hot, listen, PeerGate, serveHttp } from '../transport/index.ts';
import { singleRootBundle } from '../trust/index.ts';
import { createDispatcher } from './dispatch.ts';
import { LetIn } from './let-in.ts';
import { routedService } from './service.ts';
import { Sightings } from './sightings.ts';

let asked = 0;

test('no certificate makes somebody from elsewhere the administrator of this machine', async () => {
  const authority = await SampleAuthority.create();
  assert.deepEqual(await operate(authority, 'ann'), [200, 'admin ann']);
  assert.equal(asked, 1, 'the gate is asked once for each request');
  const [status, body] = await operate(authority, 'local');
  assert.equal(status, 403);
  assert.match(body, /operation_forbidden/);
});

test('whoever hangs up while it is looked up who he is ends his own connection alone', async () => {
  const authority = await SampleAuthority.create();
  const seen: Sighting[] = [];
  const keep = async (sightings: readonly Sighting[]): Promise<void> => void seen.push(...sightings);
  const sightings = new Sightings({ keep, clock: systemClock, log: silentLog });
  // Nobody had asked before how the connection was protected, and then it is too late.
  await assert.rejects(
    operate(authority, 'ann', { sightings, meanwhile: (socket) => socket.destroy() }),
    /socket hang up|ECONNRESET/,
  );
  await sightings.flush('all');
  assert.deepEqual(
    seen.map(({ name, connection }) => [name, connection?.protocol]),
    [['ann', 'unknown']],
  );
  assert.deepEqual(await operate(authority, 'ann', { sightings }), [200, 'admin ann']);
});

interface Circumstances {
  readonly sightings?: Sightings;
  /** What becomes of the connection while the records are asked. */
  readonly meanwhile?: (socket: Socket) => void;
}

/** Calls an operation over mutual TLS as the administrator `name`; what is answered. */
async function operate(
  authority: SampleAuthority,
  name: string,
  { sightings, meanwhile }: Circumstances = {},
): Promise<[number, string]> {
  let accepted: Socket | undefined;
  const [policy] = defaultListeners(0) as [ListenerPolicy];
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  const dispatch = createDispatcher(policy, {
    gate: new PeerGate({
      bundle,
      issuings: () => [],
      isGood: async () => {
        asked += 1;
        if (accepted !== undefined) meanwhile?.(accepted);
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
    sightings,
    letIn: new LetIn(systemClock, silentLog),
    noteRefusal: () => {},
    hear: () => undefined,
    log: silentLog,
  });
  const take = serveHttp(createServer(dispatch));
  await using listener = await listen({
    policy: { ...policy, address: { host: '127.0.0.1', port: 0 } },
    credentials: new Hot(await authority.issue('server', 'srv')),
    onConnection: (socket) => {
      accepted = socket;
      take(socket);
    },
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
