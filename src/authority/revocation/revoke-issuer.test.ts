import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Thief } from '../../../test/rig/thief.ts';
import { dayMs, isHoldfastError, minuteMs, Secret, silentLog } from '../../base/index.ts';
import { createNodeRequest, signCheckpoint } from '../../enrol/index.ts';
import {
  type Certificate,
  createOcspRequest,
  generateSerialNumber,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  publicKeyOf,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { SampleHome } from '../authority.fixture.ts';
import { hashRecord } from '../log/log-record.ts';
import { DirectoryMirror } from '../mirror/log-mirror.ts';
import { openAuthority } from '../opening/open-authority.ts';
import { authorityDirectory } from '../records/authority-files.ts';

const order = { reason: 'cACompromise', by: 'admin/local' } as const;

async function listed(home: SampleHome, label: string): Promise<string[]> {
  const list = await home.authority.revocation.crl(label);
  return [...parseCrl(list?.der ?? new Uint8Array()).revoked.keys()];
}

function renewal(node: Awaited<ReturnType<SampleHome['node']>>) {
  const { identity, serial } = node.issued.certificate;
  assert.ok(identity);
  const { request } = createNodeRequest(identity, node.keys.privateKey);
  return { identity, serial, request: Buffer.from(request, 'base64') };
}

/** The hash of a record of the log. */
async function headOf(home: SampleHome, sequence: number): Promise<string> {
  await using reader = home.readBeside();
  const row = await reader.get('SELECT record FROM log WHERE sequence = ?', sequence);
  return hashRecord(String(row?.['record']));
}

describe('revoking an issuing certificate', () => {
  it('puts another one with a new key in its place, and the root lists it at once', async () => {
    await using home = await SampleHome.open();
    const before = home.authority.issuing;
    const revoked = await home.authority.revocation.revokeIssuer('issuing-1', order);
    assert.deepEqual([revoked.replacedBy, revoked.serial], ['issuing-2', before.serial]);
    assert.notDeepEqual(home.authority.issuing.spki, before.spki);
    assert.deepEqual(await listed(home, 'root-1'), [before.serial]);
    const kinds = (await home.authority.log.list()).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(1, 3), ['issuing certificate replaced', 'issuing certificate revoked']);
    await home.reopen();
    assert.notEqual(home.authority.issuing.fingerprint, before.fingerprint);
    const again = home.authority.revocation.revokeIssuer('issuing-1', order);
    await assert.rejects(again, { code: 'already_revoked' });
    await assert.rejects(home.authority.revocation.revokeIssuer('issuing-9', order), {
      code: 'object_not_found',
    });
    await home.authority.log.verify();
  });

  it('leaves one that is in use in its place when it ends one of before', async () => {
    await using home = await SampleHome.open();
    await home.reopen(() => home.clock.advance(3 * 365 * dayMs));
    const { fingerprint } = home.authority.issuing;
    const { replacedBy } = await home.authority.revocation.revokeIssuer('issuing-1', order);
    assert.deepEqual([replacedBy, home.authority.issuing.fingerprint], ['issuing-2', fingerprint]);
  });

  it('leaves what it issued good for its renewal and nothing else, when it is the very same', async () => {
    await using home = await SampleHome.open();
    const node = await home.node('alpha');
    const { certificate } = node.issued;
    const { authority } = home;
    await authority.revocation.revokeIssuer('issuing-1', order);
    assert.equal(await authority.isGood(certificate.serial, certificate.der), false);
    assert.equal(await authority.isRenewable(certificate.serial, certificate.der), true);
    const forged = { ...certificate, der: Uint8Array.from(certificate.der, (byte) => byte ^ 1) };
    assert.deepEqual(
      [
        await authority.isGood(certificate.serial, forged.der),
        await authority.isRenewable(certificate.serial, forged.der),
      ],
      [false, false],
    );
    const renewed = await authority.renew(renewal(node));
    assert.equal(await authority.isGood(renewed.certificate.serial, renewed.certificate.der), true);
    assert.ok(verifyCertificateSignature(renewed.certificate, publicKeyOf(authority.issuing)));
    const [old] = await authority.certificates.list({ serial: certificate.serial });
    assert.deepEqual([old?.state, old?.revocationReason, old?.byIssuer], ['revoked', 'cACompromise', true]);
    await authority.revocation.revoke({ kind: 'certificate', serial: certificate.serial }, order);
    assert.equal(await authority.isRenewable(certificate.serial, certificate.der), false);
  });

  it('makes its key say of every number, and its list of every certificate, that it is revoked', async () => {
    await using home = await SampleHome.open();
    await home.authority.maintain(silentLog);
    const issuer = home.authority.issuing;
    const { issued } = await home.node('alpha');
    await home.authority.revocation.revokeIssuer('issuing-1', order);
    assert.deepEqual(await listed(home, 'issuing-1'), [issued.certificate.serial]);
    for (const serial of [issued.certificate.serial, generateSerialNumber(home.clock.now())]) {
      const request = createOcspRequest({ issuer, serials: [serial] });
      const { der } = await home.authority.revocation.answerOcsp(request);
      const response = parseOcspResponse(der);
      assert.ok('responses' in response);
      assert.equal(response.responses[0]?.status.kind, 'revoked');
    }
  });

  it('believes no checkpoint that its key signs', async () => {
    await using home = await SampleHome.open();
    const node = await home.node('alpha');
    const keystore = await Keystore.open(authorityDirectory(home.path));
    const { network } = home.authority;
    const head = 'f'.repeat(64);
    const at = new Date().toISOString();
    const forged = { network, epoch: 99, sequence: 9999, head, crlNumber: 1, at };
    const checkpoint = signCheckpoint(forged, keystore.key('issuing-1'));
    await home.authority.revocation.revokeIssuer('issuing-1', order);
    await home.authority.renew({ ...renewal(node), checkpoint });
    assert.equal(home.authority.standing, 'ready');
  });

  it('is not stopped by a mirror that its key has signed for, and writes its own log there', async () => {
    await using home = await SampleHome.open();
    await using mirrored = await SampleHome.empty();
    const stolen = (await Keystore.open(authorityDirectory(home.path))).key('issuing-1');
    const issuing = Buffer.from(home.authority.issuing.der).toString('base64');
    const about = { network: home.authority.network, epoch: 99, crlNumber: 1, at: new Date().toISOString() };
    const signed = signCheckpoint({ ...about, sequence: 9999, head: 'f'.repeat(64) }, stolen);
    await home.authority.revocation.revokeIssuer('issuing-1', order);
    await home.authority.close();
    const path = join(mirrored.path, 'checkpoint.json');
    writeFileSync(path, JSON.stringify({ signed, issuing, epochs: [{ epoch: 99, first: 1 }] }));
    const upkeep = { mirrors: [new DirectoryMirror(mirrored.path)] };
    await using authority = await openAuthority({ ...home.opening, upkeep });
    const [state] = await authority.mirrors.flush(60_000);
    assert.deepEqual([authority.standing, state?.current, state?.problem], ['ready', true, undefined]);
    assert.doesNotMatch(readFileSync(path, 'utf8'), /ffffffff/);
  });

  it('is known to a restore from a backup of before, which issues nothing with the old key', async () => {
    await using home = await SampleHome.open();
    await using mirrored = await SampleHome.empty();
    const mirror = new DirectoryMirror(mirrored.path);
    const backup = join(home.path, 'x.age');
    await home.backUp(backup);
    await home.authority.close();
    const upkeep = { mirrors: [mirror] };
    await using authority = await openAuthority({ ...home.opening, upkeep });
    await authority.revocation.revokeIssuer('issuing-1', order);
    await authority.mirrors.flush(60_000);
    await using restored = await SampleHome.empty();
    await restored.restore(backup, home, { mirrors: [mirror] });
    await restored.reopen();
    const issuers = await restored.authority.custody.list();
    assert.deepEqual(
      issuers.map(({ label, revoked, current }) => [label, revoked?.reason, current]),
      [
        ['root-1', undefined, true],
        ['issuing-3', undefined, true],
        ['issuing-2', undefined, false],
        ['issuing-1', 'cACompromise', false],
      ],
    );
    await restored.authority.maintain(silentLog);
    assert.equal((await listed(restored, 'root-1')).length, 1);
  });

  it('is known to a restore from a backup of after, which believes no mirror that its key has signed for', async () => {
    await using home = await SampleHome.open();
    await using mirrored = await SampleHome.empty();
    const stolen = (await Keystore.open(authorityDirectory(home.path))).key('issuing-1');
    const issuing = Buffer.from(home.authority.issuing.der).toString('base64');
    await home.authority.revocation.revokeIssuer('issuing-1', order);
    const backup = join(home.path, 'x.age');
    await home.backUp(backup);
    const { network } = home.authority;
    const about = { network, epoch: 99, crlNumber: 1, at: new Date().toISOString() };
    const signed = signCheckpoint({ ...about, sequence: 1, head: await headOf(home, 1) }, stolen);
    const file = { signed, issuing, epochs: [{ epoch: 1, first: 1 }] };
    writeFileSync(join(mirrored.path, 'checkpoint.json'), JSON.stringify(file));
    await using restored = await SampleHome.empty();
    const mirrors = [new DirectoryMirror(mirrored.path)];
    const result = await restored.restore(backup, home, { mirrors });
    assert.ok(isHoldfastError(result));
    assert.match(result.message, /holds no checkpoint that this authority signed/);
  });

  it('is refused without the key of the root, and changes nothing', async () => {
    await using home = await SampleHome.open();
    const { custody, revocation } = home.authority;
    const passphrase = new Secret('kept in a safe');
    const { text } = await custody.sealRoot({ passphrase });
    const sealed = Buffer.from(text);
    await custody.takeOffline({ passphrase, sealed, file: '/safe/root.age', by: 'admin/local' });
    const refused = { code: 'root_offline', message: /\/safe\/root\.age/ };
    await assert.rejects(revocation.revokeIssuer('issuing-1', order), refused);
    assert.equal(
      (await custody.list()).every(({ revoked }) => revoked === undefined),
      true,
    );
  });

  it('leaves a restore without any other key issuing nothing, until the root is back', async () => {
    await using home = await SampleHome.open();
    await using mirrored = await SampleHome.empty();
    const rest = { mirrors: [new DirectoryMirror(mirrored.path)], clock: home.clock, by: 'admin/local' };
    const passphrase = new Secret('kept in a safe');
    const { custody } = home.authority;
    const sealed = Buffer.from((await custody.sealRoot({ passphrase })).text);
    await custody.takeOffline({ passphrase, sealed, file: '/safe/root.age', by: 'admin/local' });
    const backup = join(home.path, 'x.age');
    await home.backUp(backup);
    await custody.bringOnline({ passphrase, sealed, by: 'admin/local' });
    await home.authority.close();
    {
      await using authority = await openAuthority({ ...home.opening, upkeep: rest });
      await authority.revocation.revokeIssuer('issuing-1', order);
      await authority.mirrors.flush(60_000);
    }
    await using restored = await SampleHome.empty();
    await restored.restore(backup, home, rest);
    await restored.reopen();
    await assert.rejects(restored.local('server', 'vault'), { code: 'issuer_revoked' });
    const { warnings } = await restored.authority.status();
    assert.match(warnings.join('\n'), /issuing-1 is revoked, and nothing can be issued .*ca online FILE/);
    await restored.authority.custody.bringOnline({ passphrase, sealed, by: 'admin/local' });
    await restored.authority.maintain(silentLog);
    const { certificate } = await restored.local('server', 'vault');
    assert.ok(verifyCertificateSignature(certificate, publicKeyOf(restored.authority.issuing)));
    restored.clock.advance(2 * minuteMs);
    await restored.authority.maintain(silentLog);
    assert.equal((await listed(restored, 'root-1')).length, 1);
  });

  it('ends what was trusted for its chain alone, since a restore from keys alone', async () => {
    await using home = await SampleHome.open();
    const thief = await Thief.of(home.path, home.authority.issuing.der);
    const forge = async (name: string): Promise<Certificate> => {
      const { chain } = await thief.forge({ network: home.authority.network, role: 'client', name });
      return parseCertificate(chain[0] as Uint8Array);
    };
    const later = Date.now() + dayMs;
    await home.tamper((database) => database.run('UPDATE authority SET trusts_before = ?', later));
    const isGood = (certificate: Certificate): Promise<boolean> =>
      home.authority.isGood(certificate.serial, certificate.der);
    const [seen, unseen] = [await forge('seen'), await forge('unseen')];
    assert.ok(await isGood(seen));
    await home.reopen();
    await home.authority.revocation.revokeIssuer('issuing-1', order);
    for (const certificate of [seen, unseen])
      assert.deepEqual(
        [await isGood(certificate), await home.authority.isRenewable(certificate.serial, certificate.der)],
        [false, false],
      );
  });
});
