import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { silentLog, systemClock } from '../src/base/index.ts';
import { certificatePem, exportPrivateKey, parseCertificate, privateKeyPem } from '../src/pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../src/policy/index.ts';
import { LetIn } from '../src/server/let-in.ts';
import { storageService } from '../src/server/service.ts';
import { startServer } from '../src/server/start-server.ts';
import { createStorageHandler } from '../src/server/storage-handler.ts';
import { localNamespaces } from '../src/server/storage-path.ts';
import { Hot, noBindings } from '../src/transport/index.ts';
import { singleRootBundle } from '../src/trust/index.ts';
import { certifiedRequest } from './rig/certified-request.ts';
import { freePorts } from './rig/free-ports.ts';
import { SampleAuthority, type SampleNode } from './rig/sample-certificates.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const run = promisify(execFile);

it('a server of storage alone has no authority, and a client backs up to it while the roster has it', async () => {
  using place = temporaryDirectory();
  const authority = await SampleAuthority.create();
  const alpha = await authority.issue('client', 'alpha');
  const roster = new Set([serialOf(alpha)]);
  let changed = async (): Promise<void> => {};
  const [policy] = defaultListeners(await freePorts()) as [ListenerPolicy];
  const { port } = policy.address;
  await using _server = await startServer({
    listeners: [policy],
    services: [
      storageService(
        createStorageHandler({ storeFor: localNamespaces(place.path, async () => {}), log: silentLog }),
        { appendOnly: true },
      ),
    ],
    peers: {
      bundle: new Hot(singleRootBundle(authority.network, authority.root.der)),
      issuings: () => [],
      isGood: (serial) => roster.has(serial),
      watch(call) {
        changed = call;
        return new AsyncDisposableStack();
      },
    },
    credentials: new Hot(await authority.issue('storage', 'vault')),
    bindings: new Hot(noBindings),
    noteRefusal: () => {},
    letIn: new LetIn(systemClock, silentLog),
    clock: systemClock,
    log: silentLog,
  });
  const files = { ca: join(place.path, 'ca.pem'), certificate: join(place.path, 'client.pem') };
  writeFileSync(files.ca, certificatePem(authority.root.der));
  writeFileSync(files.certificate, pemOf(alpha));
  const restic = (...words: string[]) =>
    run('restic', ['--cacert', files.ca, '--tls-client-cert', files.certificate, '--no-cache', ...words], {
      env: {
        ...process.env,
        RESTIC_REPOSITORY: `rest:https://localhost:${port}/alpha/`,
        RESTIC_PASSWORD: 'secret',
      },
    });
  await restic('init');
  await restic('backup', files.ca);
  assert.match((await restic('check')).stdout, /no errors were found/);

  const url = (path: string): string => `https://localhost:${port}${path}`;
  assert.equal((await certifiedRequest(url('/beta/config'), files)).status, 403);
  for (const path of ['/-/health', '/-/control/trust', '/-/openapi.json'])
    assert.equal((await certifiedRequest(url(path), files)).status, 404, path);

  roster.clear();
  await changed();
  assert.equal((await certifiedRequest(url('/alpha/config'), files)).status, 403);
});

function serialOf({ chain }: SampleNode): string {
  return parseCertificate(chain[0] as Uint8Array).serial;
}

function pemOf({ chain, privateKey }: SampleNode): string {
  return chain.map((der) => certificatePem(der)).join('') + privateKeyPem(exportPrivateKey(privateKey));
}
