import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { secondMs } from '../src/base/index.ts';
import { crlPem, parseCrl } from '../src/pki/index.ts';
import { certifiedRequest } from './rig/certified-request.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface View {
  readonly serial: string;
  readonly state: string;
  readonly revokedAt?: string;
  readonly revocationReason?: string;
}

interface Revoked {
  readonly identity: string;
  readonly serials: readonly string[];
  readonly joinCodes: number;
  readonly reason: string;
  readonly revokedAt: string;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

describe('holdfast cert revoke', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let ann: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const certificates = async (name: string): Promise<View[]> =>
    JSON.parse((await network.run(['cert', 'list', '--json', '--name', name])).stdout) as View[];
  const revoke = async (what: string, ...words: string[]): Promise<Revoked> =>
    JSON.parse((await network.run(['cert', 'revoke', what, '--yes', '--json', ...words])).stdout) as Revoked;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    ann = await network.join('ann', at('ann'));
    await network.run(['ca', 'export', '--chain', at('chain.pem')]);
    await network.run(['ca', 'export', at('root.pem')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('asks before it does what cannot be undone, and refuses what it cannot do, by name', async () => {
    const refused = async (words: string[], code: number): Promise<string> =>
      (await network.run(['cert', 'revoke', ...words], code)).stderr;
    assert.match(await refused(['ann'], 2), /has to be confirmed \[usage\]\n.*--yes/);
    const held = await refused(['ann', '--yes', '--reason', 'certificateHold'], 2);
    assert.match(held, /for ever.*\[input_invalid\]\n.*keyCompromise/);
    assert.match(await refused(['ann', '--yes', '--reason', 'tired'], 2), /\[input_invalid\]/);
    assert.match(await refused(['nobody', '--yes'], 1), /nobody is no node .*\[object_not_found\]/);
    assert.match(await refused(['0123456789abcdef', '--yes'], 1), /\[object_not_found\]/);
    assert.deepEqual(
      (await certificates('ann')).map(({ state }) => state),
      ['valid'],
    );
  });

  it('cuts a node off within a second in the middle of an upload, and refuses its renewal and its join codes', async () => {
    const bob = await network.join('bob', at('bob'));
    const { directory } = await bob.exportForRestic();
    const pending = await network.joinCode('bob', ['--reissue']);
    const files = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    const upload = startUpload(`https://127.0.0.1:${network.port}/bob/data/`, files);
    await upload.flowing;
    const revoked = await revoke('client/bob', '--reason', 'keyCompromise');
    const cutMs = await within(5 * secondMs, upload.cut);
    const { joinCodes, reason, identity, serials, revokedAt } = revoked;
    assert.ok(cutMs - Date.parse(revokedAt) < secondMs);
    assert.deepEqual([identity, reason, joinCodes, serials.length], ['client/bob', 'keyCompromise', 1, 1]);
    const { status, body } = await certifiedRequest(`https://127.0.0.1:${network.port}/bob/config`, files);
    assert.deepEqual([status, (JSON.parse(body) as { code: string }).code], [403, 'certificate_revoked']);
    assert.match((await bob.run(['cert', 'renew', '--early'], 21)).stderr, /\[certificate_revoked\]/);
    const other = network.client('bob', at('bob again'));
    assert.match((await other.run(['join', pending], 23)).stderr, /\[join_code_revoked\]/);
    assert.match((await network.run(['token', 'create', 'bob'], 23)).stderr, /\[name_taken\]/);
    assert.match(
      (await network.run(['cert', 'revoke', 'bob', '--yes'], 1)).stderr,
      /client\/bob was revoked .*\[already_revoked\]/,
    );
    await other.run(['join', await network.joinCode('bob', ['--reissue'])]);
    assert.deepEqual((await certificates('bob')).map(({ state }) => state).sort(), ['revoked', 'valid']);
  });

  it('ends one certificate by the beginning of its number, and cert show says when and why', async () => {
    const [older] = await certificates('ann');
    assert.ok(older !== undefined);
    await ann.run(['cert', 'renew', '--early']);
    const { stdout } = await network.run(['cert', 'revoke', older.serial.slice(0, 12), '--yes']);
    assert.match(stdout, /revoked +client\/ann +1 certificate +unspecified/);
    const shown = await network.run(['cert', 'show', older.serial, '--json']);
    const { state, revokedAt = '', revocationReason } = JSON.parse(shown.stdout) as View;
    assert.deepEqual([state, revocationReason], ['revoked', 'unspecified']);
    const plain = await network.run(['cert', 'show', older.serial.slice(0, 16)]);
    assert.match(plain.stdout, new RegExp(`state +revoked ${revokedAt} +unspecified`));
    await ann.run(['cert', 'renew', '--early']);
  });

  it('ends what is said where a number is the name of a node too', async () => {
    const dan = await network.join('dan', at('dan'));
    const [valid] = await certificates('dan');
    assert.ok(valid !== undefined);
    const namesake = await network.join(valid.serial, at('namesake'));
    const { stderr } = await network.run(['cert', 'revoke', valid.serial, '--yes'], 2);
    assert.match(stderr, /several things: client\/[0-9a-f]{32}, certificate .*\n {2}next: .*--serial/);
    await network.run(['cert', 'revoke', valid.serial, '--serial', '--node', '--yes'], 2);
    const { stdout } = await network.run(['cert', 'revoke', valid.serial, '--serial', '--yes']);
    assert.match(stdout, /revoked +client\/dan +1 certificate/);
    await dan.run(['cert', 'renew', '--early'], 21);
    await namesake.run(['cert', 'renew', '--early']);
    await network.run(['cert', 'revoke', valid.serial, '--node', '--yes']);
    await namesake.run(['cert', 'renew', '--early'], 21);
  });

  it('is known to openssl and GnuTLS at once, by OCSP and by the list of ca crl', async () => {
    const carl = await network.join('carl', at('carl'));
    await carl.run(['cert', 'export', at('carl-pem')]);
    await runProgram('openssl', ['x509', '-in', at('carl-pem/client.pem'), '-out', at('carl.pem')]);
    await runProgram('openssl', ['x509', '-in', at('chain.pem'), '-out', at('issuing.pem')]);
    assert.deepEqual(await whatTheySay(), {
      openssl: 'good',
      openssl256: 'good',
      ocsptool: 'good',
      list: 'OK',
    });
    const [serial] = (await revoke('carl', '--reason', 'superseded')).serials;
    const revoked = { openssl: 'revoked', openssl256: 'revoked', ocsptool: 'revoked', list: 'revoked' };
    assert.deepEqual(await whatTheySay(), revoked);
    const [ofAnn] = await certificates('ann');
    const asked = ['-serial', `0x${ofAnn?.serial}`, '-serial', '0x0102'];
    const several = await askOpenssl('-nonce', ...asked);
    assert.match(several, /carl\.pem: revoked/);
    assert.match(several, new RegExp(`0x${ofAnn?.serial}: good`));
    assert.match(several, /0x0102: unknown/);
    await network.run(['ca', 'crl', '--out', at('issuing.crl'), '--pem']);
    const info = await runProgram('certtool', ['--crl-info', '--infile', at('issuing.crl')]);
    assert.ok(info.stdout.includes(serial ?? ''));
    const words = ['--verify-crl', '--load-ca-certificate', at('issuing.pem'), '--infile', at('issuing.crl')];
    assert.match((await runProgram('certtool', words)).stdout, /Verification output: Verified/);
  });

  it('is answered to GET as to POST, and may be cached for minutes', async () => {
    const words = [
      '-issuer',
      at('issuing.pem'),
      '-cert',
      at('carl.pem'),
      '-no_nonce',
      '-reqout',
      at('request'),
    ];
    await runProgram('openssl', ['ocsp', ...words]);
    const ocsp = `http://127.0.0.1:${network.port + 2}/-/status/ocsp`;
    const question = readFileSync(at('request'));
    const type = { 'content-type': 'application/ocsp-request' };
    const posted = await exchange(ocsp, { method: 'POST', headers: type }, question);
    for (const path of [question.toString('base64'), encodeURIComponent(question.toString('base64'))]) {
      const got = await exchange(`${ocsp}/${path}`);
      assert.deepEqual(got.body, posted.body);
      assert.equal(got.headers['content-type'], 'application/ocsp-response');
      assert.match(String(got.headers['cache-control']), /^public, max-age=[1-9]\d*, must-revalidate/);
      const tag = String(got.headers['etag']);
      assert.equal((await exchange(`${ocsp}/${path}`, { headers: { 'if-none-match': tag } })).status, 304);
    }
    const nonsense = await exchange(`${ocsp}/nonsense`);
    assert.deepEqual([nonsense.status, nonsense.body.toString('hex')], [200, '30030a0101']);
    assert.equal(nonsense.headers['cache-control'], 'no-store');
    const large = await exchange(ocsp, { method: 'POST', headers: type }, Buffer.alloc(40_000));
    assert.equal(large.status, 400);
  });

  it('is stapled to the handshakes of the server itself', async () => {
    for (const port of [network.port, network.port + 1]) {
      const { directory } = { directory: at('carl-pem') };
      const shown = ['-cert', join(directory, 'client.pem'), '-key', join(directory, 'client.key')];
      const words = ['s_client', '-connect', `127.0.0.1:${port}`, '-status', '-CAfile', at('root.pem')];
      const { stdout } = await runProgram('openssl', [...words, ...shown]);
      assert.match(stdout, /OCSP Response Status: successful/);
      assert.match(stdout, /Cert Status: good/);
      assert.match(stdout, /Verify return code: 0 \(ok\)/);
    }
  });

  it('is in the list that is served, within a minute or so, and the list may be cached', async () => {
    const url = `http://127.0.0.1:${network.port + 2}/-/status/issuing-1.crl`;
    const dora = await network.join('dora', at('dora'));
    await dora.run(['cert', 'renew', '--early']);
    const { serials } = await revoke('dora');
    assert.equal(serials.length, 2);
    const served = await within(70 * secondMs, listWith(url, serials));
    assert.equal(served.headers['content-type'], 'application/pkix-crl');
    assert.match(String(served.headers['cache-control']), /^public, max-age=300/);
    assert.ok(Date.parse(String(served.headers['expires'])) > Date.now());
    assert.ok(Date.parse(String(served.headers['last-modified'])) <= Date.now());
    const tag = String(served.headers['etag']);
    assert.equal((await exchange(url, { headers: { 'if-none-match': tag } })).status, 304);
    const head = await exchange(url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length']], [200, String(served.body.length)]);
    assert.equal((await exchange(url.replace('issuing-1', 'issuing-7'))).status, 404);
    const overTls = `https://127.0.0.1:${network.port + 1}/-/status/root-1.crl`;
    assert.equal((await certifiedRequest(overTls, { ca: at('root.pem') })).status, 200);
  });

  const ocspUrl = (): string => `http://127.0.0.1:${network.port + 2}/-/status/ocsp`;

  /** What `openssl ocsp` says of carl's certificate and of those that further words ask about. */
  async function askOpenssl(option: '-nonce' | '-sha256', ...words: string[]): Promise<string> {
    const about = ['-issuer', at('issuing.pem'), '-cert', at('carl.pem'), ...words];
    const trust = ['-CAfile', at('root.pem')];
    const said = await runProgram('openssl', ['ocsp', option, ...about, '-url', ocspUrl(), ...trust]);
    assert.match(said.stderr, /Response verify OK/);
    return said.stdout;
  }

  /** What each of them says of carl's certificate. */
  async function whatTheySay() {
    const openssl = async (option: '-nonce' | '-sha256'): Promise<string | undefined> =>
      /carl\.pem: (\w+)/.exec(await askOpenssl(option))?.[1];
    const words = ['--load-cert', at('carl.pem'), '--load-issuer', at('issuing.pem'), '--load-trust'];
    const asked = await runProgram('ocsptool', [`--ask=${ocspUrl()}`, '--nonce', ...words, at('chain.pem')]);
    assert.match(asked.stdout + asked.stderr, /Verifying OCSP Response: Success/);
    const lists = ['issuing-1', 'root-1'].map((label) => ['ca', 'crl', label, '--out', at(`${label}.der`)]);
    for (const list of lists) await network.run(list);
    const pems = lists.map(([, , label]) => crlPem(readFileSync(at(`${label}.der`))));
    writeFileSync(at('lists.pem'), pems.join(''));
    const verified = await verifyWithLists();
    return {
      openssl: await openssl('-nonce'),
      openssl256: await openssl('-sha256'),
      ocsptool: /Certificate Status: (\w+)/.exec(asked.stdout + asked.stderr)?.[1],
      list: /carl\.pem: (OK)|certificate (revoked)/.exec(verified)?.slice(1).find(Boolean),
    };
  }

  async function verifyWithLists(): Promise<string> {
    const words = ['-CAfile', at('root.pem'), '-untrusted', at('issuing.pem'), '-crl_check_all', '-CRLfile'];
    const command = ['verify', ...words, at('lists.pem'), at('carl.pem')].map((word) => `'${word}'`);
    const script = `openssl ${command.join(' ')} 2>&1; true`;
    return (await runProgram('/bin/sh', ['-c', script])).stdout;
  }
});

interface Upload {
  /** Resolves when the server has taken the first bytes. */
  readonly flowing: Promise<void>;
  /** When the connection was ended, milliseconds since 1970. */
  readonly cut: Promise<number>;
}

/** Uploads an object a little at a time, for a minute or until it is cut. */
function startUpload(url: string, { ca, certificate }: { ca: string; certificate: string }): Upload {
  const piece = Buffer.alloc(10_000, 7);
  const pieces = 3000;
  const whole = createHash('sha256');
  for (let index = 0; index < pieces; index++) whole.update(piece);
  const pem = readFileSync(certificate);
  const outgoing = request(`${url}${whole.digest('hex')}`, {
    method: 'POST',
    agent: false,
    ca: readFileSync(ca),
    cert: pem,
    key: pem,
    headers: { 'content-length': pieces * piece.length },
  });
  const timer = setInterval(() => outgoing.write(piece), 20);
  const cut = new Promise<number>((resolve) => {
    const end = (): void => {
      clearInterval(timer);
      resolve(Date.now());
    };
    outgoing.once('error', end).once('close', end);
  });
  return { flowing: sent(outgoing, piece.length), cut };
}

async function sent(outgoing: ClientRequest, bytes: number): Promise<void> {
  while ((outgoing.socket?.bytesWritten ?? 0) < 10 * bytes) await setTimeout(10);
}

/** The list that is served, as soon as it has all `serials`. */
async function listWith(url: string, serials: readonly string[]): Promise<HttpAnswer> {
  for (;;) {
    const answer = await exchange(url);
    const listed = new Set<string>(parseCrl(answer.body).revoked.keys());
    if (serials.every((serial) => listed.has(serial))) return answer;
    await setTimeout(200);
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = setTimeout(ms, undefined, { ref: false }).then(() => {
    throw new Error(`it took longer than ${ms} ms`);
  });
  return await Promise.race([promise, late]);
}

function exchange(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: OutgoingHttpHeaders } = {},
  body?: Buffer,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { method, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: got } = response;
      buffer(response).then((bytes) => resolve({ status, headers: got, body: bytes }), reject);
    });
    outgoing.on('error', reject).end(body);
  });
}
