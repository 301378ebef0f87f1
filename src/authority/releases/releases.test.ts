import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dayMs, silentLog } from '../../base/index.ts';
import { type SignedRelease, signRelease, verifyRelease } from '../../enrol/index.ts';
import { exportPublicKey, generateKeyPair } from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const by = 'admin/local';

describe('releases', () => {
  let home: SampleHome;
  before(async () => {
    home = await SampleHome.open();
  });
  after(() => home[Symbol.asyncDispose]());

  async function publish(version: string, name = `holdfast_${version}_amd64.deb`) {
    const bytes = debOf(version);
    const id = await home.authority.releases.bring(bytes.subarray(0, 10), { by });
    await home.authority.releases.bring(bytes.subarray(10), { id, by });
    return await home.authority.releases.publish({ version, files: [{ id, name }], by });
  }
  const verified = (signed: SignedRelease | undefined) => {
    assert.ok(signed);
    const { trustBundle: bundle } = home.authority;
    return verifyRelease(signed, { bundle, at: new Date(home.clock.now()) });
  };
  const statesOf = async () =>
    (await home.authority.releases.list()).map(({ version, state }) => `${version} ${state}`);

  it('are offered signed, one at a time, each with a higher number, and only ever newer ones', async () => {
    const { releases, certificates } = home.authority;
    assert.equal(await releases.signed(), undefined);
    const first = await publish('0.2.0');
    const { manifest, path } = verified(await releases.signed());
    assert.deepEqual(manifest, first);
    const sha256 = hash('sha256', debOf('0.2.0'));
    const file = { name: 'holdfast_0.2.0_amd64.deb', kind: 'deb', platform: 'linux', architecture: 'x64' };
    assert.deepEqual(manifest.files, [{ ...file, bytes: debOf('0.2.0').length, sha256 }]);
    const kept = await releases.file('0.2.0', file.name);
    assert.deepEqual(await readFile(kept?.path ?? ''), debOf('0.2.0'));
    for (const [version, name] of [
      ['0.2.0', 'files.json'],
      ['..', 'keystore'],
      ['0.2.0', '../manifest.json'],
    ] as const)
      assert.equal(await releases.file(version, name), undefined);
    const signer = await certificates.show(path[0].serial);
    assert.equal(signer?.state, 'valid', 'on record like what nodes have');
    assert.deepEqual((await home.authority.status()).nodes, {}, 'and no node');
    for (const version of ['0.2.0', '0.1.9', '0.2.0-rc.1'])
      await assert.rejects(publish(version), { code: 'release_invalid' });
    const second = await publish('0.3.0');
    assert.ok(second.sequence > first.sequence, 'though the clock has not moved');
    home.clock.advance(-dayMs);
    await assert.rejects(publish('0.3.1'), { code: 'clock_wrong' });
    home.clock.advance(dayMs);
    assert.deepEqual(await statesOf(), ['0.3.0 offered', '0.2.0 replaced']);
    await home.authority.audit.verify();
  });

  it('take two administrators where the network says so, who publish the very same files', async () => {
    await using other = await SampleHome.open();
    const { releases, policy, audit } = other.authority;
    for (const name of ['ann', 'bob']) await other.local('admin', name);
    other.clock.advance(8 * dayMs);
    const publishBy = async (admin: string, bytes: Buffer) => {
      const id = await releases.bring(bytes, { by: admin });
      const files = [{ id, name: 'holdfast_0.2.0_amd64.deb' }];
      return await releases.publish({ version: '0.2.0', files, by: admin });
    };
    const needed = { code: 'second_admin_needed' };
    await policy.set('releaseAdmins', 'two', 'admin/ann');
    await assert.rejects(publishBy('admin/ann', debOf('0.2.0')), needed);
    await assert.rejects(publishBy('admin/ann', debOf('0.2.0')), needed);
    await assert.rejects(publishBy('admin/bob', debOf('0.2.0 with something else')), needed);
    assert.equal(await releases.signed(), undefined);
    assert.deepEqual(await releases.list(), []);
    await other.local('admin', 'eve');
    await assert.rejects(publishBy('admin/eve', debOf('0.2.0')), needed);
    await assert.rejects(policy.set('releaseAdmins', 'one', 'admin/ann'), needed);
    const { version } = await publishBy('admin/bob', debOf('0.2.0'));
    assert.equal(version, '0.2.0');
    await policy.set('releaseAdmins', 'one', 'admin/local');
    await audit.verify();
  });

  it('that are withdrawn are offered to nobody, nor is an older one in their place', async () => {
    const { releases } = home.authority;
    const { sequence } = verified(await releases.signed()).manifest;
    const after = await releases.withdraw('0.3.0', by);
    assert.deepEqual([after.version, after.files], [null, []]);
    assert.ok(verified(await releases.signed()).manifest.sequence > sequence);
    assert.equal(await releases.file('0.3.0', 'holdfast_0.3.0_amd64.deb'), undefined);
    assert.deepEqual(await statesOf(), ['0.3.0 withdrawn', '0.2.0 replaced']);
    await assert.rejects(releases.withdraw('0.3.0', by), { code: 'object_not_found' });
    await assert.rejects(publish('0.2.5'), { code: 'release_invalid' });
    await publish('0.3.1');
    await releases.withdraw('0.2.0', by);
    assert.equal(verified(await releases.signed()).manifest.version, '0.3.1');
  });

  it('with something else than packages of that version are refused, and nothing is left', async () => {
    const { releases } = home.authority;
    const before = await releases.signed();
    for (const name of [
      'holdfast_0.4.1_amd64.deb',
      'holdfast_0.4.0_mips.deb',
      'holdfast-0.4.0.tgz',
      '../../keystore',
      'setup.exe',
    ])
      await assert.rejects(publish('0.4.0', name), { code: 'release_invalid' }, name);
    const ids = await Promise.all([0, 1].map(() => releases.bring(debOf('0.4.0'), { by })));
    const name = 'holdfast_0.4.0_amd64.deb';
    const files = ids.map((id) => ({ id, name }));
    await assert.rejects(releases.publish({ version: '0.4.0', files, by }), { code: 'release_invalid' });
    await assert.rejects(releases.publish({ version: '0.4.0', files: [{ id: 'f'.repeat(32), name }], by }), {
      code: 'object_not_found',
    });
    assert.equal(await releases.signed(), before);
    const there = readdirSync(join(home.path, 'authority/releases'));
    assert.deepEqual(there.sort(), ['0.2.0', '0.3.0', '0.3.1', 'manifest.json']);
  });

  it('are signed anew before their certificate ends, and when it is revoked', async () => {
    const { releases, revocation } = home.authority;
    const { manifest, path } = verified(await releases.signed());
    await releases.renewWhenDue(silentLog);
    assert.deepEqual(verified(await releases.signed()).manifest, manifest, 'nothing is due');
    home.clock.advance(25 * dayMs);
    await home.authority.maintain(silentLog);
    const renewed = verified(await releases.signed());
    assert.deepEqual([renewed.manifest.version, renewed.manifest.files], [manifest.version, manifest.files]);
    assert.ok(renewed.manifest.sequence > manifest.sequence);
    assert.notEqual(renewed.path[0].serial, path[0].serial);
    const { serial } = renewed.path[0];
    await revocation.revoke({ kind: 'certificate', serial }, { reason: 'keyCompromise', by });
    await home.authority.maintain(silentLog);
    assert.notEqual(verified(await releases.signed()).path[0].serial, serial);
    home.clock.advance(31 * dayMs);
    assert.throws(() => verified({ ...signedOf(renewed) }), { code: 'update_not_trusted' });
    await home.authority.maintain(silentLog);
    await home.authority.audit.verify();
  });

  it('that were cut short before they were offered are not there, and can be published again', async () => {
    const { authority } = home;
    await publish('0.5.0');
    const place = join(home.path, 'authority/releases');
    const manifest = await readFile(join(place, 'manifest.json'));
    await publish('0.6.0');
    // As if the process had been killed before it wrote the manifest.
    await writeFile(join(place, 'manifest.json'), manifest);
    await home.reopen();
    assert.notEqual(home.authority, authority);
    assert.deepEqual((await statesOf())[0], '0.5.0 offered');
    assert.equal((await publish('0.6.0')).version, '0.6.0');
    assert.deepEqual((await statesOf())[0], '0.6.0 offered');
  });

  it('are believed for the key that is for them, and for no other', async () => {
    const { manifest } = verified(await home.authority.releases.signed());
    const bundle = home.authority.trustBundle;
    const at = new Date(home.clock.now());
    for (const role of ['client', 'server', 'admin'] as const) {
      const { privateKey: key, publicKey } = await generateKeyPair('ed25519');
      const order = { role, name: `thief-${role}`, spki: exportPublicKey(publicKey) };
      const { chain } = await home.authority.issueLocal(order);
      const forged = signRelease({ ...manifest, version: '9.9.9' }, { key, chain });
      assert.throws(() => verifyRelease(forged, { bundle, at }), { code: 'update_not_trusted' }, role);
    }
  });
});

/** Begins as a package for Debian does. */
function debOf(version: string): Buffer {
  return Buffer.from(`!<arch>\ndebian-binary ${version}`.padEnd(3000, '.'));
}

function signedOf(renewed: ReturnType<typeof verifyRelease>): SignedRelease {
  const chain = renewed.path.slice(0, -1).map(({ der }) => Buffer.from(der).toString('base64'));
  return { manifest: JSON.stringify(renewed.manifest), signature: '', chain };
}
