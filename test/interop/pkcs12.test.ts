import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../src/base/index.ts';
import { createPkcs12, openPkcs12 } from '../../src/pki/index.ts';
import { runProgram } from '../rig/holdfast-process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { sampleChain } from './sample-chain.ts';

const password = 'correct horse';

for (const [form, options, weakness] of [
  ['today', [], undefined],
  ['before JDK 16', ['-J-Dkeystore.pkcs12.legacy'], 'keys by Triple DES, certificates by RC2-40'],
] as const) {
  test(`a Java keystore of ${form} is read, with all of its keys`, async () => {
    using directory = temporaryDirectory();
    const store = ['-storetype', 'PKCS12', '-keystore', 'store.p12', '-storepass', password];
    for (const alias of ['one', 'two']) {
      const key = ['-genkeypair', '-alias', alias, '-dname', `CN=${alias}`, '-keyalg', 'EC'];
      await runProgram('keytool', [...options, ...key, ...store], { cwd: directory.path });
    }
    const opened = await openPkcs12(readFileSync(join(directory.path, 'store.p12')), new Secret(password));
    assert.deepEqual(namesIn(opened), [
      ['one', 'two'],
      ['one', 'two'],
    ]);
    assert.equal(opened.weakness, weakness);
  });
}

const rc2 = 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC';
const tripleDes = 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC';

for (const [options, text, weakness] of [
  [[], 'Größe 😀', undefined],
  [['-c', tripleDes, '-C', rc2], 'Größe 😀', 'keys by Triple DES, certificates by RC2-40'],
  [['-c', rc2, '-C', rc2], '', 'keys by RC2-40, certificates by RC2-40'],
] as const) {
  test(`what pk12util ${options.join(' ')} writes under ${JSON.stringify(text)} is read`, async () => {
    using directory = temporaryDirectory();
    const { leaf, leafKeys } = await sampleChain('p256');
    const contents = {
      keys: [{ name: 'alpha', key: leafKeys.privateKey }],
      certificates: [{ name: 'alpha', der: leaf.der }],
    };
    const ours = await createPkcs12(contents, { password: new Secret(password), legacy: true });
    await writeFile(join(directory.path, 'ours.p12'), ours);
    const run = (program: string, words: readonly string[]) =>
      runProgram(program, words, { cwd: directory.path });
    await run('certutil', ['-N', '-d', 'sql:.', '--empty-password']);
    await run('pk12util', ['-d', 'sql:.', '-i', 'ours.p12', '-W', password]);
    await run('pk12util', ['-d', 'sql:.', '-o', 'theirs.p12', '-n', 'alpha', '-W', text, ...options]);
    const opened = await openPkcs12(readFileSync(join(directory.path, 'theirs.p12')), new Secret(text));
    assert.deepEqual(namesIn(opened), [['alpha'], ['alpha']]);
    assert.equal(opened.weakness, weakness);
    assert.ok(opened.keys[0]?.key.equals(leafKeys.privateKey));
  });
}

type Named = readonly { readonly name?: string }[];

function namesIn({ keys, certificates }: { keys: Named; certificates: Named }): (string | undefined)[][] {
  return [keys.map(({ name }) => name), certificates.map(({ name }) => name)];
}
