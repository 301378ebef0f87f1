import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyAlgorithms } from '../../src/pki/index.ts';
import { runProgram } from '../rig/holdfast-process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { sampleChain, writeChain } from './sample-chain.ts';

for (const algorithm of keyAlgorithms) {
  test(`certtool reads and verifies a chain and a revocation list whose keys are ${algorithm}`, async () => {
    using directory = temporaryDirectory();
    const chain = await sampleChain(algorithm);
    await writeChain(directory.path, chain);
    const certtool = async (words: readonly string[], expected = 0): Promise<string> => {
      const { stdout, stderr } = await runProgram('certtool', words, { cwd: directory.path, expected });
      return stdout + stderr;
    };
    for (const name of ['root', 'issuing', 'leaf'] as const) {
      const text = await certtool(['--certificate-info', '--infile', `${name}.pem`]);
      assert.ok(text.replaceAll(':', '').includes(chain[name].serial), text);
      assert.doesNotMatch(text, /unknown|error|unsupported/i);
    }
    const verify = ['--verify', '--load-ca-certificate', 'root.pem', '--infile', 'chain.pem'];
    const asServer = [...verify, '--verify-purpose', '1.3.6.1.5.5.7.3.1'];
    for (const host of ['alpha.office.example', 'a.lab.office.example', '192.168.1.77']) {
      assert.match(
        await certtool([...asServer, `--verify-hostname=${host}`]),
        /Chain verification output: Verified/,
      );
    }
    const other = await certtool([...asServer, '--verify-hostname=beta.office.example'], 1);
    assert.match(other, /name in the certificate does not match/i);
    const list = ['--verify-crl', '--load-ca-certificate', 'issuing.pem', '--infile', 'crl.pem'];
    assert.match(await certtool(list), /Verification output: Verified/);
    const revoked = await certtool(['--crl-info', '--infile', 'crl.pem']);
    assert.ok(revoked.includes(chain.root.serial), revoked);
  });
}
