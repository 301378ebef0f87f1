import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { enrolPaths } from '../src/enrol/index.ts';
import { CutLine } from './rig/cut-line.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Impostor } from './rig/impostor.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused, type Refusal } from './rig/refusal.ts';
import { SampleAuthority } from './rig/sample-certificates.ts';
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
    assert.equal(headers['www-authenticate'], statusCode === 401 ? 'Bearer' : undefined, path);
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
    const services = ['storage', 'control'];
    const listeners = listenersToml([
      ...usualListeners(network.port),
      { name: 'warned', port: ports.warn, services, clientCertificate: 'warn' },
      { name: 'free', port: ports.off, services },
    ]);
    writeFileSync(file, readFileSync(file, 'utf8') + listeners);
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
    assert.deepEqual(await ask(ports.off, { path, token, user: 'alpha' }), [403, 'bearer_wrong_identity']);
    for (const asked of [
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

/** What is sent in the middle of a backup, and then nothing for a while. */
const cut = { bytes: 3_000_000, ms: 30_000 };

describe('a client that holds a bearer token', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  let line: CutLine;
  let open: number;
  const at = (...names: string[]): string => join(place.path, ...names);
  const here = (words: readonly string[]): string[] => [...words, '--home', client.home];
  const bearer = async (name: string, ...words: string[]): Promise<Bearer> =>
    JSON.parse(
      (await network.run(['token', 'create', '--bearer', name, ...words, '--json'])).stdout,
    ) as Bearer;
  const write = (token: string): string => {
    writeFileSync(at('token'), `${token}\n`);
    return at('token');
  };
  /** Of what was refused before, which slows down who is refused again, a server that starts knows nothing. */
  const forgetRefusals = async (): Promise<void> => {
    await network.server.stop();
    await network.restart();
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    await network.server.stop();
    const file = join(network.home, 'holdfast.toml');
    open = await freePorts();
    const free = { name: 'free', port: open, services: ['storage', 'control'] };
    const listeners = listenersToml([...usualListeners(network.port), free]);
    writeFileSync(file, readFileSync(file, 'utf8') + listeners);
    await network.restart();
    client = await network.join('laptop', at('client'));
    line = await CutLine.to(open);
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), randomBytes(100_000));
  });
  after(async () => {
    await line[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('keeps none that no server takes for it, and says why', async () => {
    const untouched = client.home;
    const mine = await bearer('laptop');
    const other = await bearer('desktop');
    const refused = (
      input: string,
      refusal: Pick<Refusal, 'code' | 'exit' | 'message'>,
      url = [`https://127.0.0.1:${open}`],
    ): Promise<void> =>
      assertRefused(here(['client', 'set-token', ...url]), { input, untouched, ...refusal });
    await refused('secret\n', { code: 'input_invalid', exit: 2, message: /hfb1_ and 43/ });
    await refused('', { code: 'usage', exit: 2, message: /no bearer token was given/ });
    const untaken = /does not take the token: .*; nothing was changed/;
    await refused(mine.token, { code: 'certificate_required', exit: 21, message: untaken }, []);
    await refused(other.token, { code: 'bearer_wrong_identity', exit: 23, message: untaken });
    const unknown = `hfb1_${randomBytes(32).toString('base64url')}`;
    await refused(unknown, { code: 'bearer_unknown', exit: 23, message: untaken });
    const brief = await bearer('laptop', '--expires', '1s');
    await sleep(1100);
    await refused(brief.token, { code: 'bearer_expired', exit: 23, message: untaken });
    await network.run(['token', 'revoke', `b${mine.id}`]);
    await refused(mine.token, { code: 'bearer_revoked', exit: 23, message: untaken });
    await client.run(['client', 'set', 'verifyServer', 'off']);
    await refused(other.token, { code: 'settings_invalid', exit: 2, message: /cannot both be off/ });
    await client.run(['client', 'set', 'verifyServer', 'on']);
    assert.deepEqual(JSON.parse((await client.run(['client', 'show', '--json'])).stdout).bearerTokens, []);
  });

  it('shows nothing where it has neither certificate nor token, and says so before it dials', async () => {
    await client.run(['client', 'set', 'presentCertificate', 'off']);
    const untouched = client.home;
    const elsewhere = here(['client', 'set-server', `https://127.0.0.1:${open}`]);
    await assertRefused(elsewhere, { code: 'bearer_required', exit: 23, untouched });
    await assertRefused(here(['backup', at('data')]), {
      code: 'bearer_required',
      exit: 23,
      untouched: at('none'),
      hint: /holdfast client set-token/,
    });
    await assertRefused(here(['client', 'set-token', '--remove']), {
      code: 'object_not_found',
      exit: 1,
      untouched,
    });
  });

  it('backs up, restores and opens its repository without a certificate, named by it', async () => {
    const { token } = await bearer('laptop');
    const url = `https://127.0.0.1:${open}`;
    const { stdout } = await client.run(['client', 'set-token', url, '--token-file', write(token)]);
    await client.run(['client', 'set-server', url]);
    assert.match(stdout, /held +the bearer token of client laptop +https:\/\/127\.0\.0\.1:\d+ takes it/);
    await client.run(['backup', at('data')]);
    await client.run(['backup', at('data')]);
    assert.equal(JSON.parse((await client.run(['snapshots', '--json'])).stdout).length, 2);
    await client.run(['check']);
    await client.run(['restore', 'latest', '--target', at('restored')]);
    assert.deepEqual(readFileSync(join(at('restored'), at('data/a'))), readFileSync(at('data/a')));
    const logged = (await network.run(['status', '--json'])).stdout;
    assert.ok(!logged.includes(token) && !network.server.stderr.includes(token));
    const status = JSON.parse((await client.run(['status', '--json'])).stdout);
    assert.deepEqual(status.node.weaker, ['presentCertificate']);
    assert.deepEqual(JSON.parse((await client.run(['client', 'show', '--json'])).stdout).bearerTokens, [
      'network',
    ]);
    assert.match((await client.run(['client', 'show'])).stdout, /bearer tokens are held for network/);
    const renewal = await client.run(['cert', 'renew', '--early'], 21);
    assert.match(renewal.stderr, /presentCertificate off.*\[certificate_required\]/);
    const walked = (await client.run(['doctor', `https://127.0.0.1:${open}`])).stdout;
    assert.match(walked, /the repository \/laptop\/ may be used/);
  });

  it('shows it to no server that has not proved who it is', async () => {
    const stranger = await SampleAuthority.create('network.test');
    await using impostor = await Impostor.start(0, await stranger.issue('server', 'server'));
    const words = here(['client', 'set-server', `https://127.0.0.1:${impostor.port}`]);
    await assertRefused(words, { code: 'certificate_unknown_authority', exit: 21, untouched: client.home });
    assert.equal(impostor.told, '');
  });

  it('is cut off within a second of its revocation in the middle of a backup, and told why', async () => {
    await forgetRefusals();
    const { id, token } = await bearer('laptop');
    const url = `https://127.0.0.1:${line.port}`;
    await client.run(['client', 'set', 'presentCertificate', 'off']);
    await client.run(['client', 'set-token', url, '--token-file', write(token)]);
    await client.run(['client', 'set-server', url]);
    writeFileSync(at('data/b'), randomBytes(12_000_000));
    await using running = client.start(['backup', at('data')]);
    const silent = line.cutOnce('silent', cut);
    const startMs = performance.now();
    while (line.isWhole) await sleep(20);
    await network.run(['token', 'revoke', `b${id}`]);
    await network.server.waitFor(/"name":"laptop","reason":"bearer_revoked".*"msg":"connection ended"/);
    const { code, stderr } = await running.ended;
    assert.equal(code, 23, stderr);
    assert.match(stderr, /\[bearer_revoked\]/);
    assert.ok(performance.now() - startMs < 120_000);
    await silent;
    assert.match((await client.run(['snapshots'], 23)).stderr, /\[bearer_revoked\]/);
    await client.run(['client', 'set-token', '--remove']);
    await client.run(['client', 'set', 'presentCertificate', 'on']);
    await client.run(['client', 'set-server', `https://127.0.0.1:${network.port}`]);
    await client.run(['backup', at('data')]);
  });

  it('without a network shows one to the server alone that it is held for', async () => {
    await forgetRefusals();
    const { token } = await bearer('printer');
    const home = ['--home', at('printer')];
    const run = (words: readonly string[], code = 0) =>
      runProgram(launcher, [...words, ...home], { expected: code });
    await network.run(['ca', 'export', at('ca.pem')]);
    await run(['trust', 'add', '--server', '127.0.0.1', '--file', at('ca.pem')]);
    const url = `https://127.0.0.1:${open}/printer/`;
    writeFileSync(at('password'), 'secret\n');
    const repo = ['--repo', url, '--password-file', at('password')];
    assert.match((await run(['backup', at('data/a'), ...repo, '--init'], 23)).stderr, /\[bearer_required\]/);
    const wrong = (await bearer('desktop')).token;
    const refused = await run(['client', 'set-token', url, '--token-file', write(wrong)], 23);
    assert.match(refused.stderr, /does not take the token.*\[namespace_forbidden\]/);
    await run(['client', 'set-token', url, '--token-file', write(token)]);
    await run(['backup', at('data/a'), ...repo, '--init']);
    await run(['restore', 'latest', ...repo, '--target', at('printed')]);
    assert.deepEqual(readFileSync(join(at('printed'), at('data/a'))), readFileSync(at('data/a')));
    const elsewhere = url.replace(String(open), String(line.port));
    assert.match((await run(['snapshots', '--repo', elsewhere], 23)).stderr, /\[bearer_required\]/);
    await run(['client', 'set-token', url, '--remove']);
    assert.match((await run(['snapshots', ...repo], 23)).stderr, /\[bearer_required\]/);
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
