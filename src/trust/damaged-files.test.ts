import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { madeCrl } from '../../test/rig/made-crl.ts';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type Bytes, isHoldfastError, Secret } from '../base/index.ts';
import { Keystore } from './keystore.ts';
import { loadRootLists, readRootList, saveRootLists, trustAnchor } from './root-list.ts';
import { loadTrustBundle, saveTrustBundle, singleRootBundle } from './trust-bundle.ts';

const authority = await SampleAuthority.create();
const names = { kind: 'server', names: ['vault.example', '192.0.2.7'] } as const;
const own = singleRootBundle(authority.network, authority.root.der);
const bundle = { ...own, anchors: [...own.anchors, trustAnchor(authority.issuing.der, names)] };

interface Kept {
  readonly make: (directory: string) => Promise<unknown>;
  readonly read: (directory: string) => Promise<unknown>;
  /** Which bytes are changed: each one unless said, where reading costs little. */
  readonly step?: number;
}

const makeKeystore = async (directory: string, passphrase?: Secret<string>): Promise<void> => {
  const keystore = await Keystore.create(directory, passphrase);
  await keystore.update((entries) => entries.putSecret('a', new Secret(Buffer.from('a secret'))));
};
const passphrase = async (): Promise<Secret<string>> => new Secret('right');
const openKeystore = async (directory: string): Promise<unknown> =>
  (await Keystore.open(directory)).secret('a').reveal();
const lists = [1, 2].map((number) => readRootList(madeCrl({ signer: authority.root, number }), own.anchors));

const files: Readonly<Record<string, Kept>> = {
  keystore: { make: (at) => makeKeystore(at), read: openKeystore },
  stash: { make: (at) => makeKeystore(at), read: openKeystore },
  // With a passphrase each look costs a tenth of a second: its head, and some of what is sealed.
  'keystore ': {
    make: async (at) => makeKeystore(at, await passphrase()),
    read: (at) => Keystore.open(at, { passphrase }),
    step: 48,
  },
  'trust.json': {
    make: (at) => saveTrustBundle(join(at, 'trust.json'), bundle),
    read: (at) => loadTrustBundle(join(at, 'trust.json')),
    step: 3,
  },
  'root-crls.pem': {
    make: (at) => saveRootLists(join(at, 'root-crls.pem'), lists),
    read: (at) => loadRootLists(join(at, 'root-crls.pem'), own.anchors),
    step: 3,
  },
};

/** Each damage of a file: one bit of a byte turned, by turns each of its eight; the file cut off, at that byte. */
function* damages(good: Bytes, step: number): Iterable<readonly [what: string, damaged: Bytes]> {
  for (let at = 0; at < good.length; at += step) {
    const turned = Uint8Array.from(good);
    turned[at] = (turned[at] ?? 0) ^ (1 << ((at / step) % 8));
    yield [`byte ${at} turned`, turned];
    yield [`cut off at ${at}`, good.slice(0, at)];
  }
}

for (const [key, { make, read, step = 1 }] of Object.entries(files)) {
  const file = key.trim();
  test(`${key}: whatever byte changes or is the last, it is refused by name and nothing replaces it`, async () => {
    using directory = temporaryDirectory();
    await make(directory.path);
    await read(directory.path);
    const path = join(directory.path, file);
    const good = Uint8Array.from(readFileSync(path));
    let count = 0;
    for (const [what, damaged] of damages(good, step)) {
      writeFileSync(path, damaged);
      await assert.rejects(
        read(directory.path),
        (error) => {
          const isRefused = isHoldfastError(
            error,
            'keystore_damaged',
            'trust_bundle_damaged',
            'password_wrong',
          );
          return isRefused && error.message.includes(path);
        },
        what,
      );
      assert.deepEqual(Uint8Array.from(readFileSync(path)), damaged, what);
      count += 1;
    }
    assert.ok(count >= 6, `${count} damages`);
    writeFileSync(path, good);
    await read(directory.path);
  });
}

test('a keystore that was damaged after it was opened is not replaced by what is changed then', async () => {
  using directory = temporaryDirectory();
  await makeKeystore(directory.path);
  const keystore = await Keystore.open(directory.path);
  const path = join(directory.path, 'keystore');
  const damaged = Uint8Array.from(readFileSync(path));
  damaged[100] = (damaged[100] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  const change = keystore.update((entries) => entries.remove('a'));
  await assert.rejects(change, (error) => isHoldfastError(error, 'keystore_damaged'));
  assert.deepEqual(Uint8Array.from(readFileSync(path)), damaged);
});
