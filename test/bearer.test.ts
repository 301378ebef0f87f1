import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { enrolPaths } from '../src/enrol/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Bearer {
  readonly id: number;
  readonly token: string;
}

/** Where a request goes, and by what it says who sends it. */
interface Asked {
  readonly path: string;
  readonly token?: string;
  /** Sent as the password of this user; as a bearer's else. */
  readonly user?: string;
  readonly by?: NetworkClient;
  /** From another address of this machine: refusals are counted for each. */
  readonly from?: string;
}

/** Let in, to where nothing is yet. */
const absent = [404, 'object_not_found'];

describe('bearer tokens', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let alpha: NetworkClient;
  let ports: { readonly strict: number; readonly warn: number; readonly off: number };
  const at = (...names: string[]): string => join(place.path, ...names);

  const bearer = async (name: string, ...words: string[]): Promise<Bearer> =>
    JSON.parse(
      (await network.run(['token', 'create', '--bearer', name, ...words, '--json'])).stdout,
    ) as Bearer;

  /** Status, the code of the error, and what else came. */
  const ask = async (port: number, { path, token, user, by, from }: Asked) => {
    const basic = Buffer.from(`${user}:${token}`).toString('base64');
    const authorization = user === undefined ? `Bearer ${token}` : `Basic ${basic}`;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request(
      {
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        ...(from !== undefined && { localAddress: from }),
        ca: readFileSync(at('pem', 'ca.pem')),
        ...(by !== undefined && {
          cert: readFileSync(at(by.name, 'pem', 'client.pem')),
          key: readFileSync(at(by.name, 'pem', 'client.key')),
        }),
        headers: token === undefined ? {} : { authorization },
      },
      resolve,
    )
      .on('error', reject)
      .end();
    const answer = await promise;
    answer.resume();
    const { statusCode, headers } = answer;
    return [statusCode, headers['holdfast-code']];
  };

  const restic = async (port: number, name: string, token: string, words: string[]): Promise<ProgramResult> =>
    await runProgram('restic', ['-q', '--cacert', at('pem', 'ca.pem'), ...words], {
      env: {
        // As RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD do from 0.16 on.
        RESTIC_REPOSITORY: `rest:https://${name}:${token}@127.0.0.1:${port}/${name}/`,
        RESTIC_PASSWORD: 'secret',
        RESTIC_CACHE_DIR: at('cache'),
      },
    });

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    const warn = await freePorts();
    ports = { strict: network.port, warn, off: warn + 1 };
    await network.server.stop();
    const file = join(network.home, 'holdfast.toml');
    const listeners = [
      listener('main', ports.strict, 'require', '"storage", "control"'),
      listener('open', network.port + 1, 'off', '"enrol", "status"'),
      listener('plain', network.port + 2, 'off', '"status"').replace('"tls"', '"plain"'),
      listener('warned', ports.warn, 'warn', '"storage", "control"'),
      listener('free', ports.off, 'off', '"storage", "control"'),
    ];
    writeFileSync(file, readFileSync(file, 'utf8') + listeners.join(''));
    await network.restart();
    for (const name of ['alpha', 'beta']) {
      const client = await network.join(name, at(name));
      await client.run(['cert', 'export', at(name, 'pem')]);
      if (name === 'alpha') alpha = client;
    }
    mkdirSync(at('pem'));
    writeFileSync(at('pem', 'ca.pem'), readFileSync(at('alpha', 'pem', 'ca.pem')));
    writeFileSync(at('data'), randomBytes(100_000));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('let any restic back up and restore where no certificate is required, in the one namespace', async () => {
    const { token } = await bearer('laptop');
    assert.match(token, /^hfb1_[\w-]{43}$/);
    for (const port of [ports.off, ports.warn]) {
      const done = await restic(port, 'laptop', token, port === ports.off ? ['init'] : ['snapshots']);
      assert.equal(done.code, 0, done.stderr);
    }
    assert.equal((await restic(ports.off, 'laptop', token, ['backup', at('data')])).code, 0);
    const restored = await restic(ports.warn, 'laptop', token, ['dump', 'latest', at('data')]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.deepEqual(await ask(ports.off, { path: '/other/config', token }), [403, 'namespace_forbidden']);
    const said = network.server.stderr;
    assert.match(said, /"listener":"warned","by":"client\/laptop","cause":"certificate_required"/);
    assert.ok(!said.includes(token) && !said.includes('"listener":"free","by"'));
  });

  it('name nobody to a listener that requires a certificate, which ends such a handshake by an alert', async () => {
    const { token } = await bearer('strict');
    await assert.rejects(
      ask(ports.strict, { path: '/strict/config', token }),
      /certificate required|ECONNRESET/,
    );
    const said = await runProgram(
      'openssl',
      ['s_client', '-ign_eof', '-connect', `127.0.0.1:${ports.strict}`],
      {
        input: 'GET / HTTP/1.0\r\n\r\n',
        expected: 1,
      },
    );
    assert.match(said.stderr, /alert certificate required.*alert number 116/is);
    assert.deepEqual(await ask(ports.strict, { path: '/strict/config', token, by: alpha }), [
      403,
      'namespace_forbidden',
    ]);
  });

  it('are asked for by a listener that asks nobody for a certificate, and serve nobody without', async () => {
    const path = '/alpha/config';
    assert.deepEqual(await ask(ports.off, { path }), [401, 'bearer_required']);
    assert.deepEqual(await ask(ports.warn, { path }), [401, undefined]);
    assert.deepEqual(await ask(ports.off, { path: enrolPaths.trust }), [401, 'bearer_required']);
  });

  it('have to name the same as a good certificate; one that is not good names nobody', async () => {
    const own = await bearer('alpha');
    const other = await bearer('beta');
    const path = '/alpha/config';
    assert.deepEqual(await ask(ports.warn, { path, by: alpha }), absent, 'by certificate alone');
    assert.deepEqual(await ask(ports.warn, { path, by: alpha, token: own.token }), absent);
    const mixed = await ask(ports.warn, { path, by: alpha, token: other.token });
    assert.deepEqual(mixed, [403, 'bearer_wrong_identity']);
    const serial = JSON.parse((await network.run(['cert', 'list', '--name', 'alpha', '--json'])).stdout)[0]
      .serial;
    await network.run(['cert', 'revoke', serial, '--serial', '--yes']);
    assert.deepEqual(await ask(ports.warn, { path, by: alpha }), [403, 'certificate_revoked']);
    assert.deepEqual(await ask(ports.warn, { path, by: alpha, token: own.token }), absent);
    const asBeta = await ask(ports.warn, { path: '/beta/config', by: alpha, token: other.token });
    assert.deepEqual(asBeta, absent, 'the revoked certificate of alpha says nothing');
    const { stdout } = await network.run(['status', '--json']);
    const { letIn, listeners } = JSON.parse(stdout);
    const causes = letIn.map(({ by, cause, times }: Record<string, unknown>) => [by, cause, times]);
    assert.deepEqual(causes.slice(0, 2), [
      ['client/beta', 'certificate_revoked', 1],
      ['client/alpha', 'certificate_revoked', 1],
    ]);
    const [, , , warned, free] = listeners;
    assert.match(warned.weaker.join(), /warned offers storage and control without requiring/);
    assert.match(free.weaker.join(), /free offers storage and control without requiring/);
    const plain = (await network.run(['status'])).stderr;
    assert.match(
      plain,
      /client\/beta came to listener warned by a bearer token and without a good certificate 1 time/,
    );
  });

  it('end at their revocation and their time, with an idle connection by them within a second', async () => {
    const { id, token } = await bearer('short');
    const idle = await idleConnection(ports.off, at('pem', 'ca.pem'), `Bearer ${token}`);
    assert.equal(await idle.status, 404);
    const startMs = performance.now();
    assert.match(
      (await network.run(['token', 'revoke', `b${id}`])).stdout,
      /bearer token b\d+ +client short/,
    );
    await idle.ended;
    assert.ok(performance.now() - startMs < 5000);
    assert.deepEqual(await ask(ports.off, { path: '/short/config', token, from: '127.0.0.2' }), [
      401,
      'bearer_revoked',
    ]);
    assert.match((await network.run(['token', 'revoke', `b${id}`], 1)).stderr, /\[already_revoked\]/);
    assert.match((await network.run(['token', 'revoke', 'b99'], 1)).stderr, /\[object_not_found\]/);
    const brief = await bearer('brief', '--expires', '1s');
    const until = await idleConnection(ports.off, at('pem', 'ca.pem'), `Bearer ${brief.token}`);
    await until.ended;
    const late = await ask(ports.off, { path: '/brief/config', token: brief.token, from: '127.0.0.2' });
    assert.deepEqual(late, [401, 'bearer_expired']);
    const { stdout } = await network.run(['token', 'list', '--bearer']);
    assert.match(stdout, /client +brief .* expired\n.*client +short .* revoked/);
  });

  it('end with the identity, which comes back by a reissue alone, and keep its name for it', async () => {
    const { token } = await bearer('gone');
    assert.match((await network.run(['token', 'create', 'gone'], 23)).stderr, /\[name_taken\]/);
    assert.match((await network.run(['cert', 'revoke', 'client/gone', '--yes'])).stdout, /1 bearer token/);
    const path = '/gone/config';
    assert.deepEqual(await ask(ports.off, { path, token, from: '127.0.0.3' }), [401, 'bearer_revoked']);
    const again = await network.run(['token', 'create', '--bearer', 'gone'], 21);
    assert.match(again.stderr, /gone was revoked.*--bearer --reissue gone/s);
    const back = await bearer('gone', '--reissue');
    assert.deepEqual(await ask(ports.off, { path, token: back.token }), absent);
    await network.run(['audit', 'verify']);
  });

  it('are no use with another user, in another form, or for a role that has to have a certificate', async () => {
    const { token } = await bearer('exact');
    const from = '127.0.0.4';
    const path = '/exact/config';
    assert.deepEqual(await ask(ports.off, { path, token, user: 'exact' }), absent);
    for (const asked of [
      { token, user: 'alpha' },
      { token: `${token}x` },
      { token: token.slice(5) },
      { token: token.toUpperCase(), user: 'exact' },
      { token: 'x'.repeat(4000) },
    ])
      assert.deepEqual(await ask(ports.off, { path, from, ...asked }), [401, 'bearer_unknown']);
    const server = await network.run(['token', 'create', '--bearer', 'vault', '--role', 'server'], 2);
    assert.match(server.stderr, /a server comes with a certificate.*\[input_invalid\]/);
  });

  it('give an administrator the admin API, and a client nothing of it', async () => {
    const admin = await bearer('ann', '--role', 'admin');
    const client = await bearer('bob');
    const call = (token: string): Promise<ProgramResult> =>
      runProgram('curl', [
        '-sS',
        '--cacert',
        at('pem', 'ca.pem'),
        '-H',
        `authorization: Bearer ${token}`,
        '-H',
        'content-type: application/json',
        '-d',
        '{}',
        `https://127.0.0.1:${ports.off}/-/admin/status`,
      ]);
    assert.equal(JSON.parse((await call(admin.token)).stdout).authority.network, 'network.test');
    assert.match((await call(client.token)).stdout, /certificate_wrong_role|^$/);
  });

  it('are guessed slowly: a flood is refused without a look, and the good ones of the same place go on', async () => {
    const { token } = await bearer('steady');
    const from = '127.0.0.5';
    const path = '/steady/config';
    assert.deepEqual(await ask(ports.off, { path, token, from }), absent);
    const guess = () =>
      ask(ports.off, { path, token: `hfb1_${randomBytes(32).toString('base64url')}`, from });
    const answers = await Promise.all(Array.from({ length: 40 }, guess));
    const counted = (code: string): number => answers.filter(([, found]) => found === code).length;
    assert.ok(counted('rate_limited') >= 20, JSON.stringify(answers));
    assert.equal(counted('rate_limited') + counted('bearer_unknown'), 40);
    assert.deepEqual(await ask(ports.off, { path, token, from }), absent);
  });
});

/** One request over a connection that is then kept, as programs keep them. */
async function idleConnection(port: number, ca: string, authorization: string) {
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const sent = request(
    {
      host: '127.0.0.1',
      port,
      path: '/short/config',
      ca: readFileSync(ca),
      headers: { authorization, connection: 'keep-alive' },
    },
    (answer) => resolve(answer.resume().statusCode),
  );
  sent.on('socket', (socket) => socket.once('close', () => end()));
  sent.on('error', () => end());
  sent.end();
  return { status, ended };
}

function listener(name: string, port: number, certificate: string, services: string): string {
  return `
[[listeners]]
name = "${name}"
address = { port = ${port} }
kind = "tls"
client_certificate = "${certificate}"
minimum_version = "TLSv1.3"
groups = ["X25519MLKEM768", "X25519"]
services = [${services}]
`;
}
