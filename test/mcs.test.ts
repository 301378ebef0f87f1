import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const password = 'yourpswd';

// The article's two commands, typed as it has them, while a server runs: the program is called by a link of that name.
describe('certutil, by its own name', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let desktop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const certutil = (words: readonly string[], home: string, expected = 0): Promise<ProgramResult> =>
    runProgram(at('certutil'), words, { env: { HOLDFAST_HOME: home }, cwd: place.path, expected });
  const openssl = async (...words: string[]): Promise<string> =>
    (await runProgram('openssl', words, { cwd: place.path })).stdout;

  before(async () => {
    place = temporaryDirectory();
    symlinkSync(launcher, at('certutil'));
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    network = await Network.start(at('server'));
    await network.server.stop();
    mkdirSync(at('mirror'));
    appendFileSync(join(network.home, 'holdfast.toml'), `\n[authority]\nlog_mirrors = ["${at('mirror')}"]\n`);
    await network.restart();
    laptop = await network.join('laptop', at('laptop'));
    desktop = await network.join('desktop', at('desktop'));
    await laptop.run(['backup', at('data')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  describe('MCS1: -backup', () => {
    it('writes private keys and certificates into one file for its owner alone, with a warning', async () => {
      const { stdout, stderr } = await certutil(
        ['-backup', password, 'c:/backup/yourcertfile'],
        network.home,
      );
      assert.match(stdout, /^ {2}backed up {3}.*yourcertfile.*keys .*root-1/m);
      assert.match(stderr, /^warning: a password on the command line/m);
      assert.equal(statSync(at('c:/backup/yourcertfile')).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(at('c:/backup')), ['yourcertfile']);
    });

    it('replaces a file that is there only with -f', async () => {
      const before = readFileSync(at('c:/backup/yourcertfile'));
      await assertRefused(['certutil', '-backup', password, at('c:/backup/yourcertfile')], {
        code: 'object_exists',
        exit: 1,
        hint: /say -f to replace it/,
        untouched: at('c:'),
        env: { HOLDFAST_HOME: network.home },
      });
      await certutil(['-f', '-backup', password, 'c:/backup/yourcertfile'], network.home);
      assert.notDeepEqual(readFileSync(at('c:/backup/yourcertfile')), before);
    });

    it('openssl pkcs12 reads it with that password, and the keys are those of the certificates', async () => {
      const read = ['pkcs12', '-in', 'c:/backup/yourcertfile', '-passin', `pass:${password}`, '-nodes'];
      const shown = await openssl(...read);
      const names = [...shown.matchAll(/friendlyName: (\S+)/g)].map(([, name]) => name);
      for (const name of ['root-1', 'issuing-1', 'ocsp-issuing-1'])
        assert.equal(names.filter((one) => one === name).length, 2, name);
      writeFileSync(at('all.pem'), shown, { mode: 0o600 });
      const [root = '', issuing = ''] = ['root-1', 'issuing-1'].map((name) => certificateOf(shown, name));
      writeFileSync(at('root.pem'), root);
      writeFileSync(at('issuing.pem'), issuing);
      await openssl('verify', '-CAfile', 'root.pem', 'issuing.pem');
      const keys = shown.match(/-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/g) ?? [];
      const publicKeys = [];
      for (const [index, key] of keys.entries()) {
        writeFileSync(at(`key-${index}.pem`), key, { mode: 0o600 });
        publicKeys.push(await openssl('pkey', '-in', `key-${index}.pem`, '-pubout'));
      }
      for (const name of ['root', 'issuing'])
        assert.ok(
          publicKeys.includes(await openssl('x509', '-in', `${name}.pem`, '-noout', '-pubkey')),
          name,
        );
    });

    it('certtool reads it too', async () => {
      const words = ['--p12-info', '--inder', '--password', password, '--infile', 'c:/backup/yourcertfile'];
      const { stdout } = await runProgram('certtool', words, { cwd: place.path });
      assert.match(stdout, /Friendly name: issuing-1/);
    });

    it('ca backup --format p12 --legacy writes the form that old readers want', async () => {
      writeFileSync(at('password'), `${password}\n`, { mode: 0o600 });
      const words = ['ca', 'backup', '--format', 'p12', '--legacy', '--password-file', at('password')];
      await network.run([...words, at('legacy.p12')]);
      const read = ['pkcs12', '-in', 'legacy.p12', '-passin', `pass:${password}`, '-noout', '-info'];
      const { stderr } = await runProgram('openssl', read, { cwd: place.path });
      assert.match(stderr, /pbeWithSHA1And3-KeyTripleDES-CBC/);
    });

    it('is recorded, with what left and what was not here', async () => {
      const { stdout } = await network.run(['audit', 'list', '--json']);
      const records = JSON.parse(stdout) as { kind: string; by: string; details: Record<string, unknown> }[];
      const [first] = records.filter(
        ({ kind, details }) => kind === 'exported' && details['as'] === 'PKCS#12',
      );
      assert.equal(first?.by, 'admin/local');
      assert.deepEqual(first.details['missing'], []);
      assert.ok(!stdout.includes(password));
    });

    const wrong = [
      ['-backup'],
      ['-backup', password],
      ['-backup', '', 'file'],
      ['-dump', password, 'file'],
      [],
    ];
    for (const words of wrong) {
      it(`refuses ${JSON.stringify(words)}`, () =>
        assertRefused(['certutil', ...words], {
          code: 'usage',
          exit: 2,
          untouched: at('c:'),
          env: { HOLDFAST_HOME: network.home },
        }));
    }

    it('leaves nothing where it cannot write', () =>
      assertRefused(['certutil', '-backup', password, at('data/file/below')], {
        code: 'path_not_found',
        exit: 1,
        untouched: at('data'),
        env: { HOLDFAST_HOME: network.home },
      }));
  });

  describe('MCS2: -restore', () => {
    const refused = async (words: readonly string[], code: string, exit: number): Promise<void> =>
      await assertRefused(['certutil', ...words], {
        code: code as 'usage',
        exit,
        untouched: at('other'),
        env: { HOLDFAST_HOME: at('other') },
      });

    it('says that the password is wrong, and makes nothing', () =>
      refused(['-restore', 'notmypswd', at('c:/backup/yourcertfile')], 'password_wrong', 12));

    it('says that the file is damaged, cut or something else, and makes nothing', async () => {
      const file = readFileSync(at('c:/backup/yourcertfile'));
      const damaged = Buffer.from(file);
      const middle = Math.floor(file.length / 2);
      damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
      writeFileSync(at('damaged.p12'), damaged);
      writeFileSync(at('cut.p12'), file.subarray(0, -10));
      writeFileSync(at('empty.p12'), '');
      await refused(['-restore', password, at('damaged.p12')], 'password_wrong', 12);
      await refused(['-restore', password, at('cut.p12')], 'pkcs12_malformed', 1);
      await refused(['-restore', password, at('empty.p12')], 'pkcs12_malformed', 1);
      await refused(['-restore', password, at('data/file')], 'pkcs12_malformed', 1);
      await refused(['-restore', password, at('nowhere')], 'path_not_found', 1);
    });

    it('refuses the keys of another authority', async () => {
      const key = [
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'foreign.key',
      ];
      await openssl('req', '-x509', ...key, '-subj', '/CN=CA_YOURCANAME', '-out', 'foreign.pem');
      const files = ['-inkey', 'foreign.key', '-in', 'foreign.pem', '-out', 'foreign.p12'];
      await openssl('pkcs12', '-export', ...files, '-passout', `pass:${password}`);
      await refused(['-restore', password, at('foreign.p12')], 'backup_foreign', 1);
    });

    it('refuses over an authority that is there, and changes nothing', () =>
      assertRefused(['certutil', '-restore', password, at('c:/backup/yourcertfile')], {
        code: 'home_exists',
        exit: 1,
        untouched: at('laptop'),
        env: { HOLDFAST_HOME: network.home },
      }));

    it('makes an authority that waits until it is said what happened to the certificates of before', async () => {
      const { stdout } = await certutil(['-restore', password, 'c:/backup/yourcertfile'], at('waits'));
      assert.match(stdout, /^ {2}restored {4}network\.test {3}keys issuing-1, ocsp-issuing-1, root-1$/m);
      assert.match(stdout, /^ {2}waiting /m);
      for (const words of [['serve'], ['token', 'create', 'x']])
        await assertRefused(words, {
          code: 'authority_restored',
          exit: 1,
          untouched: at('nowhere'),
          env: { HOLDFAST_HOME: at('waits') },
        });
    });

    it('goes on with the same root, and records the choice, when every machine is to join again', async () => {
      const words = ['-restore', password, 'c:/backup/yourcertfile', '--re-enrol'];
      await certutil(words, at('again'));
      const env = { HOLDFAST_HOME: at('again') };
      await runProgram(launcher, ['sm_ssl_cert', 'client', '--path', at('new')], { env });
      const chain = ['-CAfile', 'root.pem', '-untrusted', 'new/client.pem', 'new/client.pem'];
      await openssl('verify', ...chain);
      const { stdout } = await runProgram(launcher, ['audit', 'list', '--json'], { env });
      assert.match(stdout, /"log lost"/);
      assert.match(stdout, /re-enrol/);
    });

    it('reads what openssl made of the same keys', async () => {
      const read = ['pkcs12', '-in', 'c:/backup/yourcertfile', '-passin', `pass:${password}`, '-nodes'];
      await openssl(...read, '-cacerts', '-out', 'cas.pem');
      const shown = readFileSync(at('all.pem'), 'utf8');
      writeFileSync(at('issuing.key'), keyOf(shown, 'issuing-1'), { mode: 0o600 });
      const files = [
        '-inkey',
        'issuing.key',
        '-in',
        'issuing.pem',
        '-certfile',
        'root.pem',
        '-out',
        'by-openssl.p12',
      ];
      await openssl('pkcs12', '-export', ...files, '-passout', `pass:${password}`);
      const { stdout, stderr } = await certutil(['-restore', password, 'by-openssl.p12'], at('by-openssl'));
      assert.match(stdout, /keys issuing-1$/m);
      assert.match(stderr, /the key root-1 was not in the file/);

      // The form of OpenSSL 1, Java before 16 and Windows before 2019.
      await openssl('pkcs12', '-export', ...files.slice(0, -1), 'old.p12', '-legacy', '-passout', 'pass:');
      const old = await certutil(['-restore', '', 'old.p12'], at('by-old-openssl'));
      assert.match(old.stdout, /keys issuing-1$/m);
      assert.match(
        old.stderr,
        /^warning: .*old\.p12 protects .* weakly: certificates by RC2-40, keys by Triple DES; destroy it$/m,
      );
    });
  });

  describe('MCS4, MCS7: a PKCS#12 brings back all that it holds', () => {
    const restored = async (home: string, ...words: string[]): Promise<ProgramResult> => {
      const file = ['ca', 'restore', at('c:/backup/yourcertfile'), '--password-file', at('password')];
      return await runProgram(launcher, [...file, '--re-enrol', '--home', at(home), ...words]);
    };
    const settingsOf = (home: string): string => readFileSync(at(home, 'holdfast.toml'), 'utf8');

    before(() => writeFileSync(at('password'), `${password}\n`, { mode: 0o600 }));

    it('the key that signs OCSP answers is in use again, and on record', async () => {
      await restored('whole');
      const env = { HOLDFAST_HOME: at('whole') };
      await runProgram(launcher, ['audit', 'verify'], { env });
      await certutil(['-backup', password, 'whole.p12'], at('whole'));
      const read = ['pkcs12', '-passin', `pass:${password}`, '-nodes', '-in'];
      const [before, after] = [
        await openssl(...read, 'c:/backup/yourcertfile'),
        await openssl(...read, 'whole.p12'),
      ];
      for (const name of ['root-1', 'issuing-1', 'ocsp-issuing-1']) {
        assert.equal(certificateOf(after, name), certificateOf(before, name));
        assert.equal(keyOf(after, name), keyOf(before, name));
      }
    });

    it('the ports that certificates name are those of the server, unless others are said', async () => {
      const { stdout } = await restored('ports');
      assert.match(settingsOf('ports'), new RegExp(`^port = ${network.port}$`, 'm'));
      assert.doesNotMatch(stdout, /^ {2}port /m);
      const moved = await restored('moved', '--port', '9443');
      assert.match(
        moved.stdout,
        new RegExp(`^ {2}port +certificates name ${network.port} +here: 9443$`, 'm'),
      );
      assert.match(moved.stdout, new RegExp(`here: main 9443, open 9444, plain ${network.port + 2}$`, 'm'));
    });

    it('a home that says other ports keeps them, and is told what certificates name', async () => {
      await restored('said');
      const settings = settingsOf('said').replace(/^port = .*$/m, 'port = 9443');
      mkdirSync(at('said-before'), { mode: 0o700 });
      writeFileSync(at('said-before/home.json'), readFileSync(at('said/home.json')));
      writeFileSync(at('said-before/holdfast.toml'), settings);
      const { stderr } = await restored('said-before');
      assert.match(settingsOf('said-before'), /^port = 9443$/m);
      assert.match(
        stderr,
        new RegExp(
          `certificates name http://\\S+:${network.port + 2} .* this server answers on 9444 and 9445`,
        ),
      );
    });

    it('is said again when it was cut short after its new recovery kit, and over no other kit', async () => {
      const kit = (): string => readFileSync(at('ports/recovery-kit.txt'), 'utf8');
      const before = kit();
      renameSync(at('ports/authority'), at('ports/authority.new-0123abcd'));
      await restored('ports');
      assert.notEqual(kit(), before);
      await runProgram(launcher, ['audit', 'verify', '--home', at('ports')]);
      renameSync(at('ports/authority'), at('ports/authority.new-0123abcd'));
      writeFileSync(at('ports/recovery-kit.txt'), before);
      const words = [
        'ca',
        'restore',
        at('c:/backup/yourcertfile'),
        '--password-file',
        at('password'),
        '--re-enrol',
      ];
      await assertRefused([...words, '--home', at('ports')], {
        code: 'object_exists',
        exit: 1,
        untouched: at('ports'),
      });
    });

    it('what it does not hold is listed, as it is made and as it is restored', async () => {
      const listed = async (...words: string[]): Promise<unknown> =>
        (JSON.parse((await runProgram(launcher, [...words, '--json'])).stdout) as { notHeld: unknown })
          .notHeld;
      const home = ['--home', at('whole')];
      const secret = ['--password-file', at('password')];
      await runProgram(launcher, ['ca', 'offline', at('root.age'), ...secret, ...home]);
      const expected = ['root-1', 'recovery'];
      const p12 = ['--format', 'p12', ...secret];
      assert.deepEqual(await listed('ca', 'backup', at('no-root.p12'), ...p12, ...home), expected);
      assert.deepEqual(await listed('ca', 'backup', at('no-root.age'), ...secret, ...home), expected);
      for (const name of ['no-root.p12', 'no-root.age']) {
        const words = ['ca', 'restore', at(name), ...secret, '--home', at(`${name}-restored`)];
        assert.deepEqual(await listed(...words), expected);
      }
      const { stdout, stderr } = await runProgram(launcher, ['ca', 'backup', at('again.age'), ...home]);
      assert.match(stdout, /^ {2}not in it +the private recovery key/m);
      assert.match(stderr, /^warning: the key root-1 is not on this machine/m);
    });
  });

  describe('MCS2: what holds for certificates of before', () => {
    /** Restores with a choice, and gives how a backup of each of the two clients ends at the new server. */
    const afterRestore = async (name: string, choice: readonly string[]): Promise<(number | null)[]> => {
      await certutil(['-restore', password, 'c:/backup/yourcertfile', ...choice], at(name));
      const words = ['serve', '--port', String(network.port), '--names', '127.0.0.1,localhost'];
      await using server = new RunningProgram(words, { env: { HOLDFAST_HOME: at(name) } });
      await server.waitFor(/listening/);
      const codes: (number | null)[] = [];
      for (const client of [laptop, desktop])
        codes.push((await client.start(['backup', '--start-over', at('data')]).ended).code);
      return codes;
    };

    before(async () => {
      await network.run(['cert', 'revoke', 'client/desktop', '--reason', 'keyCompromise', '--yes']);
      await network.server.stop();
    });

    it('with a mirror of the log: the valid is accepted, the revoked is not', async () => {
      assert.deepEqual(await afterRestore('mirrored', ['--mirror', at('mirror')]), [0, 21]);
      const file = [
        at('c:/backup/yourcertfile'),
        '--password-file',
        at('password'),
        '--mirror',
        at('mirror'),
      ];
      const words = ['ca', 'restore', ...file, '--names', 'new.invalid', '--json', '--home', at('named')];
      const { serverNames } = JSON.parse((await runProgram(launcher, words)).stdout) as {
        serverNames: unknown;
      };
      assert.deepEqual(serverNames, ['127.0.0.1', 'localhost']);
    });

    it('with --re-enrol: none is accepted', async () => {
      assert.deepEqual(await afterRestore('re-enrolled', ['--re-enrol']), [21, 21]);
    });

    it('with --trust-issued: all are accepted, put on record, and can be revoked and renewed', async () => {
      assert.deepEqual(await afterRestore('trusting', ['--trust-issued']), [0, 0]);
      const env = { HOLDFAST_HOME: at('trusting') };
      const revoke = ['cert', 'revoke', 'client/desktop', '--reason', 'keyCompromise', '--yes'];
      await runProgram(launcher, revoke, { env });
      const words = ['serve', '--port', String(network.port), '--names', '127.0.0.1,localhost'];
      await using server = new RunningProgram(words, { env });
      await server.waitFor(/listening/);
      await laptop.run(['cert', 'renew', '--early']);
      await desktop.run(['backup', at('data')], 21);
    });

    it('with --trust-issued: a node that is known to be lost is ended before it is seen', async () => {
      const env = { HOLDFAST_HOME: at('foreseen') };
      await certutil(['-restore', password, 'c:/backup/yourcertfile', '--trust-issued'], at('foreseen'));
      await runProgram(launcher, ['cert', 'revoke', 'client/desktop', '--yes'], { env });
      const words = ['serve', '--port', String(network.port), '--names', '127.0.0.1,localhost'];
      await using server = new RunningProgram(words, { env });
      await server.waitFor(/listening/);
      await laptop.run(['backup', '--start-over', at('data')]);
      await desktop.run(['backup', '--start-over', at('data')], 21);
    });

    it('takes one choice alone', () =>
      assertRefused(
        ['certutil', '-restore', password, at('c:/backup/yourcertfile'), '--re-enrol', '--trust-issued'],
        {
          code: 'usage',
          exit: 2,
          untouched: at('two'),
          env: { HOLDFAST_HOME: at('two') },
        },
      ));
  });
});

function certificateOf(shown: string, name: string): string {
  return partOf(shown, name, 'CERTIFICATE');
}

function keyOf(shown: string, name: string): string {
  return partOf(shown, name, 'PRIVATE KEY');
}

/** The block of a kind that `openssl pkcs12` prints under a friendlyName. */
function partOf(shown: string, name: string, label: string): string {
  const blocks = shown.split('Bag Attributes').filter((block) => block.includes(`friendlyName: ${name}\n`));
  const block = blocks.find((one) => one.includes(`-----BEGIN ${label}-----`)) ?? '';
  return block.slice(block.indexOf('-----BEGIN'));
}
