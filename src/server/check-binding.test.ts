import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { authorityExtensions, type Holder, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { dayMs } from '../base/index.ts';
import { createName, exportPublicKey, generateKeyPair, parseCertificate } from '../pki/index.ts';
import { defaultListeners } from '../policy/index.ts';
import { bindingTarget, checkBinding, hostsOf } from './check-binding.ts';
import { checkPair } from './tls-bindings.ts';

const at = new Date();
const host = { kind: 'host', name: 'vault.example' } as const;

describe('what is to be shown for a host', () => {
  let root: Holder;
  let issuing: Holder;
  let other: Holder;
  let leaf: Holder;

  before(async () => {
    const authority = (name: string, issuer?: Holder): Promise<Holder> =>
      sampleCertificate({
        subject: createName({ CN: name }),
        extensions: authorityExtensions(),
        ...(issuer && { issuer }),
      });
    root = await authority('outside root');
    other = await authority('another root');
    issuing = await authority('outside issuing', root);
    leaf = await serverCertificate(issuing);
  });

  function serverCertificate(issuer: Holder, notAfter = new Date(at.getTime() + dayMs)): Promise<Holder> {
    return sampleCertificate({
      issuer,
      notAfter,
      subject: createName({ CN: 'vault.example' }),
      extensions: {
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth'],
        subjectAltNames: [{ kind: 'dns', value: 'vault.example' }],
      },
    });
  }

  const order = (over: object = {}): Parameters<typeof checkBinding>[0] => ({
    target: host,
    chain: [leaf.der, issuing.der],
    roots: [root.der],
    at,
    ...over,
  });

  it('is the first of a chain that leads from the roots of clients to it', () => {
    assert.equal(checkBinding(order()).fingerprint, parseCertificate(leaf.der).fingerprint);
    assert.ok(checkBinding(order({ roots: [] })));
  });

  it('is refused out of order, after its end, for another host and from roots that lead nowhere', async () => {
    const ended = await serverCertificate(issuing, new Date(at.getTime() - 1000));
    const cases = [
      [{ chain: [issuing.der, leaf.der] }, 'certificate_not_allowed'],
      [{ chain: [ended.der, issuing.der] }, 'certificate_expired'],
      [{ target: { kind: 'host', name: 'other.example' } }, 'certificate_wrong_name'],
      [{ roots: [other.der] }, 'certificate_not_allowed'],
    ] as const;
    for (const [over, code] of cases) assert.throws(() => checkBinding(order(over)), { code: code }, code);
  });

  it('is shown under the names of the server that it is for, by its listener', () => {
    const certificate = parseCertificate(leaf.der);
    const names = ['vault.example', 'nas.example', '192.0.2.7'];
    assert.deepEqual(hostsOf({ kind: 'listener', name: 'main' }, certificate, names), ['vault.example']);
    assert.deepEqual(hostsOf(host, certificate, []), ['vault.example']);
  });

  it('needs its own key', async () => {
    const certificate = parseCertificate(leaf.der);
    checkPair(certificate, leaf.keys.privateKey);
    const { privateKey, publicKey } = await generateKeyPair('p256');
    assert.notDeepEqual(exportPublicKey(publicKey), certificate.spki);
    assert.throws(() => checkPair(certificate, privateKey), { code: 'certificate_not_allowed' });
  });
});

describe('what a certificate is bound to', () => {
  const listeners = defaultListeners(8443);

  it('is a host name in lower case, or a TLS listener that there is', () => {
    assert.deepEqual(bindingTarget({ host: 'Vault.Example' }, listeners), host);
    assert.deepEqual(bindingTarget({ listener: 'open' }, listeners), { kind: 'listener', name: 'open' });
  });

  it('is no address, since clients name none, and no listener without TLS', () => {
    assert.throws(() => bindingTarget({ host: '192.0.2.7' }, listeners), { code: 'name_invalid' });
    assert.throws(() => bindingTarget({ host: 'a.example,b.example' }, listeners), { code: 'name_invalid' });
    for (const listener of ['nowhere', 'status'])
      assert.throws(() => bindingTarget({ listener }, listeners), { code: 'usage' });
  });
});
