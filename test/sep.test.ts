import assert from 'node:assert/strict';
import {
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
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

// The commands of SEP sesam's guide, typed as it has them: the program is called by a link of the vendor's name.
describe('sm_ssl_cert, by its own name', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const ini = (...names: string[]): string => at('sesam/ini', ...names);
  const environment = (home = 'home'): Record<string, string> => ({
    HOME: place.path,
    HOLDFAST_HOME: at(home),
    SESAM_INI: ini(),
  });
  const smSslCert = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
    runProgram(at('bin/sm_ssl_cert'), words, { env: environment(), cwd: at('elsewhere'), expected });
  const mode = (path: string): number => statSync(path).mode & 0o777;
  const openssl = async (...words: string[]): Promise<string> =>
    (await runProgram('openssl', words, { cwd: place.path })).stdout;

  before(() => {
    place = temporaryDirectory();
    for (const directory of ['bin', 'elsewhere']) mkdirSync(at(directory));
    symlinkSync(launcher, at('bin/holdfast-link'));
    symlinkSync('holdfast-link', at('bin/sm_ssl_cert'));
  });
  after(() => place[Symbol.dispose]());

  it('points to its own help, by the name it was called by', async () => {
    const { stderr } = await smSslCert(['server'], 2);
    assert.match(stderr, /--common-name.* \[usage\]\n {2}next: sm_ssl_cert server --help\n$/);
    const { stdout } = await smSslCert(['server', '--help']);
    assert.match(stdout, /^Usage: sm_ssl_cert server /);
  });

  describe('SEP1: ca', () => {
    it('makes root certificate and key, long-lived, under the names of the guide', async () => {
      const names = ['--network', 'sep.test', '--names', 'vault.sep.test,10.9.8.7'];
      const { stdout, stderr } = await smSslCert(['ca', ...names]);
      assert.match(stdout, /^ {2}authority {3}created {3}sep\.test {3}root SHA256:.*valid 20 years$/m);
      assert.match(stderr, /^warning: .*rootCA\.key is not encrypted/m);
      assert.deepEqual(readdirSync(ini('ca')).sort(), ['rootCA.key', 'rootCA.pem']);
      assert.equal(mode(ini('ca/rootCA.key')), 0o600);
      assert.equal(mode(ini('ca')), 0o700);
      await openssl('verify', '-CAfile', ini('ca/rootCA.pem'), ini('ca/rootCA.pem'));
      const [ofKey, ofCertificate] = [
        await openssl('pkey', '-in', ini('ca/rootCA.key'), '-pubout'),
        await openssl('x509', '-in', ini('ca/rootCA.pem'), '-noout', '-pubkey'),
      ];
      assert.equal(ofKey, ofCertificate);
      const nineteenYears = String(19 * 365 * 86_400);
      await openssl('x509', '-in', ini('ca/rootCA.pem'), '-noout', '-checkend', nineteenYears);
    });

    it('records that the key left', async () => {
      const { stdout } = await runProgram(launcher, ['audit', 'list', '--json'], { env: environment() });
      const records = JSON.parse(stdout) as { kind: string; details: Record<string, unknown> }[];
      const exported = records.filter(({ kind }) => kind === 'exported');
      assert.deepEqual(
        exported.map(({ details }) => details),
        [{ key: 'root-1', to: ini('ca/rootCA.key') }],
      );
    });

    it('refuses over an authority that exists, and changes nothing', async () => {
      const before = readFileSync(ini('ca/rootCA.key'));
      await assertRefused(['sm_ssl_cert', 'ca'], {
        code: 'home_exists',
        exit: 1,
        hint: /--replace/,
        untouched: place.path,
        env: environment(),
      });
      assert.deepEqual(readFileSync(ini('ca/rootCA.key')), before);
    });

    it('refuses where its files were brought to a safe place, and writes the key no second time', async () => {
      renameSync(ini('ca'), at('safe'));
      try {
        await assertRefused(['sm_ssl_cert', 'ca'], {
          code: 'home_exists',
          exit: 1,
          untouched: place.path,
          env: environment(),
        });
      } finally {
        renameSync(at('safe'), ini('ca'));
      }
    });

    it('refuses over the files of another authority', async () => {
      await assertRefused(['sm_ssl_cert', 'ca'], {
        code: 'home_exists',
        exit: 1,
        message: /rootCA\.key/,
        untouched: place.path,
        env: environment('home-2'),
      });
    });

    it('refuses a place that cannot be written to before anything is made', async () => {
      await assertRefused(['sm_ssl_cert', 'ca', '--path', at('bin/holdfast-link/below')], {
        code: 'path_not_found',
        exit: 1,
        untouched: place.path,
        env: environment('home-2'),
      });
    });
  });

  describe('SEP3: server --common-name', () => {
    const verify = (option: string, value: string): Promise<string> => {
      const chain = ['-CAfile', ini('ca/rootCA.pem'), '-untrusted', ini('ssl/server.pem')];
      return openssl('verify', ...chain, option, value, ini('ssl/server.pem'));
    };
    const names = 'myserver,myserver.sep.test,*.sep.test,192.168.1.*,10.0.0.5,fd00::5,bücher.example';

    it('makes server.pem and server.key whose names standard TLS clients understand', async () => {
      await smSslCert(['server', `--common-name=${names}`]);
      assert.equal(mode(ini('ssl/server.key')), 0o600);
      await verify('-purpose', 'sslserver');
      assert.match(
        await openssl('x509', '-in', ini('ssl/server.pem'), '-noout', '-subject'),
        /CN ?= ?myserver$/m,
      );
    });

    const matches = (option: '-verify_hostname' | '-verify_ip', name: string): Promise<string> =>
      verify(option, name);

    for (const name of ['myserver', 'myserver.sep.test', 'any.sep.test', 'xn--bcher-kva.example']) {
      it(`openssl reaches the server as ${name}`, async () => {
        await matches('-verify_hostname', name);
      });
    }
    for (const address of ['192.168.1.0', '192.168.1.77', '192.168.1.255', '10.0.0.5', 'fd00::5']) {
      it(`openssl reaches the server at ${address}`, async () => {
        await matches('-verify_ip', address);
      });
    }
    it('openssl reaches it under no other name', async () => {
      await assert.rejects(matches('-verify_hostname', 'a.b.sep.test'));
      await assert.rejects(matches('-verify_hostname', 'sep.test'));
      await assert.rejects(matches('-verify_ip', '192.168.2.1'));
    });

    it('warns of the names that clients are configured with and the certificate lacks', async () => {
      const { stderr } = await smSslCert(['server', '--common-name=10.9.8.7']);
      assert.match(stderr, /^warning: clients are configured with vault\.sep\.test, which/m);
      assert.doesNotMatch(stderr, /configured with.*10\.9\.8\.7/);
      const { stderr: covered } = await smSslCert(['server', '--common-name=*.sep.test,10.9.8.0,10.9.8.*']);
      assert.doesNotMatch(covered, /configured with/);
    });

    it('takes an asterisk before one label, and says that most clients do not', async () => {
      const { stderr } = await smSslCert([
        'server',
        '--common-name=a,b.domain,*.domain,192.168.1.*,10.0.0.5',
      ]);
      assert.match(stderr, /^warning: most TLS clients take no host by \*\.domain/m);
    });

    for (const name of ['192.168.*.*', '192.168.*.5', '*.*', '*', '10.0.0.0/24', 'a,,b', 'a_b', ' ']) {
      it(`refuses ${JSON.stringify(name)}`, () =>
        assertRefused(['sm_ssl_cert', 'server', `--common-name=${name}`], {
          code: 'name_invalid',
          exit: 1,
          untouched: at('sesam'),
          env: environment(),
        }));
    }

    it('keeps an address pattern in the common name only when it comes first', async () => {
      await smSslCert(['server', '--common-name=192.168.1.*,myserver', '--path', at('first')]);
      const subject = await openssl('x509', '-in', at('first/server.pem'), '-noout', '-subject');
      assert.match(subject, /CN ?= ?192\.168\.1\.\*$/m);
      assert.doesNotMatch(readText(at('first/server.pem')), /DNS:192/);
    });
  });

  describe('SEP4: client --oid', () => {
    const everything =
      'C:DE,CN:Alpha One,DQ:dq1,GN:Jürgen,GQ:III,I:J.Ö.,L:Köln,N:Jürgen Å.,O:Smith, Jones & Co:,OU:Größe,' +
      'P:Ωmega,PC:80331,S:Ångström,T:Dr.';

    it('puts all fourteen attributes into the subject, and openssl shows them', async () => {
      const { stdout } = await smSslCert(['client', `--oid=${everything}`]);
      assert.match(stdout, /^ {2}issued {6}client\/alpha-one /m);
      const options = ['-nameopt', 'utf8,sep_multiline,sname'];
      const shown = await openssl('x509', '-in', ini('x.509/client.pem'), '-noout', '-subject', ...options);
      const expected = [
        'C=DE',
        'CN=Alpha One',
        'dnQualifier=dq1',
        'GN=Jürgen',
        'generationQualifier=III',
        'initials=J.Ö.',
        'L=Köln',
        'name=Jürgen Å.',
        'O=Smith, Jones & Co',
        'OU=Größe',
        'pseudonym=Ωmega',
        'postalCode=80331',
        'SN=Ångström',
        'title=Dr.',
      ];
      const lines = shown
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
      assert.deepEqual(lines.filter((line) => line !== '').sort(), expected.sort());
    });

    it('gives the client the name that --name says, and the same one again', async () => {
      const words = ['client', '--oid=CN:Some Body', '--name=beta', '--path=beta'];
      for (let round = 0; round < 2; round++)
        assert.match((await smSslCert(words)).stdout, /^ {2}issued {6}client\/beta /m);
      assert.equal(mode(at('elsewhere/beta/client.key')), 0o600);
    });

    it('takes no subject at all', async () => {
      const { stdout } = await smSslCert(['client', '--path', at('plain'), '--json']);
      assert.equal((JSON.parse(stdout) as { identity: string }).identity, 'client/client');
    });

    it('marks in the log that the key was made for another machine', async () => {
      const { stdout } = await runProgram(launcher, ['audit', 'list', '--json'], { env: environment() });
      const records = JSON.parse(stdout) as { details: Record<string, unknown> }[];
      const beta = records.filter(({ details }) => details['identity'] === 'client/beta');
      assert.deepEqual(
        beta.map(({ details }) => details['withKey']),
        [true, true],
      );
    });

    const wrong = {
      'X:a': [/found "X"/, 'usage', 2],
      'CN:a,CN:b': [/CN is there twice/, 'usage', 2],
      'CN:a,ST:b': [/ST is not a key/, 'usage', 2],
      'C:Germany': [/country/, 'name_invalid', 1],
      'CN:書籍': [/can be a name/, 'name_invalid', 1],
      'CN:data,O:': [/O has no value/, 'usage', 2],
    } as const;
    for (const [oid, [message, code, exit]] of Object.entries(wrong)) {
      it(`refuses --oid=${oid}`, () =>
        assertRefused(['sm_ssl_cert', 'client', `--oid=${oid}`], {
          code,
          exit,
          message,
          untouched: at('sesam'),
          env: environment(),
        }));
    }
  });

  describe('SEP5: the files where each machine wants them', () => {
    it('cert export --layout sesam lays them out with safe modes', async () => {
      await smSslCert(['server', '--common-name=vault.sep.test,10.9.8.7']);
      await smSslCert(['client', '--oid=CN:laptop']);
      await runProgram(launcher, ['cert', 'export', '--layout', 'sesam', at('copy')], { env: environment() });
      for (const file of [
        'ca/rootCA.pem',
        'x.509/client.pem',
        'x.509/client.key',
        'ssl/server.pem',
        'ssl/server.key',
      ]) {
        assert.equal(readText(at('copy', file)), readText(ini(file)), file);
        assert.equal(mode(at('copy', file)), file.endsWith('.key') ? 0o600 : 0o644, file);
      }
      assert.deepEqual(readdirSync(at('copy')).sort(), ['ca', 'ssl', 'x.509']);
      assert.deepEqual(readdirSync(at('copy/ca')), ['rootCA.pem']);
    });

    it('a machine that joined has the same files of its own, rewritten when it renews, and nobody else gets its name', async () => {
      await using network = await Network.start(at('network'));
      const laptop = await network.join('laptop', at('laptop'));
      await laptop.run(['cert', 'export', '--layout', 'sesam', at('own')]);
      assert.deepEqual(readdirSync(at('own')).sort(), ['ca', 'x.509']);
      assert.equal(mode(at('own/x.509/client.key')), 0o600);
      const verify = ['verify', '-CAfile', at('own/ca/rootCA.pem'), '-untrusted', at('own/x.509/client.pem')];
      await openssl(...verify, at('own/x.509/client.pem'));
      const before = readText(at('own/x.509/client.pem'));
      await laptop.run(['cert', 'renew', '--early']);
      assert.notEqual(readText(at('own/x.509/client.pem')), before);
      await openssl(...verify, at('own/x.509/client.pem'));
      const elsewhere = ['--home', network.home, '--path', at('elsewhere')];
      await assertRefused(['sm_ssl_cert', 'client', '--oid=CN:LapTop,O:x', ...elsewhere], {
        code: 'name_taken',
        exit: 23,
        message: /client\/laptop/,
        hint: /--name laptop-1; .*token create --reissue laptop$/,
        untouched: at('elsewhere'),
      });
    });
  });

  describe('SEP1: ca --replace', () => {
    it('puts the old authority and its files aside and makes another one', async () => {
      const oldRoot = readText(ini('ca/rootCA.pem'));
      const { stdout } = await smSslCert(['ca', '--replace']);
      const archived = [...stdout.matchAll(/^ {2}archived {4}(.*)$/gm)].map(([, path]) => path ?? '');
      assert.equal(archived.length, 3);
      const [home = '', , certificate = ''] = archived;
      assert.deepEqual(readdirSync(home).sort(), [
        'authority',
        'holdfast.toml',
        'recovery-kit.txt',
        'sesam.json',
      ]);
      assert.equal(mode(home), 0o700);
      assert.equal(readText(certificate), oldRoot);
      assert.notEqual(readText(ini('ca/rootCA.pem')), oldRoot);
      // What was issued before is not of the new one.
      const old = ['verify', '-CAfile', ini('ca/rootCA.pem'), '-untrusted', ini('ssl/server.pem')];
      await assert.rejects(openssl(...old, ini('ssl/server.pem')));
      assert.match(stdout, /sep\.test/);
    });

    it('leaves the old one where it is when the new one cannot be made', async () => {
      const before = readText(ini('ca/rootCA.pem'));
      const result = await smSslCert(['ca', '--replace', '--network', 'not a name', '--json'], 1);
      assert.equal(errorIn(result).code, 'name_invalid');
      assert.equal(readText(ini('ca/rootCA.pem')), before);
      await smSslCert(['client', '--path', at('again')]);
    });
  });

  describe('SEP2: the key of the root leaves', () => {
    it('and every file in which it lay in the clear is named, and removed when that is said', async () => {
      writeFileSync(at('password'), 'a long password\n');
      const offline = async (name: string, ...words: string[]): Promise<ProgramResult> =>
        await runProgram(launcher, ['ca', 'offline', at(name), '--password-file', at('password'), ...words], {
          env: environment(),
        });
      const { stderr } = await offline('root.age');
      assert.ok(stderr.includes(`still lies in ${ini('ca/rootCA.key')}`), stderr);
      const online = ['ca', 'online', at('root.age'), '--password-file', at('password')];
      await runProgram(launcher, online, { env: environment() });
      const { stdout } = await offline('again.age', '--remove-copies', '--json');
      assert.deepEqual((JSON.parse(stdout) as { copies: string[]; removed: string[] }).removed, [
        ini('ca/rootCA.key'),
      ]);
      assert.ok(!readdirSync(ini('ca')).includes('rootCA.key'));
    });
  });
});

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
