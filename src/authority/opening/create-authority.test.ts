import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { dayMs, Secret } from '../../base/index.ts';
import { certificatePem } from '../../pki/index.ts';
import { notInFile, refused, SampleHome, sampleNetworkName } from '../authority.fixture.ts';
import { hasAuthority } from './build-authority.ts';
import { createAuthority } from './create-authority.ts';
import { openAuthority } from './open-authority.ts';

const run = promisify(execFile);

describe('a new authority', () => {
  it('has a root of twenty years and an issuing certificate of five that signs leaves only', async () => {
    await using home = await SampleHome.open();
    const { root, issuing } = home.authority;
    const yearsOf = (end: Date): number => Math.round((end.getTime() - home.clock.now()) / dayMs / 365);
    assert.equal(yearsOf(root.notAfter), 20);
    assert.equal(yearsOf(issuing.notAfter), 5);
    assert.equal(root.notBefore.getTime(), home.clock.now() - 300_000);
    assert.deepEqual(root.extensions.basicConstraints, { ca: true });
    assert.deepEqual(issuing.extensions.basicConstraints, { ca: true, pathLength: 0 });
    const uri = [{ kind: 'uri', value: `spiffe://${sampleNetworkName}` }];
    assert.deepEqual([root.extensions.subjectAltNames, issuing.extensions.subjectAltNames], [uri, uri]);
    assert.deepEqual(root.extensions.crlUrls, []);
    assert.deepEqual(issuing.extensions.crlUrls, ['http://status.example:8445/-/status/root-1.crl']);
  });

  it('issues chains that openssl accepts, for servers by name and address and for clients', async () => {
    await using home = await SampleHome.open();
    const server = await home.local('server', 'vault', ['vault.example', '192.0.2.7', '2001:db8::7']);
    const { issued: client } = await home.node('alpha');
    const { root, issuing } = home.authority;
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-openssl-'));
    const files = {
      root: root.der,
      issuing: issuing.der,
      server: server.certificate.der,
      client: client.certificate.der,
    };
    for (const [name, der] of Object.entries(files))
      await writeFile(join(directory, `${name}.pem`), certificatePem(der));
    const at = String(Math.floor(home.clock.now() / 1000));
    const verify = async (file: string, ...options: string[]): Promise<string> => {
      const chain = ['-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', '-attime', at];
      return (await run('openssl', ['verify', ...chain, ...options, file], { cwd: directory })).stdout.trim();
    };
    try {
      assert.equal(
        await verify('server.pem', '-purpose', 'sslserver', '-verify_hostname', 'vault.example'),
        'server.pem: OK',
      );
      assert.equal(
        await verify('server.pem', '-purpose', 'sslclient', '-verify_ip', '2001:db8::7'),
        'server.pem: OK',
      );
      assert.equal(await verify('client.pem', '-purpose', 'sslclient'), 'client.pem: OK');
      await assert.rejects(verify('client.pem', '-purpose', 'sslserver'), /unsuitable certificate purpose/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('hands out a recovery kit that is an age identity file and opens what is sealed for the network', async () => {
    await using home = await SampleHome.open();
    const text = home.kit?.reveal() ?? '';
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(lines.length, 1);
    assert.match(text, new RegExp(home.authority.root.fingerprint));
    const decrypter = new Decrypter();
    decrypter.addIdentity(lines[0] ?? '');
    assert.equal(
      await decrypter.decrypt(await sealFor(home.authority.recoveryRecipient), 'text'),
      'a password',
    );
  });

  it('protects the key in the kit with a passphrase when one is given', async () => {
    await using home = await SampleHome.empty();
    const passphrase = new Secret('correct horse battery staple');
    const authority = await createAuthority(home.options({ passphrase }));
    const recipient = authority.recoveryRecipient;
    await authority.close();
    const text = home.kit?.reveal() ?? '';
    assert.doesNotMatch(text, /AGE-SECRET-KEY/);
    const opener = new Decrypter();
    opener.addPassphrase(passphrase.reveal());
    const identity = await opener.decrypt(armor.decode(text.slice(text.indexOf('-----BEGIN'))), 'text');
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity.trim());
    assert.equal(await decrypter.decrypt(await sealFor(recipient), 'text'), 'a password');
  });

  it('keeps neither the kit nor a readable file in the home', async () => {
    await using home = await SampleHome.open();
    await home.reopen();
    const directory = join(home.path, 'authority');
    for (const name of await readdir(directory)) {
      assert.equal((await stat(join(directory, name))).mode & 0o077, 0, name);
    }
    assert.deepEqual((await readdir(home.path)).sort(), ['authority', 'lock.db', 'lock.db.pid']);
    assert.equal((await home.authority.log.list())[0]?.kind, 'authority created');
  });

  it('does not come into being when its recovery kit cannot be written', async () => {
    await using home = await SampleHome.empty();
    await assert.rejects(createAuthority(home.options({ write: failToWrite })), /no such device/);
    assert.equal(await hasAuthority(home.path), false);
    assert.deepEqual(await readdir(home.path), ['lock.db']);
    await (await createAuthority(home.options())).close();
  });

  it('takes away what a creation that was cut short left behind', async () => {
    await using home = await SampleHome.empty();
    await mkdir(join(home.path, 'authority.new-00000000'));
    await (await createAuthority(home.options())).close();
    assert.deepEqual((await readdir(home.path)).sort(), ['authority', 'lock.db']);
  });

  it('is made once for a home, and only where nobody else can look', async () => {
    await using home = await SampleHome.open();
    await home.reopen(() => refused('home_exists', createAuthority(home.options())));
    await refused('home_in_use', createAuthority(home.options()), `process ${process.pid}`);
    await refused('home_in_use', openAuthority(home.opening));
    await home.reopen(async () => {
      await chmod(home.path, 0o750);
      await refused('home_not_private', openAuthority(home.opening));
      await chmod(home.path, 0o700);
    });
  });

  it('refuses names and addresses that do not belong into certificates, and leaves nothing', async () => {
    await using home = await SampleHome.empty();
    await refused('name_invalid', createAuthority({ ...home.options(), network: 'Not A Name' }));
    for (const statusAddress of ['localhost', 'http://h:1/path', 'ftp://h', 'http://user@h']) {
      await refused('settings_invalid', createAuthority({ ...home.options(), statusAddress }));
    }
    assert.deepEqual(await readdir(home.path), []);
  });
});

describe('an authority that is opened', () => {
  it('is missing where none was made', async () => {
    await using home = await SampleHome.empty();
    await refused('home_missing', openAuthority(home.opening));
    await refused('home_missing', openAuthority({ home: join(home.path, 'no'), clock: home.clock }));
  });

  it('is named damaged when its database is gone or empty, and nothing is put in its place', {
    skip: notInFile,
  }, async () => {
    await using home = await SampleHome.open();
    await home.authority.close();
    const database = join(home.path, 'authority', 'authority.db');
    await rm(database);
    await refused('authority_damaged', openAuthority(home.opening), 'is missing');
    await assert.rejects(stat(database));
    await writeFile(database, '');
    await refused('authority_damaged', openAuthority(home.opening), 'is empty');
    assert.equal((await stat(database)).size, 0);
  });
});

function failToWrite(): Promise<void> {
  return Promise.reject(new Error('no such device'));
}

async function sealFor(recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return await encrypter.encrypt('a password');
}
