import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { dayMs } from '../../base/index.ts';
import {
  certificatePem,
  exportPublicKey,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  keyAlgorithms,
  keyKind,
} from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const run = promisify(execFile);
it('lets a server with an RSA key encipher keys, which nobody else may', async () => {
  await using home = await SampleHome.open();
  for (const [algorithm, role, usage] of [
    ['rsa2048', 'server', ['digitalSignature', 'keyEncipherment']],
    ['p256', 'server', ['digitalSignature']],
    ['rsa2048', 'client', ['digitalSignature']],
  ] as const) {
    const spki = exportPublicKey((await generateKeyPair(algorithm)).publicKey);
    const names = role === 'server' ? ['vault.example'] : [];
    const order = { role, name: `${role}-${algorithm}`, names, spki };
    const { certificate } = await home.authority.issueLocal(order);
    assert.deepEqual(certificate.extensions.keyUsage, usage);
  }
});

describe('an authority', () => {
  const leafKeys = new Map<KeyAlgorithm, KeyPair>();
  before(async () => {
    for (const algorithm of keyAlgorithms) leafKeys.set(algorithm, await generateKeyPair(algorithm));
  });

  for (const algorithm of keyAlgorithms) {
    it(`whose keys are ${algorithm} certifies keys of every kind, and openssl follows the chain`, async () => {
      await using home = await SampleHome.open({ keyAlgorithm: algorithm });
      using directory = temporaryDirectory();
      const { root, issuing } = home.authority;
      assert.deepEqual(
        [root, issuing].map(({ spki }) => keyKind(spki)),
        [algorithm, algorithm],
      );
      const write = (name: string, der: Uint8Array) =>
        writeFile(join(directory.path, name), certificatePem(der));
      await write('root.pem', root.der);
      await write('issuing.pem', issuing.der);
      for (const [kind, keys] of leafKeys) {
        const { certificate } = await home.enrol(await home.code(kind), keys);
        await write(`${kind}.pem`, certificate.der);
      }
      const at = ['-attime', String(Math.floor(home.clock.now() / 1000))];
      const chain = ['-x509_strict', '-check_ss_sig', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem'];
      const leaves = keyAlgorithms.map((kind) => `${kind}.pem`);
      const { stdout } = await run('openssl', ['verify', ...at, ...chain, ...leaves], {
        cwd: directory.path,
      });
      assert.deepEqual(
        stdout.trim().split('\n'),
        leaves.map((leaf) => `${leaf}: OK`),
      );
    });
  }

  it('replaces its issuing certificate by one whose key is of the same kind', async () => {
    await using home = await SampleHome.open({ keyAlgorithm: 'p384' });
    await home.reopen(() => home.clock.advance(3 * 366 * dayMs));
    assert.match(home.authority.issuing.subject.flat().at(-1)?.value ?? '', / issuing-2$/);
    assert.equal(keyKind(home.authority.issuing.spki), 'p384');
  });
});
