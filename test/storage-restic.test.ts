import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import { silentLog } from '../src/base/index.ts';
import { storageHttpOptions } from '../src/server/open-listeners.ts';
import { createStorageHandler } from '../src/server/storage-handler.ts';
import { localNamespaces } from '../src/server/storage-path.ts';
import { RunningProgram } from './rig/holdfast-process.ts';
import { Prng } from './rig/prng.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

interface Rig {
  readonly directory: string;
  /** What restic is given to reach the repository. */
  readonly repository: readonly string[];
}

function openssl(directory: string, ...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
}

/** An authority and two certificates below it, made by openssl: `ca.pem`, `server.pem`, `client.pem` with its key. */
function makeCertificates(directory: string): void {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    directory,
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=ca',
    '-days',
    '2',
  );
  writeFileSync(
    join(directory, 'extensions'),
    'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  );
  for (const name of ['server', 'client']) {
    openssl(
      directory,
      'req',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions'];
    openssl(
      directory,
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
    );
  }
  const client = ['client.pem', 'client.key'].map((name) => readFileSync(join(directory, name), 'utf8'));
  writeFileSync(join(directory, 'client-with-key.pem'), client.join(''));
}

/** TLS 1.3 that asks for a certificate of the authority, in front of an HTTP server that does not listen itself. */
function secure(directory: string, server: Server): ReturnType<typeof createNetServer> {
  const file = (name: string): Buffer => readFileSync(join(directory, name));
  const secureContext = createSecureContext({
    ca: file('ca.pem'),
    cert: file('server.pem'),
    key: file('server.key'),
    minVersion: 'TLSv1.3',
  });
  return createNetServer((raw) => {
    const socket = new TLSSocket(raw, {
      isServer: true,
      requestCert: true,
      rejectUnauthorized: true,
      secureContext,
    });
    socket.on('error', () => raw.destroy());
    socket.once('secure', () => server.emit('connection', socket));
  });
}

async function serve(t: TestContext, kind: 'plain' | 'tls', appendOnly: boolean): Promise<Rig> {
  const temporary = temporaryDirectory();
  const directory = temporary.path;
  mkdirSync(join(directory, 'store'));
  const storeFor = localNamespaces(join(directory, 'store'), async () => {});
  const handle = createStorageHandler({ storeFor, log: silentLog });
  const server = createServer(storageHttpOptions, (request, response) => {
    void handle(request, response, { client: 'me', appendOnly });
  });
  if (kind === 'tls') makeCertificates(directory);
  const listener = kind === 'tls' ? secure(directory, server) : server;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => {
    listener.close();
    server.closeAllConnections();
    temporary[Symbol.dispose]();
  });
  const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const certificates = ['--cacert', 'ca.pem', '--tls-client-cert', 'client-with-key.pem'];
  const plain = ['-r', `rest:http://${host}/me/`];
  return {
    directory,
    repository: kind === 'tls' ? ['-r', `rest:https://${host}/me/`, ...certificates] : plain,
  };
}

function restic(directory: string, args: readonly string[]): RunningProgram {
  const env = { RESTIC_PASSWORD: 'x', RESTIC_CACHE_DIR: join(directory, 'cache') };
  return new RunningProgram(args, { program: 'restic', cwd: directory, env });
}

async function succeeds(directory: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await restic(directory, args).ended;
  assert.equal(code, 0, `restic ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** restic goes on trying for minutes; what counts is that it is refused, and why. */
async function isRefused(directory: string, args: readonly string[], reason: RegExp): Promise<void> {
  await using running = restic(directory, args);
  await running.waitFor(reason);
  assert.notEqual((await running.stop()).code, 0);
}

/** 30 MB in a few large files and many small ones. */
function makeFiles(directory: string): void {
  const prng = new Prng('restic against the storage routes');
  mkdirSync(join(directory, 'files'));
  for (let i = 0; i < 3; i++) writeFileSync(join(directory, 'files', `large-${i}`), prng.bytes(10_000_000));
  for (let i = 0; i < 300; i++)
    writeFileSync(join(directory, 'files', `small-${i}`), prng.bytes(prng.below(2000)));
}

for (const kind of ['plain', 'tls'] as const) {
  describe(`restic against the storage routes, ${kind}`, () => {
    it('makes a repository, backs up twice, and finds all of it right', async (t) => {
      const { directory, repository } = await serve(t, kind, true);
      makeFiles(directory);
      await succeeds(directory, [...repository, 'init']);
      await succeeds(directory, [...repository, 'backup', 'files']);
      assert.match(
        await succeeds(directory, [...repository, 'backup', 'files']),
        /Added to the repository: 0 B/,
      );
      assert.match(await succeeds(directory, [...repository, 'snapshots']), /2 snapshots/);
      assert.match(
        await succeeds(directory, [...repository, 'check', '--read-data']),
        /no errors were found/,
      );
      assert.match(
        await succeeds(directory, ['-r', 'store/me', 'check', '--read-data']),
        /no errors were found/,
      );
    });

    it('removes snapshots and their data, where that is allowed', async (t) => {
      const { directory, repository } = await serve(t, kind, false);
      makeFiles(directory);
      await succeeds(directory, [...repository, 'init']);
      await succeeds(directory, [...repository, 'backup', 'files/large-0']);
      await succeeds(directory, [...repository, 'backup', 'files/large-1']);
      await succeeds(directory, [...repository, 'forget', '--prune', '--group-by', '', '--keep-last', '1']);
      assert.match(await succeeds(directory, [...repository, 'snapshots']), /1 snapshots/);
      assert.match(
        await succeeds(directory, [...repository, 'check', '--read-data']),
        /no errors were found/,
      );
    });

    it('removes nothing from an append-only repository', async (t) => {
      const { directory, repository } = await serve(t, kind, true);
      makeFiles(directory);
      await succeeds(directory, [...repository, 'init']);
      await succeeds(directory, [...repository, 'backup', 'files/small-1']);
      await isRefused(directory, [...repository, 'forget', 'latest'], /403 Forbidden/);
      assert.match(await succeeds(directory, [...repository, '--no-lock', 'snapshots']), /1 snapshots/);
    });
  });
}

describe('restic without a client certificate', () => {
  it('gets nowhere', async (t) => {
    const { directory, repository } = await serve(t, 'tls', true);
    const withoutCertificate = repository.slice(0, 4);
    await isRefused(directory, [...withoutCertificate, 'snapshots'], /certificate required/);
  });
});
