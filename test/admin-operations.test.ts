import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callOperation, localAdmin } from '../src/admin/index.ts';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { asBuffer, dayMs } from '../src/base/index.ts';
import { exportPrivateKey, privateKeyPem } from '../src/pki/index.ts';
import { sampleContext } from './rig/every-operation.ts';
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
    const path = join(home.path, 'x.age');
    await call('ca.backup', { path }, localAdmin(home.authority.network));
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
      ['ca.rehearse', { path: '/x.age' }, /ca\.rehearse with path/],
      ['ca.rehearse', { password: 'x' }, /ca\.rehearse with password/],
      ['ca.backup', { path: '/x.age' }, /ca\.backup can be done/],
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
