import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { infineonPrime, nextPrime, randomPrime, rsaKeyOf } from '../../../test/rig/weak-rsa.ts';
import { createNodeRequest } from '../../enrol/index.ts';
import { exportPublicKey, generateKeyPair, keyAlgorithms } from '../../pki/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';

/** What openssl makes with these options, and what the refusal of it names. */
const asked: readonly {
  key: readonly string[];
  options?: readonly string[];
  code: 'key_weak' | 'key_unsupported' | 'signature_unsupported';
  named: string;
}[] = [
  { key: ['RSA', 'rsa_keygen_bits:1024'], code: 'key_weak', named: 'only 1024 bits of rsa' },
  {
    key: ['RSA', 'rsa_keygen_bits:2048', 'rsa_keygen_pubexp:3'],
    code: 'key_weak',
    named: 'small rsa exponent 3',
  },
  { key: ['EC', 'ec_paramgen_curve:P-224'], code: 'key_unsupported', named: 'the curve P-224' },
  { key: ['EC', 'ec_paramgen_curve:secp256k1'], code: 'key_unsupported', named: 'the curve secp256k1' },
  { key: ['ED448'], code: 'key_unsupported', named: 'Ed448' },
  {
    key: ['EC', 'ec_paramgen_curve:P-256'],
    options: ['-sha1'],
    code: 'signature_unsupported',
    named: 'ecdsa-with-SHA1',
  },
  {
    key: ['RSA', 'rsa_keygen_bits:2048'],
    options: ['-sha1'],
    code: 'signature_unsupported',
    named: 'sha1WithRSAEncryption',
  },
];

describe('a public key', () => {
  for (const algorithm of keyAlgorithms) {
    it(`of the kind ${algorithm} gets a certificate`, async () => {
      await using home = await SampleHome.open();
      const keys = await generateKeyPair(algorithm);
      const { certificate } = await home.enrol(await home.code('alpha'), keys);
      assert.deepEqual(Buffer.from(certificate.spki), Buffer.from(exportPublicKey(keys.publicKey)));
    });
  }

  for (const { key, options = [], code, named } of asked) {
    it(`is refused by name: ${named}`, async () => {
      await using home = await SampleHome.open();
      const request = await opensslRequest(key, options);
      await refused(code, home.enrolWith(await home.code('alpha'), request), named);
      assert.equal((await home.authority.certificates.list()).length, 0);
    });
  }

  it('whose primes are close together, or made as by Infineon, is refused as weak, and so it is without a request', async () => {
    await using home = await SampleHome.open();
    const p = randomPrime();
    const close = rsaKeyOf(p, nextPrime(p + (1n << 500n)));
    const roca = rsaKeyOf(infineonPrime(), infineonPrime());
    for (const [key, named] of [
      [close, 'close together'],
      [roca, 'ROCA'],
    ] as const) {
      const code = await home.code('alpha');
      const { request } = createNodeRequest(code, key);
      await refused('key_weak', home.enrolWith(code, Buffer.from(request, 'base64')), named);
      const order = { role: 'client', name: 'alpha', spki: exportPublicKey(key) } as const;
      await refused('key_weak', home.authority.issueLocal(order), named);
    }
  });

  it('that was revoked as compromised is refused to everybody, its own identity too', async () => {
    await using home = await SampleHome.open();
    const { keys, issued } = await home.node('alpha');
    const { serial } = issued.certificate;
    await home.tamper(async (database) => {
      const update =
        "UPDATE certificates SET revoked_at = ?, revocation_reason = 'keyCompromise' WHERE serial = ?";
      await database.run(update, home.clock.now(), serial);
    });
    const again = await home.code('alpha', { reissue: true });
    await refused('request_not_allowed', home.enrol(again, keys), 'revoked as compromised');
    await refused('request_not_allowed', home.enrol(await home.code('beta'), keys), 'revoked as compromised');
  });
});

const run = promisify(execFile);

async function opensslRequest(
  [algorithm = '', ...parameters]: readonly string[],
  options: readonly string[],
) {
  using directory = temporaryDirectory();
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: directory.path });
  const details = parameters.flatMap((parameter) => ['-pkeyopt', parameter]);
  await openssl('genpkey', '-algorithm', algorithm, ...details, '-out', 'key.pem');
  const files = ['-key', 'key.pem', '-outform', 'DER', '-out', 'request.der'];
  await openssl('req', '-new', '-subj', '/CN=alpha', ...files, ...options);
  return await readFile(join(directory.path, 'request.der'));
}
