import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/** What openssl calls the key and the signature of a root. */
const kinds = [
  ['p521', 'NIST CURVE: P-521', 'ecdsa-with-SHA512'],
  ['ed25519', 'Public Key Algorithm: ED25519', 'ED25519'],
  ['rsa2048', 'Public-Key: (2048 bit)', 'sha256WithRSAEncryption'],
] as const;

describe('init --key-algorithm', () => {
  for (const [kind, key, signature] of kinds) {
    it(`${kind} makes an authority with such keys, whose network works`, async () => {
      using directory = temporaryDirectory();
      const at = (name: string) => join(directory.path, name);
      const home = ['--home', at('server')];
      const port = await freePorts();
      const init = ['init', '--names', '127.0.0.1', '--port', String(port), '--key-algorithm', kind];
      assert.equal((await runHoldfast([...init, ...home])).code, 0);
      assert.equal((await runHoldfast(['ca', 'export', at('ca.pem'), ...home])).code, 0);
      const { stdout } = await runProgram('openssl', ['x509', '-in', at('ca.pem'), '-noout', '-text']);
      assert.ok(stdout.includes(key) && stdout.includes(`Signature Algorithm: ${signature}`), stdout);

      await using server = startHoldfast(['serve', ...home]);
      await server.waitFor(/listening/);
      const code = (await runHoldfast(['token', 'create', 'laptop', ...home])).stdout.trim();
      const joined = await runHoldfast(['join', code, '--home', at('laptop')]);
      assert.equal(joined.code, 0, joined.stderr);
      const saved = await runHoldfast(['backup', at('ca.pem'), '--home', at('laptop')]);
      assert.equal(saved.code, 0, saved.stderr);
    });
  }

  it('rsa1024 is refused, and nothing is made', async () => {
    using directory = temporaryDirectory();
    const home = ['--home', join(directory.path, 'server')];
    const { code, stderr } = await runHoldfast(['init', '--key-algorithm', 'rsa1024', ...home]);
    assert.equal(code, 2);
    assert.match(stderr, /rsa1024.*p256, p384, p521, ed25519, rsa2048, rsa3072, rsa4096/s);
    assert.equal((await runHoldfast(['status', ...home])).code, 1);
  });
});
