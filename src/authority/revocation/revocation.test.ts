import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs, hourMs, minuteMs, secondMs, silentLog } from '../../base/index.ts';
import {
  type Certificate,
  createOcspRequest,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
  type OcspHash,
  type OcspResponse,
  parseCrl,
  parseOcspResponse,
  publicKeyOf,
  type SerialNumber,
  verifyCrlSignature,
  verifyOcspResponse,
} from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const by = 'admin/local';

describe('revoking', () => {
  test('one certificate ends it, on record and in the log, and the identity goes on', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    const { serial } = issued.certificate;
    assert.ok(await home.authority.isGood(serial));
    const revoked = await home.authority.revocation.revoke(
      { kind: 'certificate', serial },
      { reason: 'superseded', by },
    );
    assert.deepEqual(revoked, {
      identity: 'client/alpha',
      serials: [serial],
      joinCodes: [],
      bearerTokens: [],
      reason: 'superseded',
      at: new Date(home.clock.now()),
    });
    assert.ok(!(await home.authority.isGood(serial)));
    const records = await home.authority.log.list();
    const { kind, by: who, details } = records.at(-1) ?? {};
    assert.deepEqual(
      [kind, who, details],
      ['revoked', by, { identity: 'client/alpha', reason: 'superseded', serials: [serial] }],
    );
    await assert.rejects(
      home.authority.revocation.revoke({ kind: 'certificate', serial }, { reason: 'superseded', by }),
      {
        code: 'already_revoked',
      },
    );
    const next = await home.local('client', 'alpha');
    assert.ok(await home.authority.isGood(next.certificate.serial));
  });

  test('a key that is lost ends every certificate of it, and no other of the identity', async () => {
    await using home = await SampleHome.open();
    const { issued, keys } = await home.node('alpha');
    const order = { role: 'client', name: 'alpha', spki: exportPublicKey(keys.publicKey) } as const;
    const same = await home.authority.issueLocal(order);
    const other = await home.local('client', 'alpha');
    const { serial } = issued.certificate;
    const lost = { reason: 'keyCompromise', by } as const;
    const { serials } = await home.authority.revocation.revoke({ kind: 'certificate', serial }, lost);
    assert.deepEqual(new Set(serials), new Set([serial, same.certificate.serial]));
    for (const each of serials) assert.ok(!(await home.authority.isGood(each)));
    assert.ok(await home.authority.isGood(other.certificate.serial));
  });

  test('the server beside the authority comes back by itself, and no order brings a revoked server back', async () => {
    await using home = await SampleHome.open();
    await home.local('server', 'vault');
    const server = { kind: 'identity', identity: { role: 'server', name: 'vault' } } as const;
    await home.authority.revocation.revoke(server, { reason: 'cessationOfOperation', by });
    const spki = exportPublicKey((await generateKeyPair('p256')).publicKey);
    const order = { role: 'server', name: 'vault', spki, by: 'admin/ann' } as const;
    await assert.rejects(home.authority.issueLocal(order), { code: 'certificate_revoked' });
    assert.ok(await home.authority.isGood((await home.local('server', 'vault')).certificate.serial));
  });

  test('a lost key is known when its certificate has ended by then', async () => {
    await using home = await SampleHome.open();
    const { issued, keys } = await home.node('alpha');
    home.clock.advance(issued.certificate.notAfter.getTime() - home.clock.now() + dayMs);
    const target = { kind: 'identity', identity: { role: 'client', name: 'alpha' } } as const;
    await home.authority.revocation.revoke(target, { reason: 'keyCompromise', by });
    const code = await home.code('alpha', { reissue: true });
    await assert.rejects(home.enrol(code, keys), { code: 'request_not_allowed', message: /compromised/ });
  });

  test('an identity ends its certificates, its join codes and what it could get by the authority itself', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    const second = await home.local('client', 'alpha');
    const pending = await home.code('alpha', { reissue: true });
    const other = await home.node('beta');
    const identity = { role: 'client', name: 'alpha' } as const;
    const revoked = await home.authority.revocation.revoke(
      { kind: 'identity', identity },
      { reason: 'keyCompromise', by },
    );
    assert.deepEqual(
      new Set(revoked.serials),
      new Set([issued.certificate.serial, second.certificate.serial]),
    );
    assert.equal(revoked.joinCodes.length, 1);
    for (const serial of revoked.serials) assert.ok(!(await home.authority.isGood(serial)));
    assert.ok(await home.authority.isGood(other.issued.certificate.serial));
    await assert.rejects(home.enrol(pending), { code: 'join_code_revoked' });
    await assert.rejects(home.local('client', 'alpha'), { code: 'certificate_revoked' });
    await assert.rejects(home.code('alpha'), { code: 'name_taken' });
    await assert.rejects(
      home.authority.revocation.revoke({ kind: 'identity', identity }, { reason: 'keyCompromise', by }),
      {
        code: 'already_revoked',
      },
    );
  });

  test('an identity that was revoked comes back with a reissue code made afterwards', async () => {
    await using home = await SampleHome.open();
    await home.node('alpha');
    const identity = { role: 'client', name: 'alpha' } as const;
    await home.authority.revocation.revoke(
      { kind: 'identity', identity },
      { reason: 'privilegeWithdrawn', by },
    );
    const { certificate } = await home.enrol(await home.code('alpha', { reissue: true }));
    assert.ok(await home.authority.isGood(certificate.serial));
    const next = await home.local('client', 'alpha');
    assert.ok(await home.authority.isGood(next.certificate.serial));
  });

  test('what was never issued is not found', async () => {
    await using home = await SampleHome.open();
    const order = { reason: 'unspecified', by } as const;
    const { revocation } = home.authority;
    await assert.rejects(
      revocation.revoke({ kind: 'certificate', serial: generateSerialNumber(Date.now()) }, order),
      {
        code: 'object_not_found',
      },
    );
    const identity = { role: 'client', name: 'nobody' } as const;
    await assert.rejects(revocation.revoke({ kind: 'identity', identity }, order), {
      code: 'object_not_found',
    });
  });

  test('is of what a text means: a node by name, role and name or uri, a certificate by its beginning', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    await home.local('server', 'alpha');
    const { serial } = (await home.local('server', 'beta')).certificate;
    const { revocation, network } = home.authority;
    const client = { kind: 'identity', identity: { role: 'client', name: 'alpha' } };
    assert.deepEqual(await revocation.find('client/alpha'), client);
    assert.deepEqual(await revocation.find(`spiffe://${network}/client/alpha`), client);
    const server = { kind: 'identity', identity: { role: 'server', name: 'beta' } };
    assert.deepEqual(await revocation.find('beta'), server);
    const certificate = { kind: 'certificate', serial };
    // The first twelve digits are the millisecond, which all of them have in common.
    const begins = 20;
    for (const text of [serial, serial.slice(0, begins), serial.toUpperCase().replace(/..(?!$)/g, '$&:')])
      assert.deepEqual(await revocation.find(text), certificate);
    await assert.rejects(revocation.find('alpha'), {
      code: 'input_invalid',
      message: /client\/alpha, server\/alpha/,
    });
    await home.local('server', issued.certificate.serial.slice(0, begins));
    const both = issued.certificate.serial.slice(0, begins);
    await assert.rejects(revocation.find(both), { code: 'input_invalid', message: /several things/ });
    assert.deepEqual(await revocation.find(both, 'serial'), {
      kind: 'certificate',
      serial: issued.certificate.serial,
    });
    assert.deepEqual(await revocation.find(both, 'node'), {
      kind: 'identity',
      identity: { role: 'server', name: both },
    });
    await assert.rejects(revocation.find('beta', 'serial'), { code: 'object_not_found' });
    await assert.rejects(revocation.find(serial, 'node'), { code: 'object_not_found' });
    const { root, issuing } = home.authority;
    for (const text of ['root-1', root.serial, root.serial.slice(0, begins)])
      await assert.rejects(revocation.find(text), { code: 'input_invalid', message: /is the root/ });
    await assert.rejects(revocation.find(root.serial.slice(0, 12)), {
      code: 'input_invalid',
      message: /several things: issuing-1 .*, certificate .*, root-1$/,
    });
    for (const text of ['issuing-1', issuing.serial, issuing.serial.slice(0, begins)])
      assert.deepEqual(await revocation.find(text), { kind: 'issuer', label: 'issuing-1' });
    for (const text of ['gamma', serial.slice(0, 7), 'client/', '', generateSerialNumber(Date.now())])
      await assert.rejects(revocation.find(text), { code: 'object_not_found' });
  });
});

describe('the list of an issuer', () => {
  test('is signed ahead for the root and for what issues, with numbers that only grow', async () => {
    await using home = await SampleHome.open();
    const { authority } = home;
    assert.equal(await authority.revocation.crl('issuing-1'), undefined);
    await authority.maintain(silentLog);
    const ofRoot = await readList(home, 'root-1', authority.root);
    const ofIssuing = await readList(home, 'issuing-1', authority.issuing);
    assert.equal(ofRoot.revoked.size, 0);
    assert.ok(ofIssuing.number > ofRoot.number);
    assert.ok(ofRoot.number >= BigInt(home.clock.now()));
    await authority.maintain(silentLog);
    assert.equal((await readList(home, 'issuing-1', authority.issuing)).number, ofIssuing.number);
  });

  test('is signed anew within a minute of a revocation, and not twice in one', async () => {
    await using home = await SampleHome.open();
    const { authority } = home;
    const nodes = [await home.node('alpha'), await home.node('beta')];
    await authority.maintain(silentLog);
    const first = await readList(home, 'issuing-1', authority.issuing);
    await revoke(home, nodes[0]?.issued.certificate.serial);
    home.clock.advance(59 * secondMs);
    await authority.maintain(silentLog);
    assert.equal((await readList(home, 'issuing-1', authority.issuing)).number, first.number);
    home.clock.advance(secondMs);
    await authority.maintain(silentLog);
    const second = await readList(home, 'issuing-1', authority.issuing);
    assert.ok(second.number > first.number);
    assert.deepEqual([...second.revoked.keys()], [nodes[0]?.issued.certificate.serial]);
    assert.equal([...second.revoked.values()][0]?.reason, 'keyCompromise');
  });

  test('is signed anew long before it ends though nothing was revoked', async () => {
    await using home = await SampleHome.open();
    const { authority } = home;
    await authority.maintain(silentLog);
    const first = await readList(home, 'issuing-1', authority.issuing);
    for (let hours = 0; hours < 24; hours++) {
      home.clock.advance(hourMs);
      await authority.maintain(silentLog);
    }
    const second = await readList(home, 'issuing-1', authority.issuing);
    assert.ok(second.number > first.number);
    assert.ok(second.nextUpdate > first.nextUpdate);
    assert.ok(home.clock.now() < first.nextUpdate.getTime());
  });

  test('keeps what has expired until it was on one list signed after its end', async () => {
    await using home = await SampleHome.open();
    const { authority } = home;
    const { issued } = await home.node('alpha');
    const { serial, notAfter } = issued.certificate;
    await revoke(home, serial);
    const seen: boolean[] = [];
    while (home.clock.now() < notAfter.getTime() + 3 * 24 * hourMs) {
      home.clock.advance(24 * hourMs);
      await authority.maintain(silentLog);
      if (home.clock.now() > notAfter.getTime())
        seen.push((await readList(home, 'issuing-1', authority.issuing)).revoked.has(serial));
    }
    assert.deepEqual(seen.slice(0, 3), [true, false, false]);
  });

  test('of an issuer that does not exist is none', async () => {
    await using home = await SampleHome.open();
    assert.equal(await home.authority.revocation.crl('issuing-9'), undefined);
    await assert.rejects(home.authority.revocation.currentCrl('issuing-9'), { code: 'object_not_found' });
  });

  test('that an administrator asks for knows every revocation', async () => {
    await using home = await SampleHome.open();
    const serials: (SerialNumber | undefined)[] = [];
    for (const name of ['alpha', 'beta']) {
      const { issued } = await home.node(name);
      serials.push(issued.certificate.serial);
      await revoke(home, issued.certificate.serial);
      const { der } = await home.authority.revocation.currentCrl('issuing-1');
      assert.deepEqual(new Set(parseCrl(der).revoked.keys()), new Set(serials));
    }
  });

  test('has another number after the clock was set back, and after a restart', async () => {
    await using home = await SampleHome.open();
    const numbers: bigint[] = [];
    for (let round = 0; round < 4; round++) {
      const { issued } = await home.node(`node-${round}`);
      await revoke(home, issued.certificate.serial);
      const { der } = await home.authority.revocation.currentCrl('issuing-1');
      numbers.push(parseCrl(der).number);
      home.clock.advance(-minuteMs);
      await home.reopen();
    }
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => (a < b ? -1 : 1)),
    );
    assert.equal(new Set(numbers).size, numbers.length);
  });
});

describe('an ocsp answer', () => {
  test('says good, revoked and unknown as the records have it, for both hashes', async () => {
    await using home = await SampleHome.open();
    const { authority } = home;
    const good = (await home.node('alpha')).issued.certificate.serial;
    const bad = (await home.node('beta')).issued.certificate.serial;
    const none = generateSerialNumber(Date.now());
    await authority.maintain(silentLog);
    for (const hash of ['sha1', 'sha256'] as const) {
      await home.authority.maintain(silentLog);
      assert.equal((await statusOf(home, good, hash))?.kind, 'good');
      assert.equal((await statusOf(home, none, hash))?.kind, 'unknown');
    }
    assert.equal((await statusOf(home, bad))?.kind, 'good');
    await revoke(home, bad);
    const revokedAt = new Date(home.clock.now());
    assert.deepEqual(await statusOf(home, bad), { kind: 'revoked', revokedAt, reason: 'keyCompromise' });
    assert.equal((await statusOf(home, good))?.kind, 'good');
  });

  test('is signed by a delegate that is replaced before its end, with another key', async () => {
    await using home = await SampleHome.open();
    const { serial } = (await home.local('server', 'here')).certificate;
    await home.authority.maintain(silentLog);
    const before = signerOf(await ask(home, [serial]));
    assert.deepEqual(before.extensions.extendedKeyUsage, ['OCSPSigning']);
    assert.equal(before.extensions.ocspNoCheck, true);
    for (let days = 0; days < 29; days++) {
      home.clock.advance(24 * hourMs);
      await home.authority.maintain(silentLog);
      assert.equal((await statusOf(home, serial))?.kind, 'good');
    }
    const after = signerOf(await ask(home, [serial]));
    assert.notDeepEqual(after.spki, before.spki);
  });

  test('is the same one for a while to who asks without a nonce, and a new one with each nonce', async () => {
    await using home = await SampleHome.open();
    const { serial } = (await home.node('alpha')).issued.certificate;
    await home.authority.maintain(silentLog);
    const request = createOcspRequest({ issuer: home.authority.issuing, serials: [serial] });
    const answer = async () =>
      Buffer.from((await home.authority.revocation.answerOcsp(request)).der).toString('hex');
    const first = await answer();
    home.clock.advance(minuteMs);
    assert.equal(await answer(), first);
    home.clock.advance(5 * minuteMs);
    assert.notEqual(await answer(), first);
    const nonce = Buffer.alloc(32, 7);
    const asked = await ask(home, [serial], { nonce });
    assert.deepEqual(asked.nonce && Buffer.from(asked.nonce), nonce);
    assert.equal((await ask(home, [serial])).nonce, undefined);
  });

  test('is to each what it asked for, when many ask at once', async () => {
    await using home = await SampleHome.open();
    const good = (await home.node('alpha')).issued.certificate.serial;
    const bad = (await home.node('beta')).issued.certificate.serial;
    await home.authority.maintain(silentLog);
    await revoke(home, bad);
    const asked = Array.from({ length: 50 }, (_, index) => ({
      serial: index % 3 === 0 ? bad : good,
      nonce: index % 2 === 0 ? { nonce: Buffer.alloc(32, index + 1) } : {},
    }));
    const answers = await Promise.all(
      asked.map(({ serial, nonce }) =>
        home.authority.revocation.answerOcspAside(
          createOcspRequest({ issuer: home.authority.issuing, serials: [serial], ...nonce }),
        ),
      ),
    );
    for (const [index, { der }] of answers.entries()) {
      const { serial, nonce } = asked[index] as (typeof asked)[number];
      const response = parseOcspResponse(der);
      assert.ok(response.kind === 'response');
      assert.deepEqual(response.nonce && Buffer.from(response.nonce), nonce.nonce);
      assert.equal(verified(home, response, serial)?.status.kind, serial === bad ? 'revoked' : 'good');
    }
  });

  test('is of several certificates at once, in their order', async () => {
    await using home = await SampleHome.open();
    const serials = [
      (await home.node('alpha')).issued.certificate.serial,
      generateSerialNumber(Date.now()),
      (await home.node('beta')).issued.certificate.serial,
    ];
    await home.authority.maintain(silentLog);
    await revoke(home, serials[2]);
    assert.deepEqual(
      (await ask(home, serials)).responses.map(({ certId, status }) => [certId.serial, status.kind]),
      [
        [serials[0], 'good'],
        [serials[1], 'unknown'],
        [serials[2], 'revoked'],
      ],
    );
  });

  test('is an error for nonsense, for foreign issuers, and while there is nobody to sign', async () => {
    await using home = await SampleHome.open();
    const { serial } = (await home.node('alpha')).issued.certificate;
    const errorOf = async (request: Uint8Array) =>
      parseOcspResponse((await home.authority.revocation.answerOcsp(request)).der);
    const request = createOcspRequest({ issuer: home.authority.issuing, serials: [serial] });
    assert.deepEqual(await errorOf(request), { kind: 'error', status: 'tryLater' });
    assert.equal(await home.authority.revocation.staple(serial), undefined);
    await home.authority.maintain(silentLog);
    assert.equal((await errorOf(request)).kind, 'response');
    assert.deepEqual(await errorOf(Buffer.from('nonsense')), { kind: 'error', status: 'malformedRequest' });
    const foreign = createOcspRequest({ issuer: home.authority.root, serials: [serial] });
    assert.deepEqual(await errorOf(foreign), { kind: 'error', status: 'unauthorized' });
  });

  test('to be stapled is one about the certificate itself', async () => {
    await using home = await SampleHome.open();
    const { serial } = (await home.local('server', 'here')).certificate;
    await home.authority.maintain(silentLog);
    const staple = await home.authority.revocation.staple(serial);
    assert.ok(staple !== undefined);
    const response = parseOcspResponse(staple);
    assert.ok(response.kind === 'response');
    assert.equal(verified(home, response, serial)?.status.kind, 'good');
    assert.equal(await home.authority.revocation.staple(generateSerialNumber(Date.now())), undefined);
  });

  test('goes on after a restart, by the same delegate', async () => {
    await using home = await SampleHome.open();
    const { serial } = (await home.node('alpha')).issued.certificate;
    await home.authority.maintain(silentLog);
    const before = signerOf(await ask(home, [serial]));
    await home.reopen();
    await home.authority.maintain(silentLog);
    assert.equal(signerOf(await ask(home, [serial])).fingerprint, before.fingerprint);
  });
});

test('an older issuing certificate goes on signing its list and its answers after it was replaced', async () => {
  await using home = await SampleHome.open();
  const older = home.authority.issuing;
  const halfMs = (older.notAfter.getTime() - older.notBefore.getTime()) / 2;
  home.clock.advance(halfMs - 10 * dayMs);
  const { serial } = (await home.node('alpha')).issued.certificate;
  home.clock.advance(20 * dayMs);
  await home.authority.maintain(silentLog);
  assert.notEqual(home.authority.issuing.fingerprint, older.fingerprint);
  await revoke(home, serial);
  const { der } = await home.authority.revocation.currentCrl('issuing-1');
  const list = parseCrl(der);
  assert.ok(verifyCrlSignature(list, publicKeyOf(older)));
  assert.ok(list.revoked.has(serial));
  const request = createOcspRequest({ issuer: older, serials: [serial] });
  const response = parseOcspResponse((await home.authority.revocation.answerOcsp(request)).der);
  assert.ok(response.kind === 'response');
  const at = new Date(home.clock.now());
  assert.equal(verifyOcspResponse(response, { issuer: older, serial, at })?.status.kind, 'revoked');
  const staple = parseOcspResponse((await home.authority.revocation.staple(serial)) ?? Buffer.alloc(0));
  assert.ok(staple.kind === 'response');
  const byNext = createOcspRequest({ issuer: home.authority.issuing, serials: [serial] });
  const other = parseOcspResponse((await home.authority.revocation.answerOcsp(byNext)).der);
  assert.ok(other.kind === 'response');
  assert.equal(other.responses[0]?.status.kind, 'unknown');
  const issuers = Array.from({ length: 12 }, (_, index) =>
    index % 3 === 0 ? older : home.authority.issuing,
  );
  const answers = await Promise.all(
    issuers.map((issuer, index) => {
      const nonce = Buffer.alloc(32, index + 1);
      const asked = createOcspRequest({ issuer, serials: [serial], nonce });
      return home.authority.revocation.answerOcspAside(asked);
    }),
  );
  for (const [index, { der }] of answers.entries()) {
    const issuer = issuers[index] ?? older;
    const together = parseOcspResponse(der);
    assert.ok(together.kind === 'response');
    const expected = issuer === older ? 'revoked' : 'unknown';
    assert.equal(verifyOcspResponse(together, { issuer, serial, at })?.status.kind, expected);
  }
});

async function revoke(home: SampleHome, serial: SerialNumber | undefined): Promise<void> {
  assert.ok(serial !== undefined);
  await home.authority.revocation.revoke({ kind: 'certificate', serial }, { reason: 'keyCompromise', by });
}

async function readList(home: SampleHome, label: string, issuer: Certificate) {
  const list = await home.authority.revocation.crl(label);
  assert.ok(list !== undefined);
  const crl = parseCrl(list.der);
  assert.ok(verifyCrlSignature(crl, publicKeyOf(issuer)));
  assert.equal(crl.number, BigInt(list.number));
  return crl;
}

async function ask(
  home: SampleHome,
  serials: readonly SerialNumber[],
  options: { hash?: OcspHash; nonce?: Uint8Array } = {},
): Promise<OcspResponse> {
  const request = createOcspRequest({ issuer: home.authority.issuing, serials, ...options });
  const response = parseOcspResponse((await home.authority.revocation.answerOcsp(request)).der);
  assert.ok(response.kind === 'response');
  return response;
}

async function statusOf(home: SampleHome, serial: SerialNumber, hash: OcspHash = 'sha1') {
  return verified(home, await ask(home, [serial], { hash }), serial)?.status;
}

function verified(home: SampleHome, response: OcspResponse, serial: SerialNumber) {
  const at = new Date(home.clock.now());
  return verifyOcspResponse(response, { issuer: home.authority.issuing, serial, at });
}

function signerOf({ certificates }: OcspResponse): Certificate {
  const [signer] = certificates;
  assert.ok(signer !== undefined);
  return signer;
}
