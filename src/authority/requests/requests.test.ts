import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byOpenssl, type OpensslShape } from '../../../test/rig/request-makers.ts';
import { dayMs, minuteMs, silentLog } from '../../base/index.ts';
import {
  createCertificateRequest,
  createName,
  formatGeneralName,
  formatName,
  type GeneralName,
  generateKeyPair,
  type KeyPair,
  parseCertificate,
  requestPem,
  signRequestPkcs7,
} from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import type { Issued } from '../issue/issue.ts';
import type { Submitted } from './keep-request.ts';

const from = '192.0.2.1';

interface AskedRequest {
  readonly keys?: KeyPair;
  readonly cn?: string;
  readonly names?: readonly GeneralName[];
}

async function requestFor({ keys, cn = 'vault', names = [] }: AskedRequest = {}): Promise<Buffer> {
  const { privateKey } = keys ?? (await generateKeyPair('p256'));
  const template = { subject: createName({ O: 'Example', CN: cn }), subjectAltNames: [...names] };
  return Buffer.from(createCertificateRequest(template, privateKey));
}

async function openQueue(home: SampleHome): Promise<void> {
  await home.authority.policy.set('queue', 'on', 'admin/local');
}

const dns = (value: string): GeneralName => ({ kind: 'dns', value });

async function kindsSince(home: SampleHome, after: number): Promise<string[]> {
  return (await home.authority.log.list({ after, limit: 100 })).map(({ kind }) => kind);
}

test('a request waits, is approved by a person, and is collected by its handle', async () => {
  await using home = await SampleHome.open();
  const { authority } = home;
  await openQueue(home);
  const { sequence } = await authority.log.head();
  const submitted = await authority.requests.submit({
    input: await requestFor({ names: [dns('vault.example')] }),
    from,
  });
  assert.equal(submitted.state, 'pending');
  assert.match(submitted.handle, /^[a-z2-7]{26}$/);
  assert.equal((await authority.requests.collect(submitted.handle)).state, 'pending');
  const shown = await authority.requests.show(submitted.id);
  assert.deepEqual(
    [shown.role, shown.name, shown.askedFrom, shown.wouldIssue?.names.map(formatGeneralName)],
    ['server', 'vault', from, ['dns:vault.example']],
  );
  const approved = await authority.requests.approve(submitted.id, { by: 'admin/ann' });
  const again = await authority.requests.approve(submitted.id, { by: 'admin/bob' });
  assert.equal(again.certificate?.serial, approved.certificate?.serial);
  assert.equal(again.decidedBy, 'admin/ann');
  const { state, chain } = await authority.requests.collect(submitted.handle);
  assert.equal(state, 'approved');
  const leaf = parseCertificate(chain?.[0] ?? new Uint8Array());
  assert.equal(formatName(leaf.subject), 'CN=vault,O=Example');
  assert.deepEqual(await kindsSince(home, sequence), ['requested', 'issued', 'approved']);
});

test('the handle itself is on no disk', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { handle } = await home.authority.requests.submit({ input: await requestFor(), from });
  const records = await home.authority.log.list();
  assert.equal(JSON.stringify(records).includes(handle), false);
});

test('a person can grant another name and other host names, which the log keeps', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const input = await requestFor({ names: [dns('a.example'), dns('b.example')] });
  const { id } = await requests.submit({ input, from });
  const order = { by: 'admin/ann', name: 'store', names: ['b.example', 'c.example'] };
  const approved = await requests.approve(id, order);
  assert.equal(approved.name, 'store');
  const names = approved.certificate?.extensions.subjectAltNames.map(formatGeneralName);
  assert.deepEqual(names, ['uri:spiffe://backup.example/server/store', 'dns:b.example', 'dns:c.example']);
  const [record] = (await home.authority.log.list()).slice(-1);
  assert.deepEqual(record?.kind === 'approved' && record.details, {
    request: id,
    identity: 'server/store',
    leftOut: ['dns:a.example'],
    added: ['dns:c.example'],
  });
});

test('what was denied is not approved, and what was approved is not denied', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const first = await requests.submit({ input: await requestFor({ cn: 'one' }), from });
  await requests.deny(first.id, { by: 'admin/ann', reason: 'not ours' });
  const collected = await requests.collect(first.handle);
  assert.deepEqual([collected.state, collected.reason], ['denied', 'not ours']);
  await assert.rejects(requests.approve(first.id, { by: 'admin/bob' }), { code: 'request_denied' });
  const second = await requests.submit({ input: await requestFor({ cn: 'two' }), from });
  await requests.approve(second.id, { by: 'admin/ann' });
  await assert.rejects(requests.deny(second.id, { by: 'admin/ann', reason: 'late' }), {
    code: 'request_not_allowed',
  });
  await assert.rejects(requests.approve(99, { by: 'admin/ann' }), { code: 'request_unknown' });
});

test('a request on which nobody decides in time is void', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  await home.authority.policy.set('requestLifetimeMs', '10m', 'admin/local');
  const { requests } = home.authority;
  const { id, handle } = await requests.submit({ input: await requestFor(), from });
  home.clock.advance(11 * minuteMs);
  await assert.rejects(requests.approve(id, { by: 'admin/ann' }), { code: 'request_expired' });
  assert.equal((await requests.collect(handle)).state, 'expired');
  assert.deepEqual(await requests.list({ state: 'pending' }), []);
});

test('the same request from the same place has a new handle, from elsewhere it is refused', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const input = await requestFor();
  const first = await requests.submit({ input, from });
  const second = await requests.submit({ input, from });
  assert.equal(second.id, first.id);
  await assert.rejects(requests.collect(first.handle), { code: 'request_unknown' });
  assert.equal((await requests.collect(second.handle)).state, 'pending');
  await assert.rejects(requests.submit({ input, from: '192.0.2.2' }), { code: 'request_not_allowed' });
});

test('a corrected request with the same key waits beside the first, and each handle follows its own', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const keys = await generateKeyPair('p256');
  const wrong = await requests.submit({ input: await requestFor({ keys, names: [dns('a.exampel')] }), from });
  const right = await requests.submit({ input: await requestFor({ keys, names: [dns('a.example')] }), from });
  assert.notEqual(right.id, wrong.id);
  const { certificate } = await requests.approve(right.id, { by: 'admin/ann' });
  assert.ok(certificate?.extensions.subjectAltNames.map(formatGeneralName).includes('dns:a.example'));
  assert.equal((await requests.collect(wrong.handle)).state, 'pending');
  assert.equal((await requests.collect(right.handle)).state, 'approved');
  assert.match((await requests.show(wrong.id)).obstacle ?? '', /was issued before/);
  await assert.rejects(requests.approve(wrong.id, { by: 'admin/ann' }), { code: 'name_taken' });
});

test('a request that was approved is answered by its certificate when it comes again from where it came from', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const input = await requestFor();
  const first = await requests.submit({ input, from });
  const { certificate } = await requests.approve(first.id, { by: 'admin/ann', name: 'store' });
  const again = await requests.submit({ input, from });
  assert.deepEqual([again.id, again.state, again.name], [first.id, 'approved', 'store']);
  assert.deepEqual(again.chain?.[0], certificate?.der);
  assert.equal((await requests.collect(again.handle)).state, 'approved');
  const [elsewhere, named] = [{ from: '192.0.2.2' }, { from, name: 'other' }];
  for (const order of [elsewhere, named])
    await assert.rejects(requests.submit({ input, ...order }), { code: 'request_not_allowed' });
});

test('a request that was signed once more is the same, and said to be for another it is another', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const keys = await generateKeyPair('p256');
  const [once, again] = [await requestFor({ keys }), await requestFor({ keys })];
  assert.notDeepEqual(once, again);
  const first = await requests.submit({ input: once, from });
  assert.equal((await requests.submit({ input: again, from })).id, first.id);
  const renamed = await requests.submit({ input: once, name: 'store', from });
  assert.notEqual(renamed.id, first.id);
  assert.equal(renamed.name, 'store');
  await requests.approve(renamed.id, { by: 'admin/ann' });
  await assert.rejects(requests.approve(first.id, { by: 'admin/ann' }), {
    code: 'request_not_allowed',
    message: /another identity/,
  });
});

test('with a join code each request has a handle of its own, for the one certificate of the code', async () => {
  await using home = await SampleHome.open();
  const { requests } = home.authority;
  const { secret } = await home.code('alpha');
  const keys = await generateKeyPair('p256');
  const submit = async (O: string): Promise<Submitted> => {
    const input = createCertificateRequest({ subject: createName({ O, CN: 'alpha' }) }, keys.privateKey);
    return await requests.submit({ input, secret, from });
  };
  const [first, corrected] = [await submit('Exampel'), await submit('Example')];
  assert.deepEqual(corrected.chain, first.chain);
  const followed = await Promise.all([first, corrected].map(({ handle }) => requests.collect(handle)));
  assert.deepEqual(
    followed.map(({ chain }) => chain),
    [first.chain, first.chain],
  );
});

test('a late renewal with the key of a request that waits is a request of its own', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const { keys, issued } = await home.node('alpha');
  home.clock.advance(40 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  const next = await generateKeyPair('p256');
  const request = createCertificateRequest({ subject: createName({ CN: 'alpha' }) }, next.privateKey);
  const waiting = await requests.submit({ input: request, name: 'beta', from });
  const { der: certificate } = issued.certificate;
  const input = signRequestPkcs7({ request, certificate, privateKey: keys.privateKey });
  const late = await requests.submit({ input, from });
  assert.notEqual(late.id, waiting.id);
  assert.deepEqual([late.name, waiting.name], ['alpha', 'beta']);
});

test('one address does not fill the queue, and nobody more than it holds', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  for (let at = 0; at < 20; at += 1)
    await requests.submit({ input: await requestFor({ cn: `n${at}` }), from });
  const more = await requestFor({ cn: 'more' });
  await assert.rejects(requests.submit({ input: more, from }), { code: 'rate_limited' });
  await assert.rejects(requests.submit({ input: more, from: `::ffff:${from}` }), { code: 'rate_limited' });
  await requests.submit({ input: more, from: '192.0.2.2' });
});

test('whoever has an IPv6 address does not fill the queue from those beside it', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  for (let at = 0; at < 20; at += 1)
    await requests.submit({ input: await requestFor({ cn: `n${at}` }), from: `2001:db8:0:1::${at}` });
  const more = await requestFor({ cn: 'more' });
  await assert.rejects(requests.submit({ input: more, from: '2001:db8:0:1:ffff::' }), {
    code: 'rate_limited',
    message: /^20 requests from 2001:db8:0:1::\/64 wait/,
  });
  await requests.submit({ input: more, from: '2001:db8:0:2::1' });
});

test('a request is removed 90 days after it could have waited longest, and the log keeps the decision', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { authority } = home;
  const ask = async (cn: string): Promise<Submitted> =>
    await authority.requests.submit({ input: await requestFor({ cn }), from });
  const denied = await ask('denied');
  await authority.requests.deny(denied.id, { by: 'admin/ann', reason: 'not ours' });
  const approved = await ask('approved');
  await authority.requests.approve(approved.id, { by: 'admin/ann' });
  const expired = await ask('expired');
  home.clock.advance(119 * dayMs);
  await authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  await authority.maintain(silentLog);
  assert.equal((await authority.requests.collect(denied.handle)).state, 'denied');
  home.clock.advance(2 * dayMs);
  await authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  await authority.maintain(silentLog);
  await assert.rejects(authority.requests.collect(denied.handle), { code: 'request_unknown' });
  await assert.rejects(authority.requests.show(approved.id), { code: 'request_unknown' });
  // The newest stays, or its number would be given to another one.
  assert.equal((await authority.requests.collect(expired.handle)).state, 'expired');
  assert.equal((await ask('next')).id, expired.id + 1);
  await authority.maintain(silentLog);
  await assert.rejects(authority.requests.collect(expired.handle), { code: 'request_unknown' });
  assert.ok((await kindsSince(home, 0)).includes('denied'));
});

test('names outside the policy are refused, when asked for and when policy changed since', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests, policy } = home.authority;
  const waiting = await requests.submit({ input: await requestFor({ names: [dns('a.other')] }), from });
  await policy.set('profiles.server.dnsSuffixes', 'example.com', 'admin/local');
  const input = await requestFor({ cn: 'two', names: [dns('b.other')] });
  await assert.rejects(requests.submit({ input, from }), { code: 'name_not_permitted' });
  const hidden = await requestFor({ cn: 'www.bank.test', names: [dns('b.example.com')] });
  await assert.rejects(requests.submit({ input: hidden, from }), { code: 'name_not_permitted' });
  assert.match((await requests.show(waiting.id)).obstacle ?? '', /not permitted/);
  await assert.rejects(requests.approve(waiting.id, { by: 'admin/ann' }), { code: 'name_not_permitted' });
});

test('the subject is no more than the name where policy says so', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests, policy } = home.authority;
  await policy.set('profiles.client.subject', 'name', 'admin/local');
  const { id } = await requests.submit({ input: await requestFor({ cn: 'Alpha One' }), from });
  const { certificate } = await requests.approve(id, { by: 'admin/ann' });
  assert.equal(certificate && formatName(certificate.subject), 'CN=alpha-one');
});

test('where a person decides on everything, join codes are neither made nor taken', async () => {
  await using home = await SampleHome.open();
  const code = await home.code('alpha');
  await home.authority.policy.set('profiles.client.approval', 'by-hand', 'admin/local');
  await assert.rejects(home.enrol(code), { code: 'request_not_allowed' });
  await assert.rejects(home.code('beta'), { code: 'request_not_allowed' });
});

test('a name that was issued before is not given to a request', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  await home.enrol(await home.code('alpha'));
  const input = await requestFor({ cn: 'alpha' });
  await assert.rejects(home.authority.requests.submit({ input, role: 'client', from }), {
    code: 'name_taken',
  });
});

test('changes of the policy hold after a restart, and each is on record', async () => {
  await using home = await SampleHome.open();
  const { sequence } = await home.authority.log.head();
  const changes = await home.authority.policy.set('profiles.client.lifetimeMs', '7d', 'admin/ann');
  assert.deepEqual(changes, [{ key: 'profiles.client.lifetimeMs', before: '30d', after: '7d' }]);
  assert.deepEqual(await home.authority.policy.set('profiles.client.lifetimeMs', '7d', 'admin/ann'), []);
  await home.reopen();
  const { certificate } = await home.enrol(await home.code('alpha'));
  assert.equal(certificate.notAfter.getTime() - home.clock.now(), 7 * dayMs);
  const [record] = await home.authority.log.list({ after: sequence, limit: 1 });
  assert.deepEqual([record?.kind, record?.by], ['policy changed', 'admin/ann']);
});

/** A client with its key, and a renewal signed with its certificate for a new key. */
async function renewalFor(home: SampleHome): Promise<{ issued: Issued; pkcs7: Buffer }> {
  const keys = await generateKeyPair('p256');
  const issued = await home.enrol(await home.code('alpha'), keys);
  const next = await generateKeyPair('p256');
  const request = createCertificateRequest({ subject: createName({ CN: 'alpha' }) }, next.privateKey);
  const { der: certificate } = issued.certificate;
  return {
    issued,
    pkcs7: Buffer.from(signRequestPkcs7({ request, certificate, privateKey: keys.privateKey })),
  };
}

test('a request signed with a valid certificate is renewed at once, the queue being off', async () => {
  await using home = await SampleHome.open();
  const { issued, pkcs7 } = await renewalFor(home);
  const { requests } = home.authority;
  const submitted: Submitted = await requests.submit({ input: pkcs7, from });
  const again = await requests.submit({ input: pkcs7, from });
  assert.deepEqual([submitted.state, submitted.role, submitted.name], ['approved', 'client', 'alpha']);
  assert.deepEqual(again.chain, submitted.chain);
  assert.notDeepEqual(submitted.chain?.[0], issued.chain[0]);
});

test('a renewal as wizards make it passes what they add over, and other names are refused', async () => {
  await using home = await SampleHome.open();
  const { requests } = home.authority;
  const { issued, keys } = await home.node('alpha');
  const { der: certificate } = issued.certificate;
  const renew = async (shape: OpensslShape): Promise<Submitted> => {
    const request = await byOpenssl(shape);
    const input = signRequestPkcs7({ request, certificate, privateKey: keys.privateKey });
    return await requests.submit({ input, from });
  };
  const wizard = ['keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth', 'nsComment=by a wizard'];
  const { chain = [] } = await renew({ subject: '/O=Example/CN=alpha', extensions: wizard });
  assert.equal(formatName(parseCertificate(chain[0] ?? new Uint8Array()).subject), 'CN=alpha');
  for (const wider of ['subjectAltName=DNS:vault.example', 'extendedKeyUsage=serverAuth'])
    await assert.rejects(renew({ subject: '/CN=alpha', extensions: [wider] }), {
      code: 'request_not_allowed',
      message: /which was not authorised/,
    });
});

test('within the grace after its end a certificate stands for a renewal that a person approves', async () => {
  await using home = await SampleHome.open();
  const { pkcs7 } = await renewalFor(home);
  home.clock.advance(40 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  const { requests } = home.authority;
  const { id, state, handle } = await requests.submit({ input: pkcs7, from });
  assert.equal(state, 'pending');
  const shown = await requests.show(id);
  assert.deepEqual([shown.kind, shown.askedBy], ['late renewal', 'client/alpha']);
  await assert.rejects(requests.approve(id, { by: 'admin/ann', name: 'beta' }), { code: 'input_invalid' });
  await requests.approve(id, { by: 'admin/ann' });
  const { chain } = await requests.collect(handle);
  assert.equal(parseCertificate(chain?.[0] ?? new Uint8Array()).identity?.name, 'alpha');
});

test('a late renewal whose identity was revoked meanwhile is not approved', async () => {
  await using home = await SampleHome.open();
  const { pkcs7 } = await renewalFor(home);
  home.clock.advance(40 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  const { requests, revocation } = home.authority;
  const { id } = await requests.submit({ input: pkcs7, from });
  const identity = { role: 'client', name: 'alpha' } as const;
  await revocation.revoke({ kind: 'identity', identity }, { reason: 'keyCompromise', by: 'admin/ann' });
  await assert.rejects(requests.approve(id, { by: 'admin/ann' }), { code: 'certificate_revoked' });
});

test('a machine that was replaced does not come back by the certificate that had ended by then', async () => {
  await using home = await SampleHome.open();
  const { pkcs7 } = await renewalFor(home);
  home.clock.advance(40 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  const { requests } = home.authority;
  const { id } = await requests.submit({ input: pkcs7, from });
  await home.enrol(await home.code('alpha', { reissue: true }));
  await assert.rejects(requests.approve(id, { by: 'admin/ann' }), { code: 'certificate_revoked' });
  await assert.rejects(requests.submit({ input: pkcs7, from }), { code: 'certificate_revoked' });
});

test('late renewals with one certificate do not fill the queue', async () => {
  await using home = await SampleHome.open();
  const { issued, keys } = await home.node('alpha');
  home.clock.advance(40 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  const submit = async (): Promise<Submitted> => {
    const { privateKey } = await generateKeyPair('p256');
    const request = createCertificateRequest({ subject: createName({ CN: 'alpha' }) }, privateKey);
    const { der: certificate } = issued.certificate;
    const input = signRequestPkcs7({ request, certificate, privateKey: keys.privateKey });
    return await home.authority.requests.submit({ input, from });
  };
  for (let at = 0; at < 20; at += 1) await submit();
  await assert.rejects(submit(), { code: 'rate_limited' });
});

test('host names with underscores are certified, and proofs with SHA-1 taken, where the profile says so', async () => {
  await using home = await SampleHome.open();
  const { requests, policy } = home.authority;
  const submit = async (shape: OpensslShape): Promise<Submitted> =>
    await requests.submit({ input: await byOpenssl(shape), from, by: 'admin/local' });
  const names = ['subjectAltName=DNS:db_1.example.com,DNS:*.a_b.example.com'];
  const withUnderscores = { subject: '/CN=db_1.example.com', extensions: names };
  const withSha1 = { subject: '/CN=iis.example.com', key: 'rsa2048', options: ['-sha1'] } as const;
  await assert.rejects(submit(withUnderscores), { code: 'name_invalid' });
  await assert.rejects(submit(withSha1), { code: 'signature_unsupported' });
  await policy.set('profiles.server.underscores', 'on', 'admin/local');
  await policy.set('profiles.server.sha1Proof', 'on', 'admin/local');
  for (const [shape, expected] of [
    [withUnderscores, ['dns:db_1.example.com', 'dns:*.a_b.example.com']],
    [withSha1, ['dns:iis.example.com']],
  ] as const) {
    const { id } = await submit(shape);
    assert.equal((await requests.show(id)).obstacle, undefined);
    const { certificate } = await requests.approve(id, { by: 'admin/ann' });
    const [, ...certified] = certificate?.extensions.subjectAltNames.map(formatGeneralName) ?? [];
    assert.deepEqual(certified, expected);
  }
  const forClient = { ...withSha1, extensions: ['extendedKeyUsage=clientAuth'] };
  await assert.rejects(submit(forClient), { code: 'signature_unsupported' });
  const forged = await byOpenssl(withSha1);
  forged.writeUInt8(forged.readUInt8(forged.length - 3) ^ 1, forged.length - 3);
  await assert.rejects(requests.submit({ input: forged, from, by: 'admin/local' }), {
    code: 'request_signature_invalid',
  });
});

test('with a join code for a host name with an underscore, many that come at once are certified', async () => {
  await using home = await SampleHome.open();
  const { requests, policy } = home.authority;
  await policy.set('profiles.server.underscores', 'on', 'admin/local');
  await policy.set('profiles.server.sha1Proof', 'on', 'admin/local');
  const each = Array.from({ length: 5 }, async (_, at) => {
    const names = [`db_${at}.example.com`];
    const { secret } = await home.authority.createToken({
      role: 'server',
      name: `db-${at}`,
      names,
      addresses: ['localhost:8444'],
    });
    const shape = { subject: `/CN=db_${at}.example.com`, key: 'rsa2048', options: ['-sha1'] } as const;
    return { secret, input: await byOpenssl(shape), from };
  });
  const orders = await Promise.all(each);
  const taken = await Promise.all(orders.map((order) => requests.submit(order)));
  assert.deepEqual([...new Set(taken.map(({ state }) => state))], ['approved']);
});

test('what is dropped is not in the certificate, and has to be asked for', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const { requests } = home.authority;
  const extensions = [
    'subjectAltName=DNS:a.example,DNS:b.example',
    'extendedKeyUsage=serverAuth,codeSigning',
  ];
  const input = await byOpenssl({ subject: '/O=Example/OU=Unit/CN=a.example', extensions });
  const { id } = await requests.submit({ input, from });
  await assert.rejects(requests.approve(id, { by: 'admin/ann', drop: ['c.example'] }), {
    code: 'input_invalid',
    message: 'the request does not ask for c.example',
  });
  const drop = ['dns:a.example', 'OU', 'codeSigning'];
  const { certificate } = await requests.approve(id, { by: 'admin/ann', drop });
  assert.ok(certificate !== undefined);
  assert.equal(formatName(certificate.subject), 'CN=b.example,O=Example');
  const [, ...names] = certificate.extensions.subjectAltNames.map(formatGeneralName);
  assert.deepEqual(names, ['dns:b.example']);
});

test('a certificate too long past its end, or revoked, or of another authority stands for nothing', async () => {
  await using home = await SampleHome.open();
  await using other = await SampleHome.open();
  const { pkcs7, issued } = await renewalFor(home);
  const submit = () => home.authority.requests.submit({ input: pkcs7, from });
  await assert.rejects(other.authority.requests.submit({ input: pkcs7, from }), {
    code: 'certificate_not_allowed',
  });
  home.clock.advance(61 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  await assert.rejects(submit(), { code: 'certificate_expired' });
  home.clock.advance(-61 * dayMs);
  const { serial } = issued.certificate;
  await home.authority.revocation.revoke(
    { kind: 'certificate', serial },
    { reason: 'superseded', by: 'admin/ann' },
  );
  await assert.rejects(submit(), { code: 'certificate_revoked' });
});

test('a key of somebody else is refused', async () => {
  await using home = await SampleHome.open();
  await openQueue(home);
  const keys = await generateKeyPair('p256');
  await home.enrol(await home.code('alpha'), keys);
  const input = Buffer.from(requestPem(await requestFor({ keys, cn: 'beta' })));
  await assert.rejects(home.authority.requests.submit({ input, from }), {
    code: 'request_not_allowed',
    message: /another identity/,
  });
});

test('a common name that programs take for a host is held to the policy, however it is written', async () => {
  await using home = await SampleHome.open();
  const { policy, requests } = home.authority;
  await policy.set('profiles.server.dnsSuffixes', 'example.com', 'admin/local');
  const submit = async (...commonNames: string[]): Promise<Submitted> => {
    const { privateKey } = await generateKeyPair('p256');
    const subject = commonNames.flatMap((CN) => createName({ CN }));
    const input = createCertificateRequest({ subject }, privateKey);
    return await requests.submit({ input, role: 'server', name: 'vault', from, by: 'admin/local' });
  };
  for (const outside of [
    'evil.org',
    'w*.evil.org',
    'my_host.evil.org',
    'evil.org,a.example.com',
    'evil。org',
  ])
    await assert.rejects(submit(outside), { code: 'name_not_permitted' }, outside);
  await assert.rejects(submit('evil.org', 'a.example.com'), { code: 'name_not_permitted' });
  for (const inside of ['*.example.com', 'Server 2.0 of the office'])
    assert.equal((await submit(inside)).state, 'pending');
});

test('what is said beside a join code has to be what the code stands for, and counts for a pattern', async () => {
  await using home = await SampleHome.open();
  const { requests } = home.authority;
  const code = await home.code('web-*');
  const { secret } = code;
  const named = async (cn: string): Promise<Buffer> => {
    const { privateKey } = await generateKeyPair('p256');
    return Buffer.from(createCertificateRequest({ subject: createName({ CN: cn }) }, privateKey));
  };
  const input = await named('web-3');
  const other = await named('web.example');
  await assert.rejects(requests.submit({ input: other, from, secret }), {
    code: 'request_not_allowed',
    message: 'the request is for web.example, the join code for names like web-*',
  });
  await assert.rejects(requests.submit({ input, from, secret, name: 'mail' }), {
    code: 'request_not_allowed',
    message: 'the request is for mail, the join code for names like web-*',
  });
  await assert.rejects(requests.submit({ input, from, secret, name: 'web-3', role: 'server' }), {
    code: 'request_not_allowed',
    message: 'it is said to be for a server, the join code is for a client',
  });
  const issued = await requests.submit({ input, from, secret, name: 'web-3', role: 'client' });
  assert.deepEqual([issued.state, issued.role, issued.name], ['approved', 'client', 'web-3']);
});

test('beside a join code for one name, no other name is taken', async () => {
  await using home = await SampleHome.open();
  const { secret } = await home.code('alpha');
  const input = await requestFor({ cn: 'alpha' });
  await assert.rejects(home.authority.requests.submit({ input, from, secret, name: 'beta' }), {
    code: 'request_not_allowed',
    message: 'the request is for beta, the join code for alpha',
  });
});

test('nothing said beside a request that is signed with a certificate is passed over', async () => {
  await using home = await SampleHome.open();
  const { pkcs7 } = await renewalFor(home);
  const { requests } = home.authority;
  const { secret } = await home.code('beta');
  for (const said of [{ name: 'beta' }, { role: 'server' }, { secret }] as const)
    await assert.rejects(requests.submit({ input: pkcs7, from, ...said }), { code: 'request_not_allowed' });
});

test('each key of a profile changes what is issued or refused, for its role alone', async () => {
  await using home = await SampleHome.open();
  const { policy } = home.authority;
  const roles = ['server', 'storage', 'client', 'admin'] as const;
  for (const role of roles) {
    await policy.set(`profiles.${role}.backdateMs`, '7m', 'admin/local');
    await policy.set(`profiles.${role}.lifetimeMs`, '13d', 'admin/local');
    const { certificate } = await home.local(role, `sample-${role}`, role === 'server' ? ['a.example'] : []);
    const nowMs = home.clock.now();
    assert.equal(nowMs - certificate.notBefore.getTime(), 7 * minuteMs, role);
    assert.equal(certificate.notAfter.getTime() - nowMs, 13 * dayMs, role);
  }
  await policy.set('profiles.client.graceMs', '1d', 'admin/local');
  const { pkcs7 } = await renewalFor(home);
  home.clock.advance(15 * dayMs);
  await home.authority.custody.acceptClock({ reason: 'test', by: 'admin/local' });
  await assert.rejects(home.authority.requests.submit({ input: pkcs7, from }), {
    code: 'certificate_expired',
  });
});
