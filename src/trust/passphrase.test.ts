import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Decrypter, Encrypter } from 'age-encryption';
import { isHoldfastError, Secret } from '../base/index.ts';
import { generateKeyPair } from '../pki/index.ts';
import { Keystore } from './keystore.ts';
import { passphraseIdentity, passphraseRecipient } from './passphrase.ts';

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

describe('an age file under a passphrase', () => {
  const seal = async (): Promise<Uint8Array> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(passphraseRecipient(right));
    return await encrypter.encrypt('what is inside');
  };
  const open = async (sealed: Uint8Array, passphrase = right): Promise<string> => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(passphraseIdentity(passphrase));
    return await decrypter.decrypt(sealed, 'text');
  };

  it('is opened by whoever speaks age, and opened here when others made it', async () => {
    const theirs = new Decrypter();
    theirs.addPassphrase(right.reveal());
    assert.equal(await theirs.decrypt(await seal(), 'text'), 'what is inside');
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(12);
    encrypter.setPassphrase(right.reveal());
    assert.equal(await open(await encrypter.encrypt('from elsewhere')), 'from elsewhere');
  });

  it('says what is wrong with the passphrase or with what it should open', async () => {
    const sealed = Buffer.from(await seal()).toString('latin1');
    const opened = (text: string, passphrase = right) => open(Buffer.from(text, 'latin1'), passphrase);
    await assert.rejects(opened(sealed, wrong), /no identity matched/);
    await assert.rejects(
      opened(sealed.replace(/^(-> scrypt \S+) 18$/m, '$1 21')),
      /2\^21 rounds of scrypt, at most 2\^20/,
    );
    await assert.rejects(opened(sealed.replace(/^(-> scrypt) \S+/m, '$1 AAAA')), /not as age writes it/);
    const two = sealed.replace(/^-> scrypt [^]*?(?=\n---)/m, '$&\n$&');
    await assert.rejects(opened(two), /others beside it, which age forbids/);
  });

  it('takes little of the thread that asks, which may serve others: its key is derived elsewhere', async () => {
    const [thread, all] = [process.threadCpuUsage(), process.cpuUsage()];
    await open(await seal());
    const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;
    const [own, whole] = [sum(process.threadCpuUsage(thread)), sum(process.cpuUsage(all))];
    assert.ok(own < whole / 4, `${own} of ${whole} µs`);
  });
});
