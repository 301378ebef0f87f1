import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { createNodeRequest } from '../../enrol/index.ts';
import { exportPublicKey, generateKeyPair, type KeyAlgorithm } from '../../pki/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import { issue } from '../issue/issue.ts';
import { draftLeaf } from '../issue/leaf-contents.ts';
import { openContext } from '../opening/open-authority.ts';

describe('requests that come together', () => {
  for (const keyAlgorithm of ['p256', 'rsa2048', 'ed25519'] as const satisfies KeyAlgorithm[]) {
    it(`get certificates for their own keys, signed by an issuer with ${keyAlgorithm}`, async () => {
      await using home = await SampleHome.open({ keyAlgorithm });
      const names = Array.from({ length: 20 }, (_, index) => `node-${index}`);
      const codes = await Promise.all(names.map((name) => home.code(name)));
      const keys = await Promise.all(names.map(() => generateKeyPair('p256')));
      const issued = await Promise.all(codes.map((code, index) => home.enrol(code, keys[index])));
      const issuing = new X509Certificate(issued[0]?.chain[1] as Uint8Array);
      for (const [index, { certificate }] of issued.entries()) {
        assert.equal(certificate.identity?.name, names[index]);
        assert.deepEqual(
          Buffer.from(certificate.spki),
          Buffer.from(exportPublicKey(keys[index]?.publicKey ?? assert.fail())),
        );
        assert.ok(new X509Certificate(certificate.der).verify(issuing.publicKey));
      }
    });
  }

  it('are refused alone when one of them proves nothing', async () => {
    await using home = await SampleHome.open();
    const enrol = async (name: string, damage: boolean): Promise<string> => {
      const code = await home.code(name);
      const { request } = createNodeRequest(code, (await generateKeyPair('ed25519')).privateKey);
      const der = Buffer.from(request, 'base64');
      if (damage) der.writeUInt8(der.readUInt8(der.length - 40) ^ 1, der.length - 40);
      return (await home.enrolWith(code, der)).certificate.serial;
    };
    const forged = enrol('forged', true);
    const honest = Array.from({ length: 10 }, (_, index) => enrol(`node-${index}`, false));
    await refused('request_signature_invalid', forged);
    assert.equal(new Set(await Promise.all(honest)).size, 10);
  });
});

it('what was prepared is issued as it is, and written anew once anything has changed', async () => {
  await using home = await SampleHome.open();
  await home.reopen(async () => {
    const { context } = await openContext(home.opening);
    await using records = context.records;
    const { network } = context.issuer;
    const issuedWith = async (name: string, changes: object): Promise<boolean> => {
      const spki = exportPublicKey((await generateKeyPair('p256')).publicKey);
      const authorisation = { identity: { network, role: 'client', name }, names: [] } as const;
      const draft = draftLeaf(context, authorisation, spki);
      const prepared = { draft: { ...draft, ...changes }, signature: undefined };
      const order = { authorisation, spki, kind: 'issued', by: 'test', prepared } as const;
      const { certificate } = await records.transaction((tx) => issue(tx, context, order));
      return certificate.serial === draft.template.serial;
    };
    assert.equal(await issuedWith('a', {}), true);
    assert.equal(await issuedWith('b', { policy: { ...context.present.policy } }), false);
    assert.equal(await issuedWith('c', { issuer: { ...context.issuer } }), false);
  });
});
