import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../src/base/index.ts';
import { createPkcs12, keyAlgorithms, type Pkcs12Contents } from '../../src/pki/index.ts';
import { runProgram } from '../rig/holdfast-process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { type SampleChain, sampleChain, writeChain } from './sample-chain.ts';

const password = 'correct horse';

async function keytool(directory: string, words: readonly string[]): Promise<string> {
  const english = ['-J-Duser.language=en', '-J-Dfile.encoding=UTF-8'];
  const { stdout, stderr } = await runProgram('keytool', [...words, ...english], { cwd: directory });
  return stdout + stderr;
}

/** Key and chain, or key and leaf alone, as a store that {@link storeOptions} name. */
async function writeStore(
  path: string,
  { leaf, issuing, root, leafKeys }: SampleChain,
  { legacy, alone }: { readonly legacy: boolean; readonly alone: boolean },
): Promise<void> {
  const above = alone ? [] : [{ der: issuing.der }, { der: root.der }];
  const contents: Pkcs12Contents = {
    keys: [{ name: 'alpha', key: leafKeys.privateKey }],
    certificates: [{ name: 'alpha', der: leaf.der }, ...above],
  };
  await writeFile(path, await createPkcs12(contents, { password: new Secret(password), legacy }));
}

const storeOptions = ['-keystore', 'alpha.p12', '-storetype', 'PKCS12', '-storepass', password];

for (const algorithm of keyAlgorithms) {
  test(`keytool follows a chain and verifies a revocation list whose keys are ${algorithm}`, async () => {
    using directory = temporaryDirectory();
    const chain = await sampleChain(algorithm);
    await writeChain(directory.path, chain);
    const { leaf, issuing, root } = chain;

    const printed = await keytool(directory.path, ['-printcert', '-file', 'chain.pem']);
    for (const { serial } of [leaf, issuing, root]) {
      assert.ok(printed.includes(`Serial number: ${serial.replace(/^0/, '')}`), printed);
    }
    assert.match(printed, /DNSName: \*\.lab\.office\.example/);
    assert.match(printed, /Permitted:/);

    await writeStore(join(directory.path, 'alpha.p12'), chain, { legacy: true, alone: true });
    const trust = (alias: string) => ['-importcert', '-noprompt', '-alias', alias, '-file', `${alias}.pem`];
    await keytool(directory.path, [...trust('root'), ...storeOptions]);
    // A reply is installed only where its signatures lead from the key in the store to a root that is trusted there.
    const install = ['-importcert', '-alias', 'alpha', '-file', 'chain.pem'];
    assert.match(await keytool(directory.path, [...install, ...storeOptions]), /reply was installed/);
    await keytool(directory.path, [...trust('issuing'), ...storeOptions]);
    const list = await keytool(directory.path, ['-printcrl', '-file', 'crl.pem', ...storeOptions]);
    assert.match(list, /Reason Code: KEY_COMPROMISE/);
    assert.match(list, /Verified by issuing in keystore/);
  });
}

// Java takes its time for as many iterations as are usual now.
for (const algorithm of ['p256', 'ed25519', 'rsa2048'] as const) {
  test(`keytool opens a PKCS#12 whose key is ${algorithm}`, async () => {
    using directory = temporaryDirectory();
    await writeStore(join(directory.path, 'alpha.p12'), await sampleChain(algorithm), {
      legacy: false,
      alone: false,
    });
    const listed = await keytool(directory.path, ['-list', '-v', ...storeOptions]);
    assert.match(listed, /Alias name: alpha/);
    assert.match(listed, /Entry type: PrivateKeyEntry/);
    assert.match(listed, /Certificate chain length: 3/);
  });
}
