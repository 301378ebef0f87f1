import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { armor, Decrypter } from 'age-encryption';
import { acceptClock, daysLater } from './rig/clock.ts';
import { launcher, runHoldfast, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const password = 'kept in another safe';

describe('the key of the root', () => {
  let place: TemporaryDirectory;
  let network: Network;
  const at = (...names: string[]): string => join(place.path, ...names);
  const keystore = (): Buffer => readFileSync(join(network.home, 'authority/keystore'));
  const rootIn = async (): Promise<{ keyPlace: string; keyFile: string | null }> => {
    const { stdout } = await network.run(['ca', 'show', '--json']);
    const { certificates } = JSON.parse(stdout) as {
      certificates: { label: string; keyPlace: string; keyFile: string | null }[];
    };
    const root = certificates.find(({ label }) => label === 'root-1');
    assert.ok(root);
    return root;
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(place.path);
    mkdirSync(at('safe'));
    writeFileSync(at('password'), `${password}\n`);
    writeFileSync(at('wrong'), 'another one\n');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('leaves for an encrypted file that any age opens, while a server runs', async () => {
    const before = keystore().length;
    const words = ['ca', 'offline', at('safe/root.age'), '--password-file', at('password')];
    const { stdout } = await network.run(words);
    assert.match(stdout, /its key is offline/);
    assert.equal(statSync(at('safe/root.age')).mode & 0o777, 0o600);
    assert.ok(keystore().length < before);
    const root = await rootIn();
    assert.deepEqual([root.keyPlace, root.keyFile], ['offline', at('safe/root.age')]);
    const decrypter = new Decrypter();
    decrypter.addPassphrase(password);
    const sealed = armor.decode(readFileSync(at('safe/root.age'), 'utf8'));
    writeFileSync(at('plain.pem'), await decrypter.decrypt(sealed, 'text'));
    await network.run(['ca', 'export', at('ca.pem')]);
    const publicKey = (words2: readonly string[]): string =>
      execFileSync('openssl', words2, { encoding: 'utf8' });
    assert.equal(
      publicKey(['pkey', '-in', at('plain.pem'), '-pubout']),
      publicKey(['x509', '-in', at('ca.pem'), '-noout', '-pubkey']),
    );
  });

  it('signed a revocation list before that lasts until the next ceremony, a year later', async () => {
    const response = await fetch(`http://127.0.0.1:${network.port + 2}/-/status/root-1.crl`);
    writeFileSync(at('root.crl'), Buffer.from(await response.arrayBuffer()));
    const words = ['crl', '-inform', 'DER', '-in', at('root.crl'), '-CAfile', at('ca.pem'), '-noout'];
    const { stdout, stderr } = await runProgram('openssl', [...words, '-nextupdate']);
    assert.match(stderr + stdout, /verify OK/);
    const end = Date.parse(/nextUpdate=(.*)/.exec(stdout)?.[1] ?? '');
    const days = (end - Date.now()) / 86_400_000;
    assert.ok(days > 364 && days < 366, stdout);
  });

  it('is not needed to issue, renew, revoke, or to start again', async () => {
    await network.join('ann', at('ann'));
    await network.run(['cert', 'revoke', 'ann', '--yes']);
    await network.server.stop();
    await network.restart();
    await network.join('bob', at('bob'));
  });

  it('is asked for by name where it is needed, and nothing changes', async () => {
    for (const words of [
      ['ca', 'permit', 'example.com'],
      ['ca', 'offline', at('safe/again.age'), '--password-file', at('password')],
    ]) {
      const refusal = {
        code: 'root_offline',
        exit: 1,
        hint: /ca online FILE/,
        untouched: at('safe'),
      } as const;
      await assertRefused([...words, '--home', network.home], { ...refusal, message: /safe\/root\.age/ });
    }
  });

  it('is missed 90 days before its list ends, in status and in the log of the server', async () => {
    const env = daysLater(300);
    await network.server.stop();
    await acceptClock(network.home, env);
    await network.restart(env);
    const { stderr } = await runProgram(launcher, ['status', '--home', network.home], { env });
    assert.match(stderr, /list of the root ends .*ca online FILE/);
    await network.server.waitFor(/list of the root ends .*ca online FILE/);
    await network.server.stop();
    await acceptClock(network.home, {});
    await network.restart();
  });

  it('does not come back by a wrong password, a damaged file or that of another root', async () => {
    const before = keystore();
    const sealed = readFileSync(at('safe/root.age'));
    writeFileSync(at('cut.age'), sealed.subarray(0, sealed.length / 2));
    const altered = Buffer.from(sealed);
    altered.write(altered[900] === 0x41 ? 'B' : 'A', 900, 'latin1');
    writeFileSync(at('altered.age'), altered);
    const other = at('other');
    await runProgram(launcher, ['init', '--network', 'other.test', '--names', 'localhost', '--home', other]);
    const foreign = ['ca', 'offline', at('foreign.age'), '--password-file', at('password'), '--home', other];
    await runProgram(launcher, foreign);
    for (const [file, secret, code, exit] of [
      ['safe/root.age', 'wrong', 'password_wrong', 12],
      ['cut.age', 'password', 'backup_damaged', 1],
      ['altered.age', 'password', 'backup_damaged', 1],
      ['foreign.age', 'password', 'backup_foreign', 1],
      ['password', 'password', 'backup_foreign', 1],
    ] as const) {
      const words = ['ca', 'online', at(file), '--password-file', at(secret), '--json'];
      const result = await runHoldfast([...words, '--home', network.home]);
      assert.deepEqual([errorIn(result).code, result.code], [code, exit], file);
    }
    assert.deepEqual(keystore(), before);
  });

  it('comes back for what needs it, and leaves again for a file that is not there yet', async () => {
    copyFileSync(at('safe/root.age'), at('safe/copy.age'));
    await network.run(['ca', 'online', at('safe/copy.age'), '--password-file', at('password')]);
    assert.equal((await rootIn()).keyPlace, 'here');
    await network.run(['ca', 'permit', '--none']);
    const refusal = { code: 'object_exists', exit: 1, untouched: at('safe') } as const;
    const taken = ['ca', 'offline', at('safe/root.age'), '--password-file', at('password')];
    await assertRefused([...taken, '--home', network.home], refusal);
    await network.run(['ca', 'offline', at('safe/next.age'), '--password-file', at('password')]);
    const kinds = (await network.run(['audit', 'list', '--json'])).stdout;
    assert.equal(kinds.match(/"kind":"root (?:offline|online)"/g)?.length, 3);
  });

  it('is nowhere else in the home', async () => {
    const pkcs8 = execFileSync('openssl', ['pkey', '-in', at('plain.pem'), '-outform', 'DER']);
    const scalar = pkcs8.subarray(36, 68);
    const files = execFileSync('find', [network.home, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
    for (const file of files) {
      const bytes = readFileSync(file);
      assert.equal(bytes.includes(scalar), false, file);
      assert.equal(bytes.includes(scalar.toString('base64').slice(4, 40)), false, file);
    }
  });
});

test('the file with the key of the root stays when the server dies before it answers', async () => {
  using place = temporaryDirectory();
  await using network = await Network.start(join(place.path, 'a'));
  const at = (name: string): string => join(place.path, name);
  const keystore = join(network.home, 'authority/keystore');
  writeFileSync(at('password'), `${password}\n`);
  const { ino } = statSync(keystore);
  const words = ['ca', 'offline', at('root.age'), '--password-file', at('password')];
  const offline = startHoldfast([...words, '--home', network.home]);
  while (statSync(keystore).ino === ino) await setImmediate();
  await network.server.stop('SIGKILL');
  await offline.ended;
  await network.run(['ca', 'online', at('root.age'), '--password-file', at('password')]);
  await network.run(['ca', 'permit', '--none']);
});
