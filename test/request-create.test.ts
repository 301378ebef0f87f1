import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { OutsideAuthority } from './rig/outside-authority.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Terminal } from './rig/terminal.ts';

let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);
const holdfast = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
  runProgram(launcher, [...words, '--home', at('home')], { cwd: place.path, expected });
const openssl = async (...words: string[]): Promise<string> =>
  (await runProgram('openssl', words, { cwd: place.path })).stdout;
const pending = async (): Promise<{ friendlyName: string }[]> =>
  JSON.parse((await holdfast(['request', 'pending', '--json'])).stdout) as { friendlyName: string }[];

let outside: OutsideAuthority;

before(async () => {
  place = temporaryDirectory();
  outside = await OutsideAuthority.make(place.path);
});
after(() => place[Symbol.dispose]());

describe('holdfast request create', () => {
  it('makes a request from flags that openssl verifies, and keeps its key to itself', async () => {
    const names = ['--names', 'Vault.example,*.vault.example', '--names', '192.0.2.7'];
    const who = [
      '--o',
      'Müller & Söhne',
      '--ou',
      'Backup',
      '--l',
      'New York',
      '--st',
      'New York',
      '--c',
      'us',
    ];
    const words = [
      ...names,
      ...who,
      '--email',
      'ann@vault.example',
      '--key',
      'rsa3072',
      '--out',
      'vault.csr',
    ];
    const { stdout } = await holdfast(['request', 'create', '--friendly-name', 'Live Backup', ...words]);
    assert.match(stdout, /in the keystore of this machine, pending/);
    assert.match(
      (await runProgram('openssl', ['req', '-verify', '-in', at('vault.csr'), '-noout'])).stderr,
      /OK/,
    );
    const options = ['-nameopt', 'RFC2253,utf8,-esc_msb'];
    const subject = await openssl('req', '-in', 'vault.csr', '-noout', '-subject', ...options);
    assert.match(
      subject,
      /emailAddress=ann@vault\.example,CN=vault\.example,OU=Backup,O=Müller & Söhne,L=New York,ST=New York,C=US/,
    );
    const text = await openssl('req', '-in', 'vault.csr', '-noout', '-text');
    assert.match(text, /DNS:vault\.example, DNS:\*\.vault\.example, IP Address:192\.0\.2\.7/);
    assert.match(text, /Public-Key: \(3072 bit\)/);
    assert.deepEqual(
      (await pending()).map(({ friendlyName }) => friendlyName),
      ['Live Backup'],
    );
    assert.doesNotMatch(readFileSync(at('home/node/keystore'), 'latin1'), /PRIVATE|vault/);
  });

  it('has every kind of key', async () => {
    for (const key of ['p256', 'p384', 'p521', 'ed25519', 'rsa2048', 'rsa4096']) {
      await holdfast(['request', 'create', '--cn', `${key}.example`, '--key', key]);
      const { stderr } = await runProgram('openssl', [
        'req',
        '-verify',
        '-in',
        at(`${key}.example.csr`),
        '-noout',
      ]);
      assert.match(stderr, /OK/, key);
      assert.match(await openssl('req', '-in', `${key}.example.csr`, '-noout', '-text'), /DNS:\w+\.example/);
    }
  });

  it('refuses what is wrong, names the field, and makes nothing', async () => {
    writeFileSync(at('precious.csr'), 'precious\n');
    const before = await pending();
    const refusals: readonly [string[], number, RegExp][] = [
      [['--cn', 'x', '--c', 'USA'], 1, /country \(C\) has 3 characters.*\[name_invalid\]/],
      [['--cn', 'x', '--c', 'U1'], 1, /country \(C\).*\[name_invalid\]/],
      [['--cn', ''], 2, /option '--cn <name>' is empty \[usage\]/],
      [['--cn', 'x'.repeat(65)], 1, /common name \(CN\) has 65 characters.*\[name_invalid\]/],
      [['--cn', 'x', '--key', 'rsa1024'], 23, /key: RSA with 1024 bits is too small.*\[key_weak\]/],
      [['--cn', 'x', '--key', 'dsa'], 2, /key: there is no kind.*\[usage\]/],
      [['--cn', 'x', '--names', 'a b'], 1, /name "a b".*\[name_invalid\]/],
      [['--cn', 'x', '--out', 'precious.csr'], 1, /precious\.csr already \[object_exists\]/],
      [['--cn', 'x', '--out', 'nowhere/x.csr'], 1, /\[path_not_found\]/],
      [['--cn', 'p256.example', '--out', 'again.csr'], 23, /p256\.example is waiting.*\[name_taken\]/],
      [[], 1, /common name \(CN\) is empty/],
    ];
    for (const [words, expected, said] of refusals)
      assert.match((await holdfast(['request', 'create', ...words], expected)).stderr, said);
    assert.equal(readFileSync(at('precious.csr'), 'utf8'), 'precious\n');
    assert.ok(!existsSync(at('again.csr')) && !existsSync(at('x.csr')));
    assert.deepEqual(await pending(), before);
  });

  it('writes over a file only when it is told to, and gives a request up when it is told to', async () => {
    writeFileSync(at('old.csr'), 'old\n');
    await holdfast(['request', 'create', '--cn', 'old', '--out', 'old.csr', '--force']);
    assert.match(readFileSync(at('old.csr'), 'utf8'), /^-----BEGIN CERTIFICATE REQUEST-----/);
    await holdfast(['request', 'pending', '--forget', 'old', '--yes']);
    assert.ok(!(await pending()).some(({ friendlyName }) => friendlyName === 'old'));
    assert.match(
      (await holdfast(['request', 'pending', '--forget', 'old', '--yes'], 1)).stderr,
      /\[request_unknown\]/,
    );
  });

  it('leaves no home behind when it makes nothing', async () => {
    const words = ['request', 'create', '--cn', 'x', '--out', at('nowhere/x.csr'), '--home', at('other')];
    await runProgram(launcher, words, { expected: 1 });
    assert.ok(!existsSync(at('other')));
  });

  it('asks for everything on a terminal, field by field, and shows a summary before it makes anything', async () => {
    mkdirSync(at('terminal'));
    await using terminal = new Terminal(['request', 'create', '--home', at('terminal/home')], at('terminal'));
    await terminal.answer(/Friendly name/, 'Live Backup');
    await terminal.answer(/Key/, '\u001b[B\u001b[B\u001b[B\u001b[B');
    await terminal.answer(/Organisation$/m, 'Storactive');
    await terminal.answer(/Organisational unit/, 'LiveBackup');
    await terminal.answer(/Common name/, 'lbserver.example');
    await terminal.answer(/Country/, 'USA');
    await terminal.answer(/country \(C\) has 3 characters/, '\u007f');
    await terminal.answer(/State or province/, 'Connecticut');
    await terminal.answer(/City/, 'Southbury');
    await terminal.answer(/Host names/, ',192.0.2.9');
    await terminal.answer(/File for the request/, '');
    await terminal.waitFor(/This is what will be made.*CN=lbserver\.example.*ST=Connecticut/s);
    assert.ok(!existsSync(at('terminal/home')) && !existsSync(at('terminal/Live-Backup.csr')));
    await terminal.answer(/Make the key and the request/, 'y');
    assert.equal(await terminal.ended, 0);
    const text = await openssl('req', '-verify', '-in', at('terminal/Live-Backup.csr'), '-noout', '-text');
    assert.match(
      text.replaceAll(' = ', '='),
      /Subject: C=US, ST=Connecticut, L=Southbury, O=Storactive, OU=LiveBackup, CN=lbserver\.example/,
    );
    assert.match(text, /DNS:lbserver\.example, IP Address:192\.0\.2\.9/);
    assert.match(text, /Public-Key: \(2048 bit\)/);
  });

  it('offers the kind of key that was said, however it was written, and refuses one that there is not', async () => {
    mkdirSync(at('said'));
    const words = [
      'request',
      'create',
      '--home',
      at('said/home'),
      '--key',
      'RSA3072',
      '--friendly-name',
      'said',
    ];
    await using terminal = new Terminal(words, at('said'));
    for (const question of [/Friendly name/, /Key/, /Organisation$/m, /Organisational unit/])
      await terminal.answer(question, '');
    await terminal.answer(/Common name/, 'said.example');
    for (const question of [/Country/, /State or province/, /City/, /Host names/, /File for the request/])
      await terminal.answer(question, '');
    await terminal.waitFor(/This is what will be made.*RSA 3072.*Make the key and the request/s);
    terminal.type('\u0003');
    assert.equal(await terminal.ended, 130);
    await using refused = new Terminal(['request', 'create', '--key', 'rot13'], at('said'));
    assert.equal(await refused.ended, 2);
  });

  it('makes nothing when the answer is Ctrl-C', async () => {
    await using terminal = new Terminal(['request', 'create', '--home', at('gone')], place.path);
    await terminal.answer(/Friendly name/, 'x');
    await terminal.waitFor(/Key/);
    terminal.type('\u0003');
    assert.equal(await terminal.ended, 130);
    assert.ok(!existsSync(at('gone')));
  });

  it('hears Ctrl-C and the end of the machine at every question, without another key', async () => {
    const words = ['request', 'create', '--home', at('heard')];
    await using wizard = new Terminal(words, place.path);
    await wizard.answer(/Friendly name/, 'x');
    await wizard.waitFor(/Key/);
    wizard.kill('SIGINT');
    assert.equal(await wizard.ended, 130);
    const password = ['backup', at('.'), '--repo', at('unmade'), '--init', '--home', at('heard')];
    await using secret = new Terminal(password, place.path);
    await secret.waitFor(/password of the repository/);
    secret.kill('SIGTERM');
    assert.equal(await secret.ended, 130);
    assert.ok(!existsSync(at('heard')) && !existsSync(at('unmade')));
  });
});

describe('holdfast request complete', () => {
  it('pairs the certificate with the waiting key, in PEM, DER and PKCS#7', async () => {
    await outside.issue('p256.example.csr', 'p256.pem');
    writeFileSync(
      at('p256-chain.pem'),
      readFileSync(at('issuing.pem'), 'utf8') + readFileSync(at('p256.pem'), 'utf8'),
    );
    const { stdout } = await holdfast(['request', 'complete', at('p256-chain.pem'), '--json']);
    const done = JSON.parse(stdout) as { friendlyName: string; certificates: number; fingerprint: string };
    assert.deepEqual([done.friendlyName, done.certificates], ['p256.example', 2]);
    await outside.issue('p384.example.csr', 'p384.pem');
    await openssl('x509', '-in', 'p384.pem', '-outform', 'DER', '-out', 'p384.cer');
    assert.match((await holdfast(['request', 'complete', at('p384.cer')])).stderr, /no issuing certificate/);
    await outside.issue('p521.example.csr', 'p521.pem');
    const files = ['-certfile', 'root.pem', '-certfile', 'issuing.pem', '-certfile', 'p521.pem'];
    await openssl('crl2pkcs7', '-nocrl', ...files, '-out', 'p521.p7b');
    const paired = await holdfast(['request', 'complete', at('p521.p7b'), '--json']);
    assert.equal((JSON.parse(paired.stdout) as { certificates: number }).certificates, 2);
    const left = (await pending()).map(({ friendlyName }) => friendlyName);
    assert.ok(['p256.example', 'p384.example', 'p521.example'].every((name) => !left.includes(name)));
  });

  it('fails when the key is not here, says the way out, and leaves everything as it was', async () => {
    const keystore = readFileSync(at('home/node/keystore'));
    const words = [
      'req',
      '-new',
      '-newkey',
      'ed25519',
      '-nodes',
      '-subj',
      '/CN=other',
      '-keyout',
      'other.key',
    ];
    await openssl(...words, '-out', 'other.csr');
    await outside.issue('other.csr', 'other.pem');
    const { stderr } = await holdfast(['request', 'complete', at('other.pem')], 1);
    assert.match(
      stderr,
      /no private key in this home belongs to .*\[keystore_entry_missing\]\n {2}next: .*request create/s,
    );
    const again = await holdfast(['request', 'complete', at('p256.pem'), '--json']);
    assert.equal((JSON.parse(again.stdout) as { certificates: number }).certificates, 2);
    writeFileSync(at('cut.pem'), readFileSync(at('p256.pem'), 'utf8').slice(0, 300));
    assert.match((await holdfast(['request', 'complete', at('cut.pem')], 1)).stderr, /\[pem_malformed\]/);
    assert.deepEqual(readFileSync(at('home/node/keystore')), keystore);
  });
});
