import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type AdminClient,
  callOperation,
  fetchBackup,
  localAdmin,
  type OperationAnswer,
} from '../src/admin/index.ts';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { asBuffer, dayMs } from '../src/base/index.ts';
import { exportPrivateKey, privateKeyPem } from '../src/pki/index.ts';
import { inFile, sampleContext } from './rig/every-operation.ts';
import { sampleCertificate } from './rig/sample-certificates.ts';

describe('an operation', () => {
  let home: SampleHome;
  before(async () => {
    home = await SampleHome.open();
  });
  after(() => home[Symbol.asyncDispose]());

  const ada = () => ({ ...localAdmin(home.authority.network), name: 'ada' });
  const call = (name: string, input: unknown, who = ada()) =>
    callOperation(sampleContext(home), name, input, who);

  it('that takes no file and no key of the machine is for an administrator anywhere', async () => {
    await home.backUp(join(home.path, 'x.age'));
    assert.deepEqual(await call('store.accept', { reason: 'new disk' }), {
      directory: join(home.path, 'store'),
      accepted: 'empty',
    });
    const rehearsed = await call('ca.rehearse', {});
    assert.deepEqual(Object(rehearsed), {
      ...Object(rehearsed),
      name: 'x.age',
      depth: 'looked at',
      good: true,
    });
  });

  it('gives a backup to whoever asked for it and to nobody else, and takes his word for his own machine alone', async () => {
    const clientOf = (name: string): AdminClient => ({
      call: async (operation, input) =>
        (await call(operation, input, { ...ada(), name })) as OperationAnswer<typeof operation>,
    });
    const path = join(home.path, 'hers.age');
    const made = await clientOf('ada').call('ca.backup', {});
    const { id } = made;
    for (const [name, input] of [
      ['ca.backup-piece', { id, offset: 0 }],
      ['ca.backup-keep', { id, path }],
      ['ca.backup-drop', { id }],
    ] as const)
      for (const other of ['bob', localAdmin('').name])
        await assert.rejects(clientOf(other).call(name, input), { code: 'object_not_found' });
    await assert.rejects(clientOf('ada').call('ca.backup-piece', { id, offset: made.bytes }), {
      code: 'input_invalid',
    });
    const second = await clientOf('ada').call('ca.backup', {});
    await assert.rejects(clientOf('ada').call('ca.backup', {}), { code: 'rate_limited' });
    await clientOf('ada').call('ca.backup-drop', { id: second.id });
    const { opensWith, sha256 } = await fetchBackup(clientOf('ada'), made, inFile(path));
    assert.deepEqual([opensWith, sha256], ['recovery key', hash('sha256', readFileSync(path))]);
    const [newest] = await clientOf('ada').call('ca.backups', {});
    assert.deepEqual([newest?.place, newest?.name], [`admin/ada:${home.path}`, 'hers.age']);
    // That one lies where this machine does not reach, whatever its path says.
    assert.equal((await clientOf('ada').call('ca.rehearse', {})).name, 'x.age');
    assert.deepEqual(
      readdirSync(join(home.path, 'authority')).filter((name) => name.startsWith('snapshot-')),
      [],
    );
  });

  it('takes of a file to be tried that does not begin as a backup its beginning, and no more', async () => {
    const there = localAdmin(home.authority.network);
    const bring = async (input: object) => Object(await call('ca.rehearsal-piece', input, there));
    const piece = Buffer.alloc(1000).toString('base64');
    const { id, wantsMore } = await bring({ piece: '' });
    assert.equal(wantsMore, true);
    assert.deepEqual(await bring({ id, piece }), { id, wantsMore: false });
    await assert.rejects(bring({ id, piece }), { code: 'backup_foreign' });
    const rehearsed = Object(await call('ca.rehearse', { file: { id, path: '/zeros' } }, there));
    assert.deepEqual(rehearsed.steps, [{ what: 'file', good: false, found: 'it is no backup' }]);
  });

  it('leaves an authority at work whose move comes to nothing, and goes on with one that was cut short', async () => {
    const there = localAdmin(home.authority.network);
    const admin: AdminClient = {
      call: async (operation, input) =>
        (await call(operation, input, there)) as OperationAnswer<typeof operation>,
    };
    const to = join(home.path, 'moved.age');
    await assert.rejects(admin.call('ca.move', { to, isThere: true }), { code: 'object_exists' });
    assert.equal(home.authority.standing, 'ready');
    const full = { path: to, write: () => Promise.reject(new Error('the disk is full')) };
    await assert.rejects(
      fetchBackup(admin, await admin.call('ca.move', { to, isThere: false }), full),
      /full/,
    );
    assert.equal(home.authority.standing, 'ready');
    // Whoever asked was killed when his file was there, and asks again.
    await admin.call('ca.move', { to, isThere: false });
    assert.deepEqual([home.authority.standing, home.authority.backups.busy], ['retired', true]);
    const again = await admin.call('ca.move', { to, isThere: true });
    // Taken back meanwhile, the file counts for nothing.
    await admin.call('ca.move-undo', { reason: 'a rehearsal' });
    await assert.rejects(fetchBackup(admin, again, inFile(to)), {
      code: 'object_not_found',
      message: /undone/,
    });
    assert.equal(home.authority.standing, 'ready');
  });

  it('makes a backup at the place of the settings for anybody, where they name one', async () => {
    await assert.rejects(call('ca.backup-to', {}), { code: 'object_not_found', message: /no place/ });
  });

  it('is for the machine of the server alone where it takes one, and does nothing otherwise', async () => {
    const holder = await sampleCertificate({
      notAfter: new Date(home.clock.now() + dayMs),
      notBefore: new Date(home.clock.now() - dayMs),
      extensions: {
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth'],
        subjectAltNames: [{ kind: 'dns', value: 'vault.example' }],
      },
    });
    const bound = {
      host: 'vault.example',
      chain: [asBuffer(holder.der).toString('base64')],
      roots: [],
      key: privateKeyPem(exportPrivateKey(holder.keys.privateKey)),
    };
    const refusals = [
      ['tls.bind', bound, /tls\.bind with key can be done on the server's machine only/],
      ['ca.rehearse', { file: { id: '0'.repeat(32), path: '/x.age' } }, /ca\.rehearse with file/],
      ['ca.rehearsal-piece', { piece: '' }, /ca\.rehearsal-piece can be done/],
      ['ca.rehearse', { password: 'x' }, /ca\.rehearse with password/],
      ['ca.backup', { password: 'x' }, /ca\.backup with password/],
      ['ca.backup-to', { to: '/backups' }, /ca\.backup-to with to/],
      ['ca.backup-to', { keep: 1 }, /ca\.backup-to with keep/],
      ['ca.move', { to: '/x.age', isThere: false }, /ca\.move can be done/],
    ] as const;
    for (const [name, input, message] of refusals)
      await assert.rejects(call(name, input), { code: 'operation_forbidden', message });
    const there = localAdmin(home.authority.network);
    assert.deepEqual(await sampleContext(home).bindings.list(), []);
    await call('tls.bind', bound, there);
    assert.equal((await sampleContext(home).bindings.list()).length, 1);
    assert.deepEqual(await call('tls.unbind', { host: 'vault.example' }), {
      kind: 'host',
      name: 'vault.example',
    });
    assert.deepEqual(await sampleContext(home).bindings.list(), []);
  });

  it('takes a private key in PEM, and certificates, one at least', async () => {
    const there = localAdmin(home.authority.network);
    const der = asBuffer((await sampleCertificate({})).der).toString('base64');
    const cases = [
      ['key_malformed', { host: 'vault.example', chain: [der], roots: [], key: 'none' }],
      ['certificate_malformed', { host: 'vault.example', chain: ['AAAA'], roots: [] }],
      ['input_invalid', { host: 'vault.example', chain: [], roots: [] }],
    ] as const;
    for (const [code, input] of cases) await assert.rejects(call('tls.bind', input, there), { code });
  });
});
