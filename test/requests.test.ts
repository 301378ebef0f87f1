import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { certifiedRequest } from './rig/certified-request.ts';
import { acceptClock, clockMoved } from './rig/clock.ts';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let directory: TemporaryDirectory;
let network: Network;

before(async () => {
  directory = temporaryDirectory();
  network = await Network.start(join(directory.path, 'network'));
  await network.run(['policy', 'set', 'queue', 'on']);
});

after(async () => {
  await network[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request to the enrolment listener, as any program without a certificate would send it. */
async function send(
  path: string,
  sent: {
    readonly type?: string;
    readonly body?: string | Buffer;
    readonly port?: number;
    /** What a browser says of the page that sends it. */
    readonly site?: 'cross-site' | 'same-origin';
  } = {},
): Promise<Answer> {
  const { type, body, site, port = network.port + 1 } = sent;
  const outgoing = request(`https://127.0.0.1:${port}${path}`, {
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    rejectUnauthorized: false,
    headers: { ...(type && { 'content-type': type }), ...(site && { 'sec-fetch-site': site }) },
  }).end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
}

/** Sends a form as a browser does, and follows where it is led. */
async function sendForm(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const body = new URLSearchParams(fields).toString();
  const answer = await send(path, { type: 'application/x-www-form-urlencoded', body });
  return answer.status === 303 ? await send(String(answer.headers.location)) : answer;
}

interface RequestAnswer {
  readonly handle?: string;
  readonly state?: string;
  readonly code?: string;
  readonly message?: string;
  readonly chain?: readonly string[];
  readonly reason?: string;
}

function jsonOf({ body }: Answer): RequestAnswer {
  return JSON.parse(body.toString('utf8')) as RequestAnswer;
}

async function submit(fields: Readonly<Record<string, string>>): Promise<RequestAnswer & { status: number }> {
  const answer = await send('/-/enrol/requests', { type: 'application/json', body: JSON.stringify(fields) });
  return { ...jsonOf(answer), status: answer.status };
}

const path = (name: string): string => join(directory.path, name);

function openssl(...words: readonly string[]): string {
  return execFileSync('openssl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A request of `openssl req`, PEM; its key stays beside it. */
function opensslRequest(name: string, words: readonly string[] = [], subject = `/CN=${name}`): string {
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    path(`${name}.key`),
  ];
  openssl('req', '-new', ...key, '-subj', subject, '-out', path(`${name}.csr`), ...words);
  return readFileSync(path(`${name}.csr`), 'utf8');
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

async function pendingId(name: string): Promise<number> {
  const { stdout } = await network.run(['request', 'list', '--json']);
  const found = (JSON.parse(stdout) as { id: number; identity: string }[]).find(({ identity }) =>
    identity.endsWith(`/${name}`),
  );
  return found?.id ?? assert.fail(`no request of ${name} waits`);
}

async function rootFile(): Promise<string> {
  writeFileSync(path('root.pem'), (await send('/-/certsrv/authority/root.pem')).body);
  return path('root.pem');
}

test('what the wizard of IIS saves is pasted, approved and fetched in a browser', async () => {
  const key = ['-addext', 'keyUsage=critical,digitalSignature,keyEncipherment'];
  const subject = '/C=US/ST=Connecticut/L=Southbury/O=Storactive/OU=LiveBackup/CN=lbserver';
  const pem = opensslRequest('lbserver', [...key, '-addext', 'extendedKeyUsage=serverAuth'], subject);
  const home = await send('/-/certsrv');
  assert.equal(home.status, 200);
  assert.match(String(home.headers['content-security-policy']), /default-src 'none'/);
  assert.doesNotMatch(home.body.toString(), /<script|javascript:|onclick/i);
  const bare = derOf(pem).toString('base64');
  const result = await sendForm('/-/certsrv/submit', {
    request: bare,
    profile: 'server',
    name: '',
    code: '',
  });
  assert.equal(result.status, 200);
  const [, handle = ''] = /\/-\/certsrv\/requests\/([a-z2-7]{26})"/.exec(result.body.toString()) ?? [];
  assert.match(result.body.toString(), /class="state pending"/);

  const id = await pendingId('lbserver');
  const shown = await network.run(['request', 'show', String(id)]);
  assert.match(shown.stdout, /would issue +spiffe:\/\/network\.test\/server\/lbserver/);
  assert.match(shown.stdout, /passed over +the extension keyUsage, the extension extendedKeyUsage/);
  const approved = await network.run(['request', 'approve', String(id)]);
  assert.match(approved.stdout, /issued +spiffe:\/\/network\.test\/server\/lbserver/);

  const followed = await sendForm('/-/certsrv/follow', { handle: ` ${handle.toUpperCase()} ` });
  assert.match(followed.body.toString(), /class="state approved"/);
  await checkDownloads(handle);
  assert.equal((await network.run(['request', 'list'])).stdout.includes('lbserver'), false);
});

async function checkDownloads(handle: string): Promise<void> {
  const root = await rootFile();
  for (const file of ['pem', 'cer', 'p7b']) {
    const { status, headers, body } = await send(`/-/certsrv/requests/${handle}/certificate.${file}`);
    assert.equal(status, 200);
    assert.equal(headers['content-disposition'], `attachment; filename="lbserver.${file}"`);
    writeFileSync(path(`got.${file}`), body);
  }
  openssl(
    'verify',
    '-x509_strict',
    '-purpose',
    'sslserver',
    '-CAfile',
    root,
    '-untrusted',
    path('got.pem'),
    path('got.pem'),
  );
  const subject = openssl(
    'x509',
    '-inform',
    'der',
    '-in',
    path('got.cer'),
    '-noout',
    '-subject',
    '-ext',
    'subjectAltName',
  );
  assert.match(subject, /C ?= ?US.*O ?= ?Storactive.*CN ?= ?lbserver/);
  assert.match(subject, /DNS:lbserver/);
  const bag = openssl('pkcs7', '-inform', 'der', '-in', path('got.p7b'), '-print_certs', '-noout');
  assert.equal(bag.match(/^subject=/gm)?.length, 3);
  openssl('x509', '-in', path('got.pem'), '-outform', 'der', '-out', path('first.cer'));
  assert.deepEqual(readFileSync(path('first.cer')), readFileSync(path('got.cer')));
  const crl = (await send('/-/certsrv/authority/issuing.crl')).body;
  writeFileSync(path('got.crl'), crl);
  openssl('crl', '-inform', 'der', '-in', path('got.crl'), '-noout', '-CAfile', path('got.pem'));
}

test('what IIS makes is taken on the page without a profile, and with the join code of a server', async () => {
  const words = ['-addext', 'keyUsage=critical,digitalSignature', '-addext', 'extendedKeyUsage=serverAuth'];
  const pasted = await sendForm('/-/certsrv/submit', { request: opensslRequest('iis.example.com', words) });
  assert.match(pasted.body.toString(), /class="state pending".*server\/iis\.example\.com/s);
  const code = await network.joinCode('iis2', ['--role', 'server', '--names', 'iis2.example.com']);
  const answer = await submit({ request: opensslRequest('iis2.example.com', words), code });
  assert.deepEqual([answer.status, answer.state], [200, 'approved']);
});

test('a mail address is shown on the page as what would be left out', async () => {
  const words = ['-addext', 'subjectAltName=DNS:vc.example.com,email:<ann>@example.com'];
  const pasted = await sendForm('/-/certsrv/submit', { request: opensslRequest('vc.example.com', words) });
  assert.match(pasted.body.toString(), /Left out<\/dt><dd>email:&#60;ann&#62;@example\.com/);
});

test('a request is taken as PEM, as DER, as base64 and in JSON alike', async () => {
  const bodies: [string, (pem: string) => string | Buffer][] = [
    ['application/pkcs10', derOf],
    ['application/x-pem-file', (pem) => pem],
    ['text/plain', (pem) => derOf(pem).toString('base64')],
    ['application/octet-stream', derOf],
    // What curl says of --data-binary unless told.
    ['application/x-www-form-urlencoded', (pem) => pem],
    ['application/json', (request) => JSON.stringify({ request })],
  ];
  for (const [at, [type, encode]] of bodies.entries()) {
    const body = encode(opensslRequest(`form-${at}`));
    const answer = await send('/-/enrol/requests', { type, body });
    assert.deepEqual([answer.status, jsonOf(answer).state], [202, 'pending'], type);
  }
});

test('what configurations of openssl have carried along for decades is passed over', async () => {
  const old = ['-addext', 'nsCertType=server', '-addext', 'nsComment=OpenSSL Generated Certificate'];
  const answer = await submit({ request: opensslRequest('carried', old) });
  assert.equal(answer.status, 202);
  const { stdout } = await network.run(['request', 'show', String(await pendingId('carried'))]);
  assert.match(stdout, /passed over +the extension netscapeCertType, the extension netscapeComment/);
});

test('a denied request says why to whoever has its handle, and to nobody else', async () => {
  const { handle = '' } = await submit({ request: opensslRequest('stranger') });
  const id = String(await pendingId('stranger'));
  assert.equal((await network.run(['request', 'deny', id], 2)).stdout, '');
  await network.run(['request', 'deny', id, '--reason', 'not one of <ours>']);
  const answer = jsonOf(await send(`/-/enrol/requests/${handle}`));
  assert.deepEqual([answer.state, answer.reason], ['denied', 'not one of <ours>']);
  const page = (await send(`/-/certsrv/requests/${handle}`)).body.toString();
  assert.match(page, /not one of &#60;ours&#62;/);
  const failed = await network.run(['request', 'approve', id], 23);
  assert.match(failed.stderr, /\[request_denied\]/);
  const none = await send(`/-/certsrv/requests/${handle}/certificate.pem`);
  assert.equal(none.status, 404);
  const { stdout } = await network.run(['request', 'show', id, '--json']);
  const { decidedBy, state } = JSON.parse(stdout) as { decidedBy: string; state: string };
  assert.deepEqual([decidedBy, state], ['admin/local', 'denied']);
});

test('a handle that nobody was given leads nowhere', async () => {
  const unknown = await send(`/-/enrol/requests/${'a'.repeat(26)}`);
  assert.deepEqual([unknown.status, jsonOf(unknown).code], [404, 'request_unknown']);
  const page = await send('/-/certsrv/requests/%3Cscript%3E');
  assert.equal(page.status, 404);
  assert.doesNotMatch(page.body.toString(), /<script/);
});

test('a form with nothing in it is the mistake of whoever sent it', async () => {
  const statuses = [];
  for (const where of ['certsrv/submit', 'certsrv/follow', 'enrol/requests', 'status/ocsp'])
    statuses.push((await send(`/-/${where}`, { body: '' })).status);
  assert.deepEqual(statuses, [400, 303, 400, 200]);
});

test('a form without a request says what is missing', async () => {
  const answer = await sendForm('/-/certsrv/submit', { request: ' ', profile: 'server' });
  assert.equal(answer.status, 400);
  assert.match(answer.body.toString(), /No request was pasted into the form/);
});

test('the page is found with a slash at its end, as people type it', async () => {
  const answer = await send('/-/certsrv/');
  assert.deepEqual([answer.status, answer.headers.location], [308, '/-/certsrv']);
});

test('a page of another site cannot leave a request by way of a browser', async () => {
  const body = opensslRequest('lured');
  const lured = { type: 'text/plain', body, site: 'cross-site' } as const;
  assert.equal((await send('/-/enrol/requests', lured)).status, 403);
  const form = new URLSearchParams({ request: body }).toString();
  const type = 'application/x-www-form-urlencoded';
  assert.equal((await send('/-/certsrv/submit', { ...lured, type, body: form })).status, 403);
  const own = await send('/-/certsrv/submit', { type, body: form, site: 'same-origin' });
  assert.equal(own.status, 303);
});

test('what is no honest request is refused by name, and nothing waits for it', async () => {
  await using quiet = await Network.start(path('quiet'));
  await quiet.run(['policy', 'set', 'queue', 'on']);
  await quiet.run(['policy', 'set', 'profiles.server.dnsSuffixes', 'example.com']);
  const good = opensslRequest('good');
  const der = derOf(good);
  const broken = Buffer.from(der);
  broken[broken.length - 3] = (broken[broken.length - 3] ?? 0) ^ 1;
  const extended = (name: string, extension: string): Buffer =>
    derOf(opensslRequest(name, ['-addext', extension]));
  const cases: [string, string | Buffer][] = [
    ['request_malformed', 'no request at all'],
    ['request_malformed', der.subarray(0, -20)],
    ['request_malformed', Buffer.concat([der, Buffer.alloc(70_000)])],
    ['request_signature_invalid', broken],
    ['request_not_allowed', extended('ca', 'basicConstraints=critical,CA:TRUE')],
    ['request_not_allowed', extended('signer', 'keyUsage=keyCertSign')],
    ['request_not_allowed', extended('bounds', 'nameConstraints=permitted;DNS:example.com')],
    ['name_invalid', extended('hosts', 'subjectAltName=DNS:a_b.example.com')],
    ['name_not_permitted', extended('outside', 'subjectAltName=DNS:www.bank.test')],
    ['request_not_allowed', extended('other', 'subjectAltName=URI:spiffe://other.test/client/other')],
  ];
  for (const [at, [code, body]] of cases.entries()) {
    // A handful of refusals a minute is what one address has.
    if (at === 8) await restartLater(quiet);
    const answer = await send('/-/enrol/requests', {
      type: 'application/pkcs10',
      body,
      port: quiet.port + 1,
    });
    assert.equal(jsonOf(answer).code, code, `case ${at}: ${answer.body.toString()}`);
    assert.ok(answer.status >= 400 && answer.status < 500);
  }
  const { stdout } = await quiet.run(['request', 'list', '--state', 'all', '--json']);
  assert.deepEqual(JSON.parse(stdout), []);
});

/** A server that begins anew has counted nobody's refusals. */
async function restartLater(network_: Network): Promise<void> {
  await network_.server.stop();
  await network_.restart();
}

test('the key of another identity is not certified again', async () => {
  const pem = opensslRequest('twin');
  await submit({ request: pem });
  await network.run(['request', 'approve', String(await pendingId('twin'))]);
  openssl('req', '-new', '-key', path('twin.key'), '-subj', '/CN=other-twin', '-out', path('other-twin.csr'));
  const answer = await submit({ request: readFileSync(path('other-twin.csr'), 'utf8') });
  assert.deepEqual([answer.status, answer.code], [403, 'request_not_allowed']);
  assert.match(answer.message ?? '', /another identity/);
});

test('whoever is no administrator decides nothing', async () => {
  const client = await network.join('plain', path('plain'));
  const { directory: exported } = await client.exportForRestic();
  const answer = await certifiedRequest(`https://127.0.0.1:${network.port}/-/admin/request.approve`, {
    ca: join(exported, 'ca.pem'),
    certificate: join(exported, 'client.pem'),
    method: 'POST',
  });
  assert.equal(answer.status, 403);
  const open = await send('/-/admin/request.approve', { type: 'application/json', body: '{"id":1}' });
  assert.equal(open.status, 404);
});

test('with a join code a request is granted at once, for what the code stands for', async () => {
  const code = await network.joinCode('coded');
  const answer = await submit({ request: opensslRequest('coded'), code });
  assert.deepEqual([answer.status, answer.state, answer.chain?.length], [200, 'approved', 2]);
  const again = await submit({ request: readFileSync(path('coded.csr'), 'utf8'), code });
  assert.deepEqual(again.chain, answer.chain);
  const other = await submit({ request: opensslRequest('somebody'), code });
  assert.equal(other.code, 'request_not_allowed');
});

test('a request signed with the certificate that it renews is granted at once', async () => {
  const code = await network.joinCode('renewer');
  const { chain = [] } = await submit({ request: opensslRequest('renewer'), code });
  writeFileSync(path('renewer.cer'), Buffer.from(chain[0] ?? '', 'base64'));
  openssl('x509', '-inform', 'der', '-in', path('renewer.cer'), '-out', path('renewer.pem'));
  opensslRequest('next', [], '/CN=renewer');
  openssl('req', '-in', path('next.csr'), '-outform', 'der', '-out', path('next.der'));
  const signer = ['-signer', path('renewer.pem'), '-inkey', path('renewer.key')];
  const form = ['-binary', '-nodetach', '-outform', 'der', '-md', 'sha256'];
  openssl('cms', '-sign', '-in', path('next.der'), ...form, ...signer, '-out', path('next.p7'));
  const pasted = readFileSync(path('next.p7')).toString('base64');
  const page = await sendForm('/-/certsrv/submit', { request: pasted });
  assert.match(page.body.toString(), /class="state approved"/);
  assert.match(page.body.toString(), /client\/renewer/);
});

test('two hundred requesters at once: each has a certificate of its own, and each is on record', async () => {
  const count = 200;
  const code = await network.joinCode('fleet-*', ['--uses', String(count)]);
  const names = Array.from({ length: count }, (_, at) => `fleet-${at}`);
  const requests = names.map((name) =>
    opensslRequest(name, ['-addext', `subjectAltName=URI:spiffe://network.test/client/${name}`]),
  );
  const answers = await Promise.all(requests.map((pem) => submit({ request: pem, code })));
  assert.deepEqual([...new Set(answers.map(({ state }) => state))], ['approved']);
  const serials = answers.map(({ chain = [] }) => {
    writeFileSync(path('one.cer'), Buffer.from(chain[0] ?? '', 'base64'));
    return openssl('x509', '-inform', 'der', '-in', path('one.cer'), '-noout', '-serial').trim();
  });
  assert.equal(new Set(serials).size, count);
  const { stdout } = await network.run(['cert', 'list', '--json']);
  const recorded = new Set(
    (JSON.parse(stdout) as { serial: string }[]).map(({ serial }) => `serial=${serial.toUpperCase()}`),
  );
  assert.deepEqual(
    serials.filter((serial) => !recorded.has(serial)),
    [],
  );
  assert.match((await network.run(['audit', 'verify'])).stdout, /record/);
});

test('the queue takes nothing while it is off, and what waited too long is void', async () => {
  await using closed = await Network.start(path('closed'));
  const port = closed.port + 1;
  const body = opensslRequest('late');
  const refused = await send('/-/enrol/requests', { type: 'text/plain', body, port });
  assert.deepEqual([refused.status, jsonOf(refused).code], [403, 'queue_closed']);
  const page = await send('/-/certsrv', { port });
  assert.equal(page.status, 403);
  assert.match(page.body.toString(), /queue_closed/);

  await closed.run(['policy', 'set', 'queue', 'on']);
  const { handle = '' } = jsonOf(await send('/-/enrol/requests', { type: 'text/plain', body, port }));
  await closed.run(['policy', 'set', 'queue', 'off']);
  await closed.server.stop();
  const later = clockMoved('+31d');
  await acceptClock(closed.home, later);
  await closed.restart(later);
  const answer = jsonOf(await send(`/-/enrol/requests/${handle}`, { port }));
  assert.equal(answer.state, 'expired');
  const failed = await closed.run(['request', 'approve', '1'], 23);
  assert.match(failed.stderr, /\[request_expired\]/);
});

test('a policy goes out as a file and comes back with its differences shown first', async () => {
  await using other = await Network.start(path('other'));
  const file = path('policy.json');
  await network.run(['policy', 'export', file]);
  const shown = await other.run(['policy', 'import', file]);
  assert.match(shown.stdout, /to change +queue: off → on/);
  assert.match((await other.run(['policy', 'show'])).stdout, /^queue +off/m);
  await other.run(['policy', 'import', file, '--yes']);
  assert.match((await other.run(['policy', 'show'])).stdout, /^queue +on +off +weaker than the default/m);
  const typo = await other.run(['policy', 'set', 'quue', 'off'], 2);
  assert.match(typo.stderr, /did you mean queue/);
});
