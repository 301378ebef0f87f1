import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certificatePem, certificatesFromPem } from '../src/pki/index.ts';
import { findTrustStores, installInto, readInstalled, uninstallFrom } from '../src/trust/index.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { authorityLines, opensslCertificate } from './rig/openssl-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const notRoot = process.getuid?.() !== 0;

/** Every file of a folder, by its SHA-256. */
function digests(...folders: readonly string[]): Record<string, string> {
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return Object.fromEntries(
    files.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

/** Makes a record what it is when the process was killed before it noted what a program had written. */
function forgetAfter(record: string): void {
  writeFileSync(record, readFileSync(record, 'utf8').replaceAll(/"after": "[0-9a-f]+"/g, '"after": null'));
}

describe('a root in the trust stores of a machine', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
    runProgram(launcher, [...words, '--home', laptop.home], { env: { HOME: at('user') }, expected });
  const install = ['trust', 'install', '--unconstrained', '--scope'];

  before(async () => {
    place = temporaryDirectory();
    for (const name of ['.pki/nssdb', '.mozilla/firefox/x.default']) {
      mkdirSync(at('user', name), { recursive: true });
      await runProgram('/usr/bin/certutil', ['-N', '-d', `sql:${at('user', name)}`, '--empty-password']);
    }
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is refused where nothing limits the network, and printed step by step by a dry run', async () => {
    const { stderr } = await run(['trust', 'install', '--scope', 'user'], 23);
    assert.match(stderr, /\[hierarchy_unconstrained\]/);
    const before = digests(at('user/.pki/nssdb'));
    const { stdout } = await run([...install, 'user', '--dry-run']);
    assert.match(stdout, /certutil -A -d sql:\S+nssdb -n holdfast-network\.test -t C,, -i \S+root\.pem/);
    assert.match(stdout, /firefox\/x\.default/);
    assert.deepEqual(digests(at('user/.pki/nssdb')), before);
    assert.match((await run(['trust', 'uninstall', '--scope', 'user'], 1)).stderr, /\[object_not_found\]/);
  });

  it('is that of the authority at a server whose machine is no client of its network', async () => {
    const words = [...install, 'user', '--home', network.home];
    const env = { HOME: at('user') };
    const before = digests(at('user/.pki/nssdb'));
    await assert.rejects(
      runProgram(launcher, ['trust', 'install', '--scope', 'user', '--home', network.home], { env }),
      /\[hierarchy_unconstrained\]/,
    );
    await runProgram(launcher, words, { env });
    const list = ['-L', '-d', `sql:${at('user/.pki/nssdb')}`, '-n', 'holdfast-network.test', '-a'];
    const { stdout } = await runProgram('/usr/bin/certutil', list);
    await network.run(['ca', 'export', at('root-of-server.pem')]);
    assert.deepEqual(
      certificatesFromPem(stdout),
      certificatesFromPem(readFileSync(at('root-of-server.pem'), 'utf8')),
    );
    const out = ['trust', 'uninstall', '--scope', 'user', '--home', network.home];
    await runProgram(launcher, out, { env });
    assert.deepEqual(digests(at('user/.pki/nssdb')), before);
  });

  it('is in the databases of browsers until it is taken out, and they are what they were', async () => {
    const databases = [at('user/.pki/nssdb'), at('user/.mozilla/firefox/x.default')];
    const before = digests(...databases);
    for (let time = 0; time < 2; time += 1) await run([...install, 'user']);
    for (const each of databases) {
      const { stdout } = await runProgram('/usr/bin/certutil', ['-L', '-d', `sql:${each}`]);
      assert.match(stdout, /holdfast-network\.test +C,,/);
    }
    const cert = join(databases[0] ?? '', 'cert9.db');
    const good = readFileSync(cert);
    writeFileSync(cert, Buffer.concat([good, Buffer.from('x')]));
    const { stderr } = await run(['trust', 'uninstall', '--scope', 'user'], 1);
    assert.match(stderr, /nssdb\/cert9\.db was changed since.*\[trust_store_changed\]/);
    assert.deepEqual(readFileSync(cert), Buffer.concat([good, Buffer.from('x')]));
    writeFileSync(cert, good);
    await run(['trust', 'uninstall', '--scope', 'user']);
    assert.deepEqual(digests(...databases), before);
  });

  it('goes where it was put by an install that was killed before it noted what a program had written', async () => {
    const database = at('user/.pki/nssdb');
    const record = join(laptop.home, 'node/installed-roots.json');
    const listed = async (): Promise<string> =>
      (await runProgram('/usr/bin/certutil', ['-L', '-d', `sql:${database}`])).stdout;
    await run([...install, 'user']);
    forgetAfter(record);
    await run([...install, 'user']);
    assert.match(await listed(), /holdfast-network\.test +C,,/, 'said again it is there');
    forgetAfter(record);
    await run(['trust', 'uninstall', '--scope', 'user']);
    assert.doesNotMatch(await listed(), /holdfast/);
  });

  it('is what curl believes by the store of the system, until it is taken out', {
    skip: notRoot && 'needs root',
  }, async () => {
    const stores = ['/etc/ssl/certs', '/usr/local/share/ca-certificates'];
    const url = `https://localhost:${network.port + 1}/`;
    const curl = (expected: number) => runProgram('curl', ['-sS', '-o', '/dev/null', url], { expected });
    const files = (): Record<string, string> => digestsOfFiles(stores);
    const before = files();
    await curl(60);
    await run([...install, 'machine']);
    await curl(0);
    await run(['trust', 'uninstall', '--scope', 'machine']);
    await curl(60);
    assert.deepEqual(files(), before);
  });
});

function digestsOfFiles(folders: readonly string[]): Record<string, string> {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(
    files.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

it('the stores of other systems are found where they are there', async () => {
  using root = temporaryDirectory();
  const places = {
    platform: 'linux',
    root: root.path,
    home: root.path,
    name: 'holdfast-n',
    file: '/r.pem',
    serial: '01',
  } as const;
  assert.deepEqual(await findTrustStores('machine', places), []);
  mkdirSync(join(root.path, 'etc/pki/ca-trust/source/anchors'), { recursive: true });
  const [redHat] = await findTrustStores('service', places);
  assert.deepEqual(redHat?.install, [['update-ca-trust', 'extract']]);
  assert.equal(redHat?.own, join(root.path, 'etc/pki/ca-trust/source/anchors/holdfast-n.pem'));
  mkdirSync(join(root.path, 'usr/lib/jvm/java/lib/security'), { recursive: true });
  writeFileSync(join(root.path, 'usr/lib/jvm/java/lib/security/cacerts'), '');
  const [, java] = await findTrustStores('machine', places);
  assert.equal(java?.install[0]?.[0], 'keytool');
  const [mac] = await findTrustStores('user', { ...places, platform: 'darwin' });
  assert.match(
    mac?.install[0]?.join(' ') ?? '',
    /^security add-trusted-cert -r trustRoot -k \S+login\.keychain-db \/r\.pem$/,
  );
  const [windows] = await findTrustStores('machine', { ...places, platform: 'win32' });
  assert.deepEqual(windows?.uninstall, [['certutil.exe', '-delstore', 'Root', '01']]);
});

it('a store of Java takes a root, and is what it was when that is out, or when it could not be taken', async () => {
  using root = temporaryDirectory();
  const at = (name: string): string => join(root.path, name);
  mkdirSync(at('usr/lib/jvm/java/lib/security'), { recursive: true });
  const cacerts = at('usr/lib/jvm/java/lib/security/cacerts');
  const { der } = opensslCertificate({ subject: '/CN=a root', extensions: authorityLines });
  writeFileSync(at('root.pem'), certificatePem(der));
  const list = ['-list', '-keystore', cacerts, '-storepass', 'changeit'];
  const making = ['-importcert', '-noprompt', '-alias', 'first', '-file', at('root.pem'), ...list.slice(1)];
  await runProgram('keytool', making);
  let before = readFileSync(cacerts);
  const places = { platform: 'linux', root: root.path, home: root.path, serial: '01' } as const;
  const [store] = await findTrustStores('machine', { ...places, name: 'holdfast-n', file: at('root.pem') });
  assert.ok(store);
  const installing = { store, scope: 'machine', pem: '' } as const;
  await installInto(at('record'), installing);
  assert.match((await runProgram('keytool', list)).stdout, /holdfast-n/);
  const [installed] = await readInstalled(at('record'));
  assert.ok(installed);
  await uninstallFrom(at('record'), installed);
  assert.deepEqual(readFileSync(cacerts), before);
  assert.deepEqual(await readInstalled(at('record')), []);
  await installInto(at('record'), installing);
  forgetAfter(at('record'));
  await runProgram('keytool', [...making.slice(0, 3), 'second', ...making.slice(4)]);
  const [cutShort] = await readInstalled(at('record'));
  assert.ok(cutShort);
  await uninstallFrom(at('record'), cutShort);
  const { stdout } = await runProgram('keytool', list);
  assert.match(stdout, /second/, 'what others put in since stays');
  assert.doesNotMatch(stdout, /holdfast-n/);
  before = readFileSync(cacerts);
  writeFileSync(at('root.pem'), 'no certificate');
  await assert.rejects(installInto(at('record'), installing), { code: 'trust_store_failed' });
  assert.deepEqual(readFileSync(cacerts), before);
  assert.deepEqual(await readInstalled(at('record')), []);
});
