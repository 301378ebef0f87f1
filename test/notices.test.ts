import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { SMTPServerOptions } from 'smtp-server';
import { certifiedRequest } from './rig/certified-request.ts';
import { clockMoved } from './rig/clock.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { mailServer } from './rig/mail-server.ts';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const secret = 'correct horse battery staple';
let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);

/** What came by HTTP. */
interface Posted {
  readonly path: string;
  readonly body: string;
  readonly isSigned: boolean;
}

/** Takes whatever is posted, and looks whether it is signed as the guide says. */
async function receiver(port: number): Promise<{ readonly server: Server; readonly posted: Posted[] }> {
  const posted: Posted[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { 'holdfast-timestamp': time = '', 'holdfast-signature': signature } = request.headers;
    const expected = createHmac('sha256', secret)
      .update(`${String(time)}.${body}`)
      .digest('hex');
    posted.push({ path: request.url ?? '', body, isSigned: signature === expected });
    response.end();
  };
  const server = createServer((request, response) => void take(request, response));
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return { server, posted };
}

const subjectsOf = (mails: readonly string[]): string[] =>
  mails.flatMap((mail) => /^Subject: (.*)$/m.exec(mail)?.[1] ?? []);

describe('notices of the sets of a machine', () => {
  const run = (
    words: readonly string[],
    expected = 0,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> => runProgram(launcher, [...words, '--home', at('home')], { expected, env });
  const later = clockMoved('+2m');
  let mailPort: number;
  let hookPort: number;
  let hook: Awaited<ReturnType<typeof receiver>>;

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a');
    writeFileSync(at('secret'), `${secret}\n`);
    writeFileSync(at('page'), `#!/bin/sh\ncat >> ${at('paged')}\necho >> ${at('paged')}\n`);
    writeFileSync(at('may'), `#!/bin/sh\ntest ! -e ${at('forbidden')}\n`);
    for (const script of ['page', 'may']) chmodSync(at(script), 0o700);
    [mailPort, hookPort] = [await freePorts(), await freePorts()];
    hook = await receiver(hookPort);
    await run(['backup', at('data'), '--repo', at('repo'), '--init', '--password-file', at('secret')]);
    const set = [
      'set',
      'add',
      'documents',
      at('data'),
      '--every',
      '6h',
      '--spread',
      '0',
      '--repo',
      at('repo'),
    ];
    await run([...set, '--before', at('may')]);
    await run([
      'notice',
      'add',
      'ops',
      '--mail',
      'ops@example.test',
      '--smtp',
      `smtp://127.0.0.1:${mailPort}`,
    ]);
    const url = `http://127.0.0.1:${hookPort}`;
    await run([
      'notice',
      'add',
      'chat',
      '--webhook',
      `${url}/hook`,
      '--secret-file',
      at('secret'),
      '--summary',
      'daily',
    ]);
    await run(['notice', 'add', 'pager', '--command', at('page')]);
    await run(['notice', 'add', 'watch', '--ping', `${url}/ping/uuid`, '--set', 'documents']);
    writeFileSync(at('forbidden'), '');
  });
  after(() => {
    hook.server.close();
    place[Symbol.dispose]();
  });

  it('are sent once for each change, by mail, signed webhook, program and ping, and once when it is good again', async () => {
    const { mails, stop } = await mailServer(mailPort);
    await run(['set', 'run', 'documents'], 1);
    await run(['set', 'run', 'documents'], 1);
    assert.deepEqual(
      subjectsOf(mails).map((subject) => subject.replace(/at \S+:/, 'at HERE:')),
      ['Holdfast at HERE: set documents is failed'],
    );
    assert.match(mails[0] ?? '', /^To: ops@example\.test\r?$[^]*the set documents is failed, just now: /m);
    const hooked = hook.posted.filter(({ path }) => path === '/hook');
    assert.deepEqual(
      hooked.map(({ isSigned }) => isSigned),
      [true],
    );
    const message = JSON.parse(hooked[0]?.body ?? '{}');
    assert.deepEqual(
      [message.version, message.kind, message.notices[0].subject, message.notices[0].state],
      [1, 'notices', 'set documents', 'failed'],
    );
    assert.equal(JSON.parse(readFileSync(at('paged'), 'utf8')).notices[0].state, 'failed');
    assert.deepEqual(
      hook.posted.flatMap(({ path }) => (path.startsWith('/ping') ? [path] : [])),
      ['/ping/uuid/start', '/ping/uuid/fail', '/ping/uuid/start', '/ping/uuid/fail'],
    );
    await stop();
  });

  it('wait for a mail server that is down, which status says, and go once it is up', async () => {
    rmSync(at('forbidden'));
    await run(['set', 'run', 'documents']);
    assert.equal(hook.posted.at(-2)?.path, '/ping/uuid');
    assert.equal(JSON.parse(hook.posted.at(-1)?.body ?? '{}').notices[0].state, 'ok');
    const { stderr } = await run(['status']);
    assert.match(stderr, /1 notice for the channel ops wait.*ECONNREFUSED.*holdfast notice test ops/);
    const [, ops] = JSON.parse((await run(['notice', 'list', '--json'])).stdout) as { waiting: number }[];
    assert.equal(ops?.waiting, 1);
    const { mails, stop } = await mailServer(mailPort);
    await run(['set', 'run', 'documents'], 0, later);
    await run(['set', 'run', 'documents'], 0, later);
    assert.deepEqual(
      subjectsOf(mails).map((subject) => subject.replace(/^.*: /, '')),
      ['set documents is ok'],
    );
    assert.doesNotMatch((await run(['status'])).stderr, /notice/);
    await stop();
  });

  it('come together each day where that was asked for', async () => {
    const before = hook.posted.length;
    await run(['set', 'run', 'documents'], 0, clockMoved('+25h'));
    const summaries = hook.posted.slice(before).filter(({ body }) => body.includes('"summary"'));
    assert.deepEqual(
      summaries.map(({ isSigned, body }) => [isSigned, JSON.parse(body).notices]),
      [[true, []]],
    );
  });

  it('give a password to nobody without TLS, and keep no secret in plain', async () => {
    const seen: string[] = [];
    const onAuth: SMTPServerOptions['onAuth'] = ({ username = '', password = '' }, _session, done) => {
      seen.push(`${username} ${password}`);
      done(null, { user: username });
    };
    const plain = await mailServer(mailPort, {
      onAuth,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
    });
    const to = ['--mail', 'ops@example.test', '--secret-file', at('secret'), '--from', 'here@example.test'];
    await run(['notice', 'add', 'login', '--smtp', `smtp://backup@localhost:${mailPort}`, ...to]);
    await run(['notice', 'test', 'login'], 1);
    assert.deepEqual(seen, []);
    await plain.stop();
    const certificate = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${at('key')} -out ${at('crt')} -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
    await runProgram('sh', ['-c', `${certificate} 2>/dev/null`]);
    const tls = await mailServer(mailPort, {
      onAuth,
      key: readFileSync(at('key')),
      cert: readFileSync(at('crt')),
    });
    await run(['notice', 'test', 'login'], 1);
    assert.deepEqual(seen, [], 'whoever answers has to be the mail server');
    await run(['notice', 'test', 'login'], 0, { NODE_EXTRA_CA_CERTS: at('crt') });
    assert.deepEqual(seen, [`backup ${secret}`]);
    assert.equal(tls.mails.length, 1);
    await tls.stop();
    const { stdout } = await run(['notice', 'list', '--json']);
    assert.ok(!stdout.includes('horse'));
    for (const name of readdirSync(at('home'), { recursive: true, encoding: 'utf8' }))
      if (statSync(at('home', name)).isFile())
        assert.ok(!readFileSync(at('home', name)).includes('horse'), name);
    await run(['notice', 'remove', 'login']);
    assert.ok(!(await run(['notice', 'list'])).stdout.includes('login'));
  });

  it('are refused a channel that is none', async () => {
    for (const [words, code] of [
      [['x', '--webhook', 'ftp://host/', '--secret-file', at('secret')], 'channel_invalid'],
      [['x', '--mail', 'nobody', '--smtp', 'smtp://host'], 'channel_invalid'],
      [['x', '--mail', 'a@b.test', '--smtp', 'smtp://user:password@host'], 'channel_invalid'],
      [['X/..', '--command', at('page')], 'channel_invalid'],
      [['x', '--command', at('data/a')], 'path_not_found'],
      [['pager', '--command', at('page')], 'channel_exists'],
    ] as const) {
      const { stderr } = await run(['notice', 'add', ...words], 1).catch(() =>
        run(['notice', 'add', ...words], 2),
      );
      assert.ok(stderr.includes(`[${code}]`), stderr);
    }
    assert.ok(existsSync(at('home/node/notices/channels.json')));
  });
});

describe('notices of the nodes of a network', () => {
  it('tell of a set that is not ok, once, over a restart of the server', async () => {
    using here = temporaryDirectory();
    const own = (...names: string[]): string => join(here.path, ...names);
    const port = await freePorts();
    const hook = await receiver(port);
    writeFileSync(own('secret'), secret);
    await using network = await Network.start(own('server'));
    const laptop = await network.join('laptop', own('laptop'));
    await laptop.run(['cert', 'export', '--layout', 'restic', own('restic')]);
    await network.run([
      'notice',
      'add',
      'chat',
      '--webhook',
      `http://127.0.0.1:${port}/`,
      '--secret-file',
      own('secret'),
    ]);
    const nowMs = Date.now();
    const last = {
      begunMs: nowMs,
      endedMs: nowMs,
      result: 'failed',
      code: 'storage_full',
      message: 'no space left',
    };
    const set = {
      id: 'documents-x',
      name: 'documents',
      every: '6h',
      state: 'failed',
      running: false,
      last,
      sinceMs: nowMs,
      nextMs: nowMs + 1e8,
      afterMs: nowMs + 2e8,
    };
    /** Tells the server, and starts it again: what it has been told it looks at some seconds later. */
    const tell = async (...sets: object[]): Promise<void> => {
      const report = { version: 1, sentMs: nowMs, everyMs: 60_000, sets, total: sets.length };
      const { status } = await certifiedRequest(`https://127.0.0.1:${network.port}/-/agent/report`, {
        ca: own('restic/ca.pem'),
        certificate: own('restic/client.pem'),
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(report),
      });
      assert.equal(status, 200);
      await network.server.stop();
      await network.restart();
    };
    await tell(set);
    while (hook.posted.length < 1) await setTimeout(100);
    // The same once more, and a restart, are no news; that it is over is.
    await tell(set);
    await tell();
    while (hook.posted.length < 2) await setTimeout(100);
    assert.deepEqual(
      hook.posted.map(({ body }) =>
        JSON.parse(body).notices.map((notice: { state: string }) => notice.state),
      ),
      [['failed'], ['ok']],
    );
    const { from, notices } = JSON.parse(hook.posted[0]?.body ?? '{}');
    assert.equal(from, 'network.test');
    assert.match(
      notices[0].text,
      /^the set documents of client\/laptop is failed since 2.*: no space left \[storage_full\]$/,
    );
    hook.server.close();
  });
});
