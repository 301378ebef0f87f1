import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dayMs } from '../src/base/index.ts';
import { certificatePem, createName, exportPrivateKey, privateKeyPem } from '../src/pki/index.ts';
import { EasyRsa, OpensslCa } from './rig/existing-authority.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { authorityExtensions, sampleCertificate } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Plan {
  readonly layout: string | null;
  readonly outside: readonly { readonly subject: string }[];
  readonly imported: {
    readonly all: number;
    readonly valid: number;
    readonly expired: number;
    readonly revoked: number;
    readonly numbersAlone: number;
  };
  readonly notes: readonly string[];
}

interface Imported {
  readonly serial: string;
  readonly subject: string | null;
  readonly state: string;
  readonly revocationReason: string | null;
}

/** What openssl says of certificates, one line each. */
async function verify(words: readonly string[], expected = 0): Promise<string> {
  const { stdout, stderr } = await runProgram('openssl', ['verify', ...words], { expected });
  return stdout + stderr;
}

const network = ['--network', 'backup.example', '--names', 'localhost'];

describe('an easy-rsa authority with two hundred certificates that is adopted', () => {
  let place: TemporaryDirectory;
  let old: EasyRsa;
  let adopted: Network;
  let ann: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const names = Array.from({ length: 198 }, (_, index) => `machine${index}`);
  const list = async (...words: string[]): Promise<Imported[]> =>
    JSON.parse((await adopted.run(['cert', 'list', '--imported', '--json', ...words])).stdout) as Imported[];
  const serialOf = async (subject: string): Promise<string> =>
    (await list('--search', subject)).find((each) => each.subject === `CN=${subject}`)?.serial ?? '';

  before(async () => {
    place = temporaryDirectory();
    old = await EasyRsa.make(at('easy-rsa'), 'Office VPN CA');
    for (const name of ['alice', 'bob']) await old.client(name);
    await old.issue(names);
    await old.revoke('alice', 'keyCompromise');
    await old.signList();
    adopted = await Network.start(at('server'), launcher, ['ca', 'adopt', old.directory]);
    ann = await adopted.join('ann', at('ann'));
  });
  after(async () => {
    await adopted[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('has all of them on record, those revoked among them', async () => {
    const all = await list();
    assert.equal(all.length, 200);
    assert.deepEqual(
      all
        .filter(({ state }) => state === 'revoked')
        .map(({ subject, revocationReason }) => [subject, revocationReason]),
      [['CN=alice', 'keyCompromise']],
    );
    const shown = await adopted.run(['cert', 'show', await serialOf('bob'), '--json']);
    assert.match(shown.stdout, /"subject": ?"CN=bob"/);
  });

  it('revokes one of them, on the list that openssl verifies them with', async () => {
    await adopted.run([
      'cert',
      'revoke',
      '--serial',
      await serialOf('machine7'),
      '--reason',
      'superseded',
      '--yes',
    ]);
    await adopted.run(['ca', 'crl', 'root-1', '--pem', '--out', at('root.crl')]);
    const byList = ['-crl_check', '-CAfile', join(old.directory, 'pki/ca.crt'), '-CRLfile', at('root.crl')];
    const fileOf = async (name: string): Promise<string> =>
      join(old.directory, 'pki/certs_by_serial', `${(await serialOf(name)).toUpperCase()}.pem`);
    assert.match(await verify([...byList, await fileOf('machine8'), await fileOf('bob')]), /OK[^]*OK/);
    for (const name of ['machine7'])
      assert.match(await verify([...byList, await fileOf(name)], 2), /certificate revoked/);
    await assertRefused(
      ['cert', 'revoke', '--serial', await serialOf('machine7'), '--yes', '--home', adopted.home],
      { code: 'already_revoked', exit: 1, untouched: at('ann') },
    );
  });

  it('answers about them by OCSP', async () => {
    const ask = async (name: string): Promise<string> => {
      const ca = join(old.directory, 'pki/ca.crt');
      const url = `http://localhost:${adopted.port + 2}/-/status/ocsp`;
      const words = [
        'ocsp',
        '-issuer',
        ca,
        '-serial',
        `0x${await serialOf(name)}`,
        '-CAfile',
        ca,
        '-url',
        url,
      ];
      return (await runProgram('openssl', words)).stdout;
    };
    assert.match(await ask('alice'), /: revoked/);
    assert.match(await ask('bob'), /: good/);
  });

  it('has new machines whose certificates chain to the same root, and renew', async () => {
    await ann.run(['cert', 'export', at('exported')]);
    const chain = ['-CAfile', join(old.directory, 'pki/ca.crt'), '-untrusted', at('exported/client.pem')];
    assert.match(await verify([...chain, at('exported/client.pem')]), /OK/);
    const before = readFileSync(at('exported/client.pem'), 'utf8');
    await ann.run(['cert', 'renew', '--early']);
    assert.notEqual(readFileSync(at('exported/client.pem'), 'utf8'), before);
    writeFileSync(at('letter'), 'kept');
    await ann.run(['backup', at('letter')]);
  });

  it('comes back from a backup with all that it knows of before', async () => {
    await adopted.run(['ca', 'backup', at('authority.age')]);
    await adopted.run(['audit', 'verify']);
    const kit = ['--kit', join(adopted.home, 'recovery-kit.txt')];
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
    const listing = ['cert', 'list', '--imported', '--state', 'revoked', '--json'];
    const { stdout } = await runProgram(launcher, [...listing, '--home', at('restored')]);
    assert.equal((JSON.parse(stdout) as Imported[]).length, 2);
    await runProgram(launcher, ['audit', 'verify', '--home', at('restored')]);
  });

  it('names the file that its key is still in', async () => {
    const { stderr } = await adopted.run(['ca', 'show']);
    assert.match(stderr, /key of the root lies in the clear in .*easy-rsa\/pki\/private\/ca\.key/);
  });
});

describe('an openssl intermediate under a corporate root that is adopted', () => {
  let place: TemporaryDirectory;
  let corporate: OpensslCa;
  let office: OpensslCa;
  let adopted: Network;
  let ann: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
    writeFileSync(at('password'), 'old secret\n');
    office = await OpensslCa.make(at('office'), 'Office CA', { by: corporate, password: 'old secret' });
    await office.openssl(
      'pkey',
      '-in',
      'private/cakey.pem',
      '-passin',
      'pass:old secret',
      '-out',
      'plain.pem',
    );
    const chain = ['--chain', at('corporate/cacert.pem')];
    const adopting = ['ca', 'adopt', office.directory, '--password-file', at('password'), ...chain];
    adopted = await Network.start(at('server'), launcher, adopting);
    ann = await adopted.join('ann', at('ann'));
  });
  after(async () => {
    await adopted[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('gives out chains of three that whoever trusts the corporate root alone verifies', async () => {
    await ann.run(['cert', 'export', at('exported')]);
    const leaf = at('exported/client.pem');
    assert.equal(readFileSync(leaf, 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 3);
    assert.match(await verify(['-CAfile', at('corporate/cacert.pem'), '-untrusted', leaf, leaf]), /OK/);
    const url = `https://localhost:${adopted.port + 1}/`;
    await runProgram('curl', ['--silent', '--show-error', '--cacert', at('corporate/cacert.pem'), url]);
  });

  it('exports a file for others with which openssl and curl verify its server', async () => {
    await adopted.run(['ca', 'export', at('ca.pem')]);
    await ann.run(['cert', 'export', at('again')]);
    const leaf = at('again/client.pem');
    assert.match(await verify(['-CAfile', at('ca.pem'), '-untrusted', leaf, leaf]), /OK/);
    const url = `https://localhost:${adopted.port + 1}/`;
    await runProgram('curl', ['--silent', '--show-error', '--cacert', at('ca.pem'), url]);
  });

  it('is believed by its nodes for itself, so that restic works and another intermediate does not', async () => {
    writeFileSync(at('letter'), 'kept');
    await ann.run(['backup', at('letter')]);
    const { options } = await ann.exportForRestic();
    await runProgram('restic', [...options, 'snapshots']);
    const other = await OpensslCa.make(at('other'), 'Other CA', { by: corporate });
    await other.issue(['stranger']);
    const shown = await ann.run(['cert', 'verify', at('other/newcerts/1000.pem')], 21);
    assert.match(shown.stderr, /certificate_unknown_authority/);
  });
});

describe('holdfast ca adopt', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  before(() => {
    place = temporaryDirectory();
  });
  after(() => place[Symbol.dispose]());

  it('shows with --dry-run what would become what, and changes nothing', async () => {
    const ca = await OpensslCa.make(at('plan'), 'Plan CA');
    await ca.issue(['one', 'two', 'three']);
    await ca.revoke('1001', 'cessationOfOperation');
    await ca.signList();
    const words = ['ca', 'adopt', ca.directory, ...network, '--home', at('none'), '--dry-run'];
    const plan = JSON.parse((await runProgram(launcher, [...words, '--json'])).stdout) as Plan;
    assert.equal(plan.layout, 'openssl ca');
    assert.deepEqual(plan.imported, { all: 3, valid: 2, expired: 0, revoked: 1, numbersAlone: 0 });
    const { stdout, stderr } = await runProgram(launcher, words);
    assert.match(stdout, /changed +nothing/);
    assert.match(stderr, /http:\/\/pki\.old\.example\/old\.crl/);
    assert.equal(existsSync(at('none')), false);
  });

  it('takes what is known by the index and a list alone, and a PKCS#12', async () => {
    const ca = await OpensslCa.make(at('numbers'), 'Numbers CA');
    await ca.issue(['one', 'two']);
    await ca.revoke('1000', 'superseded');
    await ca.signList();
    const pair = ['-in', 'cacert.pem', '-inkey', 'private/cakey.pem'];
    await ca.openssl('pkcs12', '-export', ...pair, '-passout', 'pass:secret', '-out', at('ca.p12'));
    writeFileSync(at('secret'), 'secret\n');
    const words = [
      'ca',
      'adopt',
      at('ca.p12'),
      '--password-file',
      at('secret'),
      ...network,
      '--home',
      at('p12'),
    ];
    const sources = ['--issued', at('numbers/index.txt'), '--crl', at('numbers/crl.pem')];
    const plan = JSON.parse((await runProgram(launcher, [...words, ...sources, '--json'])).stdout) as Plan;
    assert.deepEqual(plan.imported, { all: 2, valid: 1, expired: 0, revoked: 1, numbersAlone: 2 });
    const home = ['--home', at('p12')];
    await runProgram(launcher, ['cert', 'revoke', '--serial', '1001', '--yes', ...home]);
    const asked = { code: 'object_not_found', exit: 1, untouched: at('numbers') } as const;
    await assertRefused(['cert', 'show', '1001', ...home], asked);
    await runProgram(launcher, ['ca', 'crl', 'root-1', '--pem', '--out', at('numbers.crl'), ...home]);
    const byList = ['-crl_check', '-CAfile', at('numbers/cacert.pem'), '-CRLfile', at('numbers.crl')];
    for (const serial of ['1000', '1001'])
      assert.match(await verify([...byList, at(`numbers/newcerts/${serial}.pem`)], 2), /certificate revoked/);
    await runProgram(launcher, ['audit', 'verify', ...home]);
    // The root is the network's by its issuing certificate alone, and comes back from a PKCS#12 all the same.
    const secret = ['--password-file', at('secret')];
    await runProgram(launcher, ['ca', 'backup', at('keys.p12'), '--format', 'p12', ...secret, ...home]);
    const again = ['--home', at('from-keys')];
    await runProgram(launcher, [
      'ca',
      'restore',
      at('keys.p12'),
      '--re-enrol',
      '--names',
      'localhost',
      ...secret,
      ...again,
    ]);
    const shown = await runProgram(launcher, ['ca', 'show', '--json', ...again]);
    assert.match(shown.stdout, /"network": ?"backup.example"[^]*CN=Numbers CA/);
    await runProgram(launcher, ['audit', 'verify', ...again]);
  });

  it('tells machines what its root has revoked, however long the list of before is', async () => {
    const ca = await OpensslCa.make(at('long'), 'Long CA');
    const revoked = Array.from({ length: 5000 }, (_, index) => (0x100000 + index).toString(16).toUpperCase());
    writeFileSync(
      at('long/index.txt'),
      revoked.map((serial) => `R\t301231235959Z\t260101000000Z\t${serial}\tunknown\t/CN=x\n`).join(''),
    );
    await using adopted = await Network.start(at('long-server'), launcher, ['ca', 'adopt', ca.directory]);
    const client = await adopted.join('long1', at('long-client'));
    writeFileSync(at('letter'), 'kept');
    await client.run(['backup', at('letter')]);
    await adopted.run(['cert', 'revoke', 'issuing-1', '--reason', 'cACompromise', '--yes']);
    await client.run(['backup', at('letter')]);
    const kept = await runProgram('openssl', [
      'crl',
      '-in',
      at('long-client/holdfast/node/root-crls.pem'),
      '-text',
    ]);
    const entries = kept.stdout.match(/Serial Number:/g) ?? [];
    assert.equal(entries.length, 5001);
  });

  it('takes an authority that step-ca itself has made, whose names are in string types of Go', async () => {
    const recorded = join(import.meta.dirname, 'rig/step-ca');
    writeFileSync(at('step-password'), 'step secret\n');
    const home = ['--home', at('from-step')];
    const issued = ['--issued', join(recorded, 'issued'), '--password-file', at('step-password')];
    const words = ['ca', 'adopt', recorded, ...issued, ...network, ...home];
    const { stdout, stderr } = await runProgram(launcher, words);
    assert.match(stdout, /CN=Old Step Root CA,O=Old Step +a root +as step-ca has it/);
    assert.match(stdout, /of before +1 certificate +1 valid/);
    assert.match(stderr, /1 certificate at hand is of another issuer/);
    const [, serial = ''] = /Old Step Intermediate CA.* cert revoke --serial (\S+)/.exec(stderr) ?? [];
    assert.equal(stderr.match(/Old Step Intermediate CA/g)?.length, 1);
    const root = ['-CAfile', join(recorded, 'certs/root_ca.crt')];
    const old = ['-untrusted', join(recorded, 'certs/intermediate_ca.crt'), '-no_check_time'];
    assert.match(await verify([...root, ...old, join(recorded, 'issued/svc.crt')]), /OK/);
    await runProgram(launcher, ['token', 'create', 'ann', ...home]);
    await runProgram(launcher, ['ca', 'export', at('step-ca.pem'), '--chain', ...home]);
    assert.match(await verify([...root, at('step-ca.pem')]), /OK/);
    await runProgram(launcher, ['cert', 'revoke', '--serial', serial, '--yes', ...home]);
    await runProgram(launcher, ['ca', 'crl', 'root-1', '--pem', '--out', at('step.crl'), ...home]);
    const byList = ['-crl_check', '-CRLfile', at('step.crl'), join(recorded, 'certs/intermediate_ca.crt')];
    assert.match(await verify([...root, ...byList], 2), /certificate revoked/);
    await runProgram(launcher, ['audit', 'verify', ...home]);
  });

  it('knows the layouts of step-ca and of a Windows backup', async () => {
    writeFileSync(at('old-password'), 'old secret\n');
    const password = ['--password-file', at('old-password')];
    const room = ['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'];
    const root = await OpensslCa.make(at('step-root'), 'Step Root', { extensions: room });
    const below = ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign'];
    const middle = await OpensslCa.make(at('step-middle'), 'Step Intermediate', {
      by: root,
      signedAs: below,
    });
    for (const each of ['certs', 'secrets', 'config']) mkdirSync(at('step', each), { recursive: true });
    writeFileSync(at('step/config/ca.json'), '{}');
    for (const [ca, name] of [
      [root, 'root_ca'],
      [middle, 'intermediate_ca'],
    ] as const) {
      copyFileSync(join(ca.directory, 'cacert.pem'), at('step/certs', `${name}.crt`));
      // As its programs write keys: of SEC 1, encrypted in the way of long ago.
      const key = ['ec', '-in', 'private/cakey.pem', '-aes256', '-passout', 'pass:old secret'];
      await ca.openssl(...key, '-out', at('step/secrets', `${name}_key`));
    }
    const planOf = async (place: string): Promise<Plan> => {
      const words = [
        'ca',
        'adopt',
        place,
        ...password,
        ...network,
        '--home',
        at('none'),
        '--dry-run',
        '--json',
      ];
      return JSON.parse((await runProgram(launcher, words)).stdout) as Plan;
    };
    const step = await planOf(at('step'));
    assert.equal(step.layout, 'step-ca');
    assert.equal(step.imported.all, 1);
    assert.match(step.notes.join(), /CN=Step Intermediate is an authority below it/);
    // Its intermediate alone has no room for an issuing certificate.
    rmSync(at('step/secrets/root_ca_key'));
    await assertRefused(['ca', 'adopt', at('step'), ...password, ...network, '--home', at('none')], {
      code: 'root_unfit',
      exit: 1,
      message: /path length is 0/,
      untouched: at('none'),
    });

    const windows = await OpensslCa.make(at('office'), 'Office CA');
    await windows.issue(['one', 'two']);
    await windows.revoke('1001', 'superseded');
    await windows.signList();
    mkdirSync(at('backup/DataBase'), { recursive: true });
    writeFileSync(at('backup/DataBase/Office CA.edb'), 'a database that is not read');
    const pair = ['-in', 'cacert.pem', '-inkey', 'private/cakey.pem', '-passout', 'pass:old secret'];
    await windows.openssl('pkcs12', '-export', ...pair, '-out', at('backup/Office CA.p12'));
    await windows.openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', at('backup/Office CA.crl'));
    const office = await planOf(at('backup'));
    assert.equal(office.layout, 'Windows backup');
    assert.deepEqual(office.imported, { all: 1, valid: 0, expired: 0, revoked: 1, numbersAlone: 1 });
  });

  it('says which files of a folder of certificates it could not read', async () => {
    const ca = await OpensslCa.make(at('half'), 'Half CA');
    await ca.issue(['one']);
    const [name = ''] = readdirSync(at('half/newcerts'));
    const pem = readFileSync(at('half/newcerts', name), 'utf8');
    writeFileSync(at('half/newcerts/damaged.pem'), pem.replace(/(BEGIN CERTIFICATE-----\n)./, '$1A'));
    const words = ['ca', 'adopt', ca.directory, ...network, '--home', at('none'), '--dry-run', '--json'];
    const { notes } = JSON.parse((await runProgram(launcher, words)).stdout) as Plan;
    assert.ok(
      notes.some((note) => /1 file .*cannot be read.*damaged\.pem/.test(note)),
      notes.join('\n'),
    );
  });

  it('takes a root of ML-DSA, and says whose TLS believes nothing below it', async () => {
    const keys = generateKeyPairSync('ml-dsa-65');
    const notAfter = new Date(Date.now() + 3650 * dayMs);
    const subject = createName({ CN: 'Quantum CA' });
    const root = await sampleCertificate({ subject, keys, notAfter, extensions: authorityExtensions() });
    writeFileSync(at('quantum.pem'), certificatePem(root.der));
    writeFileSync(at('quantum.key'), privateKeyPem(exportPrivateKey(keys.privateKey)));
    const files = ['--cert', at('quantum.pem'), '--key', at('quantum.key')];
    const words = ['ca', 'adopt', ...files, ...network, '--home', at('none'), '--dry-run', '--json'];
    const { notes } = JSON.parse((await runProgram(launcher, words)).stdout) as Plan;
    assert.match(notes.join(), /its key is ML-DSA-65.*restic.*curl.*believes nothing below it/);
  });

  it('says all that stands against a certificate, before anything changes', async () => {
    const poor = await OpensslCa.make(at('poor'), 'Poor CA', {
      extensions: ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'],
      days: 20,
      key: ['-newkey', 'rsa:1024'],
    });
    const words = ['ca', 'adopt', poor.directory, ...network, '--home', at('poor-home')];
    const all = [
      'only 1024 bits of rsa',
      'lacks keyCertSign and cRLSign',
      'in (?:19|20) days',
      'lacks serverAuth',
    ];
    const message = new RegExp(all.map((each) => `(?=.*${each})`).join(''));
    await assertRefused(words, { code: 'root_unfit', exit: 1, message, untouched: at('poor-home') });
    assert.equal(existsSync(at('poor-home')), false);
  });

  const unfit: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['has path length 0', ['basicConstraints=critical,CA:TRUE,pathlen:0'], /path length is 0/],
    [
      'is bound to other names',
      ['nameConstraints=critical,permitted;DNS:other.example'],
      /localhost, which its authority may not certify/,
    ],
    ['is bound to other networks', ['nameConstraints=critical,permitted;URI:other.example'], /spiffe:/],
  ];
  for (const [index, [what, extensions, found]] of unfit.entries())
    it(`refuses a root that ${what}`, async () => {
      const more = [...extensions, 'keyUsage=critical,keyCertSign,cRLSign'];
      const ca = await OpensslCa.make(at(`unfit${index}`), 'Unfit CA', { extensions: more });
      const untouched = at(`unfit-home${index}`);
      const words = ['ca', 'adopt', ca.directory, ...network, '--home', untouched];
      await assertRefused(words, { code: 'root_unfit', exit: 1, message: found, untouched });
    });

  it('refuses an intermediate whose issuer is not at hand, and a key of another certificate', async () => {
    const root = await OpensslCa.make(at('above'), 'Above');
    const below = await OpensslCa.make(at('below'), 'Below', { by: root });
    const home = at('below-home');
    const refused = { code: 'root_unfit', exit: 1, untouched: home } as const;
    const message = /CN=Above.* is not here: name it with --chain FILE/;
    await assertRefused(['ca', 'adopt', below.directory, ...network, '--home', home], {
      ...refused,
      message,
    });
    const mixed = ['--cert', at('above/cacert.pem'), '--key', at('below/private/cakey.pem')];
    await assertRefused(['ca', 'adopt', ...mixed, ...network, '--home', home], {
      ...refused,
      message: /the private key is not that of the certificate/,
    });
  });
});
