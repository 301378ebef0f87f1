import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isHoldfastError, Secret } from '../base/index.ts';
import { generateKeyPair } from '../pki/index.ts';
import { Keystore } from './keystore.ts';

const right = new Secret('correct horse');
const wrong = new Secret('incorrect horse');

describe('a keystore under a passphrase', () => {
  let directory: string;
  const open = (passphrase: Secret<string>): Promise<Keystore> =>
    Keystore.open(directory, { passphrase: async () => passphrase });
  const hasStash = (): Promise<boolean> =>
    access(join(directory, 'stash')).then(
      () => true,
      () => false,
    );

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-keystore-'));
    const keystore = await Keystore.create(directory, right);
    const { privateKey } = await generateKeyPair('p256');
    await keystore.update((entries) => entries.putKey('root-1', privateKey));
  });
  after(() => rm(directory, { recursive: true }));

  it('opens with it alone, and is changed without asking again', async () => {
    assert.equal(await hasStash(), false);
    const keystore = await open(right);
    assert.equal(keystore.openedBy, 'passphrase');
    await keystore.update((entries) => entries.putSecret('other', new Secret(Uint8Array.of(1))));
    assert.deepEqual((await open(right)).labels(), ['other', 'root-1']);
  });

  it('says that the passphrase is wrong or missing, and changes nothing', async () => {
    const file = await readFile(join(directory, 'keystore'));
    await assert.rejects(open(wrong), (error) => isHoldfastError(error, 'password_wrong'));
    await assert.rejects(Keystore.open(directory), (error) => isHoldfastError(error, 'password_missing'));
    assert.deepEqual(await readFile(join(directory, 'keystore')), file);
  });

  it('is told from a damaged one', async () => {
    const path = join(directory, 'keystore');
    const file = await readFile(path);
    for (const at of [120, file.length - 1]) {
      const flipped = Buffer.from(file);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      await writeFile(path, flipped);
      await assert.rejects(open(right), (error) => isHoldfastError(error, 'keystore_damaged'));
    }
    await writeFile(path, Buffer.concat([file.subarray(0, 20), Buffer.of(99), file.subarray(21)]));
    await assert.rejects(open(right), (error) => isHoldfastError(error, 'keystore_damaged'));
    await writeFile(path, file);
    await open(right);
  });

  it('goes under another one, under a stash and back', async () => {
    const keystore = await open(right);
    await keystore.rekey(wrong);
    await assert.rejects(open(right), (error) => isHoldfastError(error, 'password_wrong'));
    await keystore.rekey();
    assert.equal(await hasStash(), true);
    assert.deepEqual((await Keystore.open(directory)).labels(), ['other', 'root-1']);
    await keystore.update((entries) => entries.remove('other'));
    await keystore.rekey(right);
    assert.equal(await hasStash(), false);
    assert.deepEqual((await open(right)).labels(), ['root-1']);
  });

  it('that went under another one meanwhile is not changed by who had it open', async () => {
    const [one, other] = [await open(right), await open(right)];
    await one.rekey(wrong);
    const change = other.update((entries) => entries.remove('root-1'));
    await assert.rejects(change, (error) => isHoldfastError(error, 'password_wrong'));
    await one.rekey(right);
  });
});
