import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OpensslCa } from './rig/existing-authority.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What openssl says of certificates, one line each. */
async function verify(words: readonly string[], expected = 0): Promise<string> {
  const { stdout, stderr } = await runProgram('openssl', ['verify', ...words], { expected });
  return stdout + stderr;
}

describe('an authority below a corporate root', () => {
  let place: TemporaryDirectory;
  let corporate: OpensslCa;
  let office: Network;
  let ann: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
    const creation = [
      'ca',
      'create',
      '--subordinate',
      '--o',
      'Office',
      '--c',
      'DE',
      '--out',
      at('office.csr'),
    ];
    office = await Network.start(at('server'), launcher, creation, async (home) => {
      writeFileSync(at('office.pem'), await corporate.sign(at('office.csr'), { extensions: 'authority' }));
      const answer = ['ca', 'complete', at('office.pem'), '--root', at('corporate/cacert.pem')];
      await runProgram(launcher, [...answer, '--home', home]);
    });
    ann = await office.join('ann', at('ann'));
  });
  after(async () => {
    await office[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('asks for what it needs: an authority with room for one more below it, of this network', async () => {
    const { stdout } = await runProgram('openssl', [
      'req',
      '-in',
      at('office.csr'),
      '-noout',
      '-text',
      '-verify',
    ]);
    assert.match(stdout, /Subject: C ?= ?DE, O ?= ?Office, CN ?= ?Holdfast authority/);
    assert.match(stdout, /Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
    assert.match(stdout, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
    assert.match(stdout, /URI:spiffe:\/\/network\.test/);
  });

  it('gives out chains of three that whoever trusts the corporate root alone verifies', async () => {
    await ann.run(['cert', 'export', at('exported')]);
    const leaf = at('exported/client.pem');
    assert.equal(readFileSync(leaf, 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 3);
    assert.match(await verify(['-CAfile', at('corporate/cacert.pem'), '-untrusted', leaf, leaf]), /OK/);
    const url = `https://localhost:${office.port + 1}/`;
    await runProgram('curl', ['--silent', '--show-error', '--cacert', at('corporate/cacert.pem'), url]);
    await office.run(['ca', 'export', at('ca.pem')]);
    assert.match(await verify(['-CAfile', at('ca.pem'), '-untrusted', leaf, leaf]), /OK/);
  });

  it('has machines that back up and renew, and restic works', async () => {
    const before = readFileSync(at('exported/client.pem'), 'utf8');
    await ann.run(['cert', 'renew', '--early']);
    assert.notEqual(readFileSync(at('exported/client.pem'), 'utf8'), before);
    writeFileSync(at('letter'), 'kept');
    await ann.run(['backup', at('letter')]);
    const { options, directory } = await ann.exportForRestic();
    await runProgram('restic', [...options, 'snapshots']);
    // The list of the root is not given again to whoever has it.
    const url = `https://localhost:${office.port}/-/control/root-crl`;
    const asked = [
      '--silent',
      '--cacert',
      join(directory, 'ca.pem'),
      '--cert',
      join(directory, 'client.pem'),
    ];
    const list = at('root.crl');
    await runProgram('curl', [...asked, '--etag-save', at('etag'), '--output', list, url]);
    const { stdout: crl } = await runProgram('openssl', [
      'crl',
      '-in',
      list,
      '-inform',
      'DER',
      '-noout',
      '-crlnumber',
    ]);
    const number = BigInt(crl.trim().replace('crlNumber=', ''));
    assert.equal(readFileSync(at('etag'), 'utf8').trim(), `"${number}"`);
    const told = ['--write-out', '%{http_code} %{size_download}', '--header', `If-None-Match: "${number}"`];
    assert.equal((await runProgram('curl', [...asked, ...told, url])).stdout, '304 0');
  });

  it('gets the next certificate for its key, which nodes, join codes of before and other programs take', async () => {
    const before = await office.joinCode('bob');
    await office.run(['ca', 'request', '--out', at('next.csr')]);
    const subject = await runProgram('openssl', ['req', '-in', at('next.csr'), '-noout', '-pubkey']);
    const first = await runProgram('openssl', ['x509', '-in', at('office.pem'), '-noout', '-pubkey']);
    assert.equal(subject.stdout, first.stdout);
    writeFileSync(at('next.pem'), await corporate.sign(at('next.csr'), { extensions: 'authority' }));
    const answer = ['ca', 'complete', at('next.pem'), '--root', at('corporate/cacert.pem')];
    const { stdout } = await office.run([...answer, '--json']);
    assert.equal((JSON.parse(stdout) as { present: boolean }).present, false);
    const again = JSON.parse((await office.run([...answer, '--json'])).stdout) as { present: boolean };
    assert.equal(again.present, true);
    await office.run(['audit', 'verify']);
    await office.run(['ca', 'export', at('ca.pem'), '--force']);
    assert.ok(
      readFileSync(at('ca.pem'), 'utf8').startsWith(
        readFileSync(at('next.pem'), 'utf8').trim().slice(0, 200),
      ),
    );
    // One that has not heard of it, one that joins by a code of before, one that joins by a code of now.
    await ann.run(['backup', at('letter')]);
    const bob = office.client('bob', at('bob'));
    await bob.run(['join', before]);
    const carol = await office.join('carol', at('carol'));
    await ann.run(['cert', 'renew', '--early']);
    await office.run(['cert', 'revoke', 'issuing-1', '--reason', 'cACompromise', '--yes']);
    for (const node of [ann, bob, carol]) {
      await node.run(['backup', at('letter')]);
      await node.run(['cert', 'export', join(node.directory, 'now')]);
      const leaf = join(node.directory, 'now/client.pem');
      assert.match(await verify(['-CAfile', at('corporate/cacert.pem'), '-untrusted', leaf, leaf]), /OK/);
      const chain = readFileSync(leaf, 'utf8').split(/(?=-----BEGIN)/);
      assert.equal(chain.at(-1)?.trim(), readFileSync(at('next.pem'), 'utf8').trim());
    }
    const shown = await runProgram(
      'openssl',
      ['s_client', '-connect', `localhost:${office.port + 1}`, '-showcerts'],
      { input: '' },
    );
    assert.ok(shown.stdout.includes(readFileSync(at('next.pem'), 'utf8').trim()));
  });

  it('refuses a certificate below which what it signed would not be valid', async () => {
    const refused = { code: 'root_unfit', exit: 1, untouched: at('corporate') } as const;
    const home = ['--home', office.home];
    const above = ['--root', at('corporate/cacert.pem')];
    const complete = async (
      extensions: readonly string[],
      words: readonly string[],
      message: RegExp,
    ): Promise<void> => {
      writeFileSync(at('unfit.pem'), await corporate.signAs(at('next.csr'), extensions, words));
      await assertRefused(['ca', 'complete', at('unfit.pem'), ...above, ...home], {
        ...refused,
        message,
        untouched: at('ann'),
      });
    };
    const usual = ['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'];
    await complete(
      usual,
      ['-subj', '/CN=Another'],
      /its subject is CN=Another, and what was signed below it names/,
    );
    await complete(usual, ['-days', '200'], /before issuing-2 does: expected/);
    await complete(
      [...usual, 'subjectKeyIdentifier=00:01:02'],
      [],
      /subject key identifier is 000102: expected/,
    );
    await complete(['basicConstraints=critical,CA:TRUE,pathlen:0'], [], /path length is 0/);
  });

  it('comes back from a backup with the corporate root', async () => {
    await office.run(['ca', 'backup', at('authority.age')]);
    await office.run(['audit', 'verify']);
    const kit = ['--kit', join(office.home, 'recovery-kit.txt')];
    await office.run(['ca', 'rehearse', at('authority.age'), ...kit]);
    const words = [
      'ca',
      'restore',
      at('authority.age'),
      ...kit,
      '--log-is-lost',
      'test',
      '--names',
      'localhost',
    ];
    await runProgram(launcher, [...words, '--home', at('restored')]);
    await runProgram(launcher, ['ca', 'export', at('again.pem'), '--home', at('restored')]);
    assert.equal(readFileSync(at('again.pem'), 'utf8'), readFileSync(at('ca.pem'), 'utf8'));
  });

  it('comes back from its PKCS#12 alone, with the corporate root, and machines go on', async () => {
    writeFileSync(at('secret'), 'a long secret\n');
    const password = ['--password-file', at('secret')];
    await office.run(['ca', 'backup', at('authority.p12'), '--format', 'p12', ...password]);
    const home = ['--home', at('from-keys')];
    await runProgram(launcher, [
      'ca',
      'restore',
      at('authority.p12'),
      '--trust-issued',
      '--names',
      'localhost',
      ...password,
      ...home,
    ]);
    await runProgram(launcher, ['ca', 'export', at('keys.pem'), ...home]);
    assert.equal(readFileSync(at('keys.pem'), 'utf8'), readFileSync(at('ca.pem'), 'utf8'));
    await runProgram(launcher, ['audit', 'verify', ...home]);
    await runProgram(launcher, ['token', 'create', 'dora', ...home]);
  });
});

describe('an authority that waits for an outside root', () => {
  let place: TemporaryDirectory;
  let corporate: OpensslCa;
  const at = (...names: string[]): string => join(place.path, ...names);
  const home = (): string[] => ['--home', at('home')];
  const create = (...words: string[]): string[] => [
    'ca',
    'create',
    '--subordinate',
    '--network',
    'backup.example',
    '--names',
    'localhost',
    ...words,
  ];
  before(async () => {
    place = temporaryDirectory();
    corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
    await runProgram(launcher, create('--out', at('one.csr'), ...home()));
  });
  after(() => place[Symbol.dispose]());

  it('says that it waits, and for what', async () => {
    const { stdout } = await runProgram(launcher, ['status', ...home()]);
    assert.match(stdout, /waits for its certificate/);
    const shown = await runProgram(launcher, ['ca', 'show', '--json', ...home()]);
    const { waiting } = JSON.parse(shown.stdout) as { waiting: Record<string, string> };
    assert.equal(waiting.subject, 'CN=Holdfast authority,O=backup.example');
    const key = await runProgram('openssl', ['req', '-in', at('one.csr'), '-noout', '-pubkey']);
    writeFileSync(at('key.pem'), key.stdout);
    await runProgram('openssl', [
      'pkey',
      '-pubin',
      '-in',
      at('key.pem'),
      '-outform',
      'DER',
      '-out',
      at('key.der'),
    ]);
    const digest = await runProgram('openssl', ['dgst', '-sha256', '-r', at('key.der')]);
    assert.equal(waiting.publicKeySha256, digest.stdout.split(' ')[0]);
    const refused = { code: 'authority_waiting', exit: 1, untouched: at('home') } as const;
    for (const words of [['serve'], ['token', 'create', 'ann'], ['ca', 'backup', at('no.age')]])
      await assertRefused([...words, ...home()], { ...refused, hint: /ca complete FILE/ });
  });

  it('is not made again over what waits, and nothing else is made there', async () => {
    const refused = { code: 'authority_waiting', exit: 1, untouched: at('home') } as const;
    await assertRefused(create('--out', at('two.csr'), ...home()), refused);
    await assertRefused(['init', '--network', 'backup.example', ...home()], refused);
    assert.equal(existsSync(at('two.csr')), false);
  });

  it('asks for the subject that is said, and its kit and keystore have passphrases', async () => {
    writeFileSync(at('secret'), 'a long secret\n');
    const subject = ['--cn', 'Backup CA', '--o', 'Ex', '--ou', 'IT', '--l', 'Ulm', '--st', 'BW', '--c', 'DE'];
    const locked = ['--home', at('locked'), '--keystore-password-file', at('secret')];
    const words = [
      ...subject,
      '--email',
      'it@example.org',
      '--key-algorithm',
      'p384',
      '--out',
      at('locked.csr'),
    ];
    writeFileSync(at('locked.csr'), 'in the way');
    const inTheWay = { code: 'object_exists', exit: 1, untouched: at('locked') } as const;
    await assertRefused(create(...words, ...locked), inTheWay);
    await runProgram(launcher, create(...words, '--force', ...locked));
    const request = await runProgram('openssl', [
      'req',
      '-in',
      at('locked.csr'),
      '-noout',
      '-text',
      '-nameopt',
      'RFC2253',
    ]);
    for (const part of ['CN=Backup CA', 'O=Ex', 'OU=IT', 'L=Ulm', 'ST=BW', 'C=DE'])
      assert.match(request.stdout, new RegExp(part.replace('=', ' ?= ?')));
    assert.match(request.stdout, /it@example\.org[^]*384 bit/);
    writeFileSync(at('locked.pem'), await corporate.sign(at('locked.csr'), { extensions: 'authority' }));
    const answer = ['ca', 'complete', at('locked.pem'), '--root', at('corporate/cacert.pem')];
    const closed = { code: 'password_missing', exit: 12, untouched: at('locked') } as const;
    await assertRefused([...answer, '--home', at('locked')], closed);
    await runProgram(launcher, [...answer, '--kit-password-file', at('secret'), ...locked]);
    assert.match(readFileSync(at('locked/recovery-kit.txt'), 'utf8'), /passphrase/i);
    await assertRefused(['ca', 'backup', at('no.age'), '--home', at('locked')], closed);
    await runProgram(launcher, ['ca', 'backup', at('yes.age'), ...locked]);
    const issuing = await runProgram(launcher, ['ca', 'show', '--json', ...locked]);
    assert.match(issuing.stdout, /"label": ?"issuing-1"[^]*P-384/);
  });

  it('writes the very request again', async () => {
    await runProgram(launcher, ['ca', 'request', '--out', at('again.csr'), ...home()]);
    assert.equal(readFileSync(at('again.csr'), 'utf8'), readFileSync(at('one.csr'), 'utf8'));
    const again = ['ca', 'request', '--out', at('again.csr'), ...home()];
    await assertRefused(again, { code: 'object_exists', exit: 1, untouched: at('home') });
    await runProgram(launcher, [...again, '--force']);
  });

  it('refuses an answer that cannot carry what is needed, naming what was found and expected', async () => {
    const unfit: readonly (readonly [readonly string[], RegExp])[] = [
      [['basicConstraints=critical,CA:TRUE,pathlen:0'], /path length is 0.*expected 1 or more/],
      [
        ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'],
        /key usage is keyCertSign, and lacks cRLSign/,
      ],
      [
        ['basicConstraints=critical,CA:TRUE', 'extendedKeyUsage=clientAuth'],
        /is for clientAuth alone, and lacks serverAuth/,
      ],
      [
        ['basicConstraints=critical,CA:TRUE', 'nameConstraints=critical,permitted;DNS:other.example'],
        /localhost, which its authority may not certify/,
      ],
      [
        ['basicConstraints=critical,CA:TRUE', 'subjectAltName=URI:spiffe://other.example'],
        /another network: found spiffe:\/\/other\.example, expected spiffe:\/\/backup\.example/,
      ],
    ];
    for (const [extensions, message] of unfit) {
      writeFileSync(at('unfit.pem'), await corporate.signAs(at('one.csr'), extensions));
      const words = ['ca', 'complete', at('unfit.pem'), '--root', at('corporate/cacert.pem'), ...home()];
      await assertRefused(words, { code: 'root_unfit', exit: 1, message, untouched: at('home') });
    }
  });

  it('refuses an answer for another key, without the outside root, and below one whose path is too short', async () => {
    const refused = { code: 'root_unfit', exit: 1, untouched: at('home') } as const;
    const above = ['--root', at('corporate/cacert.pem')];
    const other = await OpensslCa.make(at('other'), 'Other CA', { by: corporate });
    await assertRefused(['ca', 'complete', join(other.directory, 'cacert.pem'), ...above, ...home()], {
      ...refused,
      message: /found CN=Other CA \([0-9a-f]{64}\), .*expected a public key with SHA-256 [0-9a-f]{64}/,
    });
    writeFileSync(at('alone.pem'), await corporate.sign(at('one.csr'), { extensions: 'authority' }));
    await assertRefused(['ca', 'complete', at('alone.pem'), ...home()], {
      ...refused,
      message: /CN=Corporate Root,O=Old,C=DE is not here: name it with --root FILE/,
    });
    const short = await OpensslCa.make(at('short'), 'Short Root', {
      extensions: ['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'],
    });
    writeFileSync(at('short.pem'), await short.sign(at('one.csr'), { extensions: 'authority' }));
    await assertRefused(['ca', 'complete', at('short.pem'), '--root', at('short/cacert.pem'), ...home()], {
      ...refused,
      message: /path length of Short Root above it is 1: expected 2 or more/,
    });
  });

  it('takes a PKCS#7 in any order, below an authority in between, and is an authority then', async () => {
    const middle = await OpensslCa.make(at('middle'), 'Middle CA', {
      by: corporate,
      signedAs: ['basicConstraints=critical,CA:TRUE'],
    });
    writeFileSync(at('deep.pem'), await middle.sign(at('one.csr'), { extensions: 'authority' }));
    const all = ['corporate/cacert.pem', 'middle/cacert.pem', 'deep.pem'].flatMap((file) => [
      '-certfile',
      at(file),
    ]);
    await runProgram('openssl', ['crl2pkcs7', '-nocrl', ...all, '-outform', 'DER', '-out', at('deep.p7b')]);
    const { stdout } = await runProgram(launcher, ['ca', 'complete', at('deep.p7b'), '--json', ...home()]);
    const { outside } = JSON.parse(stdout) as { outside: { subject: string }[] };
    assert.deepEqual(
      outside.map(({ subject }) => subject),
      ['CN=Middle CA', 'CN=Corporate Root,O=Old,C=DE'],
    );
    assert.equal(existsSync(at('home/waiting')), false);
    await runProgram(launcher, ['token', 'create', 'ann', ...home()]);
    await assertRefused(create('--out', at('three.csr'), ...home()), {
      code: 'home_exists',
      exit: 1,
      untouched: at('home'),
    });
  });
});
