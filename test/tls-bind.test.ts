import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { diskSteps, killAtStep } from './rig/disk-steps.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Impostor } from './rig/impostor.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { OutsideAuthority } from './rig/outside-authority.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a certificate of an outside authority', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let outside: OutsideAuthority;
  const at = (...names: string[]): string => join(place.path, ...names);
  const openssl = (...words: string[]): Promise<ProgramResult> =>
    runProgram('openssl', words, { cwd: place.path });
  const joinFiles = (out: string, ...names: string[]): void =>
    writeFileSync(at(out), names.map((name) => readFileSync(at(name), 'utf8')).join(''));
  /** The issuer that a TLS client is shown who names `host`. */
  const shownTo = async (host: string, port = network.port + 1): Promise<string> => {
    const words = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', host];
    const { stdout } = await runProgram('sh', [
      '-c',
      `openssl ${words.join(' ')} </dev/null 2>/dev/null; true`,
    ]);
    return /issuer=(.*)/.exec(stdout)?.[1] ?? '';
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
    outside = await OutsideAuthority.make(place.path);
    await network.run(['request', 'create', '--cn', 'localhost', '--out', at('localhost.csr')]);
    await outside.issue('localhost.csr', 'leaf.pem');
    joinFiles('chain.pem', 'leaf.pem', 'issuing.pem');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is refused when key, order, dates or host are wrong, and nothing changes', async () => {
    await openssl('genpkey', '-algorithm', 'ed25519', '-out', 'other.key');
    await outside.issue('localhost.csr', 'ended.pem', -1);
    joinFiles('reversed.pem', 'issuing.pem', 'leaf.pem');
    joinFiles('gap.pem', 'leaf.pem', 'root.pem');
    const withKey = ['-inkey', 'root.key', '-in', 'root.pem', '-out', 'keys.p12', '-passout', 'pass:any'];
    await openssl('pkcs12', '-export', ...withKey);
    const host = ['--host', 'localhost'];
    const refusals: readonly [string[], number, RegExp][] = [
      [
        ['chain.pem', ...host, '--key', at('other.key')],
        21,
        /key does not belong to the certificate.*\[certificate_not_allowed\]/s,
      ],
      [['reversed.pem', ...host], 21, /out of order.*\[certificate_not_allowed\]/s],
      [['gap.pem', ...host], 21, /out of order.*\[certificate_not_allowed\]/s],
      [['ended.pem', ...host], 21, /\[certificate_expired\]/],
      [
        ['leaf.pem', ...host, '--roots', at('root.pem')],
        21,
        /ends with CN=localhost, which no root in --roots signed; expected CN=Outside issuing/,
      ],
      [['keys.p12', ...host], 1, /is a PKCS#12 file.*openssl pkcs12 -in/s],
      [['chain.pem', '--host', 'vault.example'], 22, /expected vault\.example \[certificate_wrong_name\]/],
      [['chain.pem', '--host', '192.0.2.7'], 1, /\[name_invalid\]/],
      [['chain.pem', '--listener', 'nowhere'], 2, /there is no TLS listener nowhere, expected main or open/],
      [['chain.pem', ...host, '--listener', 'main'], 2, /\[usage\]/],
      [['nowhere.pem', ...host], 1, /\[path_not_found\]/],
    ];
    for (const [[file = '', ...words], expected, said] of refusals) {
      const { stderr } = await network.run(['tls', 'bind', at(file), ...words], expected);
      assert.match(stderr, said);
    }
    assert.match(await shownTo('localhost'), /network\.test/);
    const stranger = [
      'req',
      '-new',
      '-key',
      'other.key',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ];
    await openssl(...stranger, '-out', 'stranger.csr');
    await outside.issue('stranger.csr', 'stranger.pem');
    const keyless = await network.run(['tls', 'bind', at('stranger.pem'), ...host], 1);
    assert.match(keyless.stderr, /\[keystore_entry_missing\]\n +next: .*--key FILE/);
  });

  it('is asked after, listed and bound in a home where nothing was served yet', async () => {
    const home = at('fresh');
    const fresh = (...words: string[]): Promise<ProgramResult> =>
      runProgram(launcher, [...words, '--home', home], { cwd: place.path });
    await fresh('init', '--network', 'fresh.test', '--names', 'localhost');
    assert.match((await fresh('request', 'pending')).stderr, /no request of this machine waits/);
    assert.match((await fresh('tls', 'list')).stderr, /nothing is bound/);
    const own = ['-keyout', 'own.key', '-out', 'own.pem', '-subj', '/CN=Own'];
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...own);
    await fresh('tls', 'bind', 'own.pem', '--key', 'own.key', '--listener', 'main');
    const listed = (await fresh('tls', 'list')).stdout;
    assert.match(listed, /listener main +CN=Own/);
    // It vouches for itself, and clients are told to believe it as it is.
    const alone = ['-keyout', 'alone.key', '-out', 'alone.pem', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...alone, ...names);
    const itself = ['--key', 'alone.key', '--host', 'localhost', '--roots', 'alone.pem'];
    await fresh('tls', 'bind', 'alone.pem', ...itself);
    assert.match((await fresh('tls', 'list')).stdout, /believe for localhost +CN=localhost/);
    await fresh('tls', 'unbind', '--host', 'localhost');
    assert.match(listed, /all others +are shown the server's own certificate/);
  });

  it('comes as PKCS#7 in any order, since that has none, with the root or without a warning', async () => {
    await network.run(['request', 'create', '--cn', 'other.example', '--out', at('other.csr')]);
    await outside.issue('other.csr', 'other.pem');
    joinFiles('set.pem', 'root.pem', 'issuing.pem', 'other.pem');
    const der = ['-outform', 'DER', '-out', 'set.p7b'];
    await openssl('crl2pkcs7', '-nocrl', '-certfile', 'set.pem', ...der);
    await openssl('crl2pkcs7', '-nocrl', '-certfile', 'set.pem', '-out', 'set.p7c');
    const { stderr } = await network.run(['request', 'complete', at('set.p7b')]);
    assert.equal(stderr, '');
    for (const file of ['set.p7b', 'set.p7c'])
      await network.run(['tls', 'bind', at(file), '--host', 'other.example', '--roots', at('root.pem')]);
    assert.match(await shownTo('other.example'), /Outside issuing/);
    await network.run(['tls', 'unbind', '--host', 'other.example']);
  });

  it('is shown for its host name at once, while a transfer over the old one goes on', async () => {
    writeFileSync(at('large'), Buffer.alloc(64 * 1024 * 1024, 'not so random'));
    const transfer = laptop.start(['backup', at('large')]);
    await network.run(['request', 'complete', at('chain.pem')]);
    const { stdout } = await network.run([
      'tls',
      'bind',
      at('chain.pem'),
      '--host',
      'localhost',
      '--roots',
      at('root.pem'),
    ]);
    assert.match(stdout, /bound +host localhost/);
    assert.match(await shownTo('localhost'), /Outside issuing/);
    assert.match(await shownTo('127.0.0.1'), /network\.test/);
    assert.equal((await transfer.ended).code, 0);
    const listed = JSON.parse((await network.run(['tls', 'list', '--json'])).stdout) as {
      bindings: { kind: string; name: string; fingerprint: string; notAfter: string }[];
      roots: { host: string; subject: string }[];
    };
    assert.deepEqual(
      listed.bindings.map(({ kind, name }) => [kind, name]),
      [['host', 'localhost']],
    );
    assert.deepEqual(
      listed.roots.map(({ host, subject }) => [host, subject]),
      [['localhost', 'CN=Outside root']],
    );
  });

  it('is taken by a client once its trust bundle binds the host to the root, and for no other host', async () => {
    const words = ['snapshots', '--repo', `https://localhost:${network.port}/laptop/`];
    await laptop.run(['snapshots']);
    await laptop.run(['cert', 'renew', '--early']);
    const trusted = JSON.parse((await laptop.run(['trust', 'list', '--json'])).stdout) as {
      speaksFor: string;
      from: string;
    }[];
    assert.deepEqual(
      trusted.map(({ speaksFor, from }) => [speaksFor, from]),
      [
        ['network network.test', 'the network'],
        ['localhost', 'the network'],
      ],
    );
    await laptop.run(words);
    await network.run(['tls', 'bind', at('chain.pem'), '--listener', 'main']);
    const byAddress = ['snapshots', '--repo', `https://127.0.0.1:${network.port}/laptop/`];
    const { stderr } = await laptop.run(byAddress, 21);
    assert.match(stderr, /\[certificate_unknown_authority\]/);
    await network.run(['tls', 'unbind', '--listener', 'main']);
    await laptop.run(byAddress);
    await laptop.run(['snapshots']);
  });

  it('warns when a listener is called by names that the certificate is not for', async () => {
    const { stderr } = await network.run(['tls', 'bind', at('chain.pem'), '--listener', 'open']);
    assert.match(stderr, /clients are configured with 127\.0\.0\.1, which the certificate is not for/);
    assert.match(stderr, /clients of this network refuse it.*--roots FILE/);
    assert.match(stderr, /nobody can join at listener open while it is shown there/);
    assert.match(await shownTo('anything.example'), /Outside issuing/);
  });

  it('is shown after a restart too, until it is unbound', async () => {
    await network.server.stop();
    await network.restart();
    assert.match(await shownTo('anything.example'), /Outside issuing/);
    await network.run(['tls', 'unbind', '--listener', 'open']);
    assert.match(await shownTo('anything.example'), /network\.test/);
    await network.run(['tls', 'unbind', '--host', 'localhost']);
    assert.match(await shownTo('localhost'), /network\.test/);
    assert.match(
      (await network.run(['tls', 'unbind', '--host', 'localhost'], 1)).stderr,
      /\[object_not_found\]/,
    );
  });

  it('is shown at every TLS listener when none is named, after a restart too, until it is unbound', async () => {
    const both = async (): Promise<string[]> => [
      await shownTo('anything.example', network.port),
      await shownTo('anything.example'),
    ];
    joinFiles('oneline.pem', 'leaf.pem', 'issuing.pem');
    writeFileSync(at('oneline.pem'), readFileSync(at('oneline.pem'), 'utf8').replaceAll('\n', ' '));
    const { stdout, stderr } = await network.run([
      'tls',
      'bind',
      at('oneline.pem'),
      '--roots',
      at('root.pem'),
    ]);
    assert.match(stdout, /bound +every listener +CN=localhost/);
    assert.match(stderr, /clients are configured with 127\.0\.0\.1, which the certificate is not for/);
    for (const issuer of await both()) assert.match(issuer, /Outside issuing/);
    const listed = await network.run(['tls', 'list']);
    assert.match(listed.stdout, /every listener +CN=localhost/);
    assert.match(listed.stdout, /all others +are shown that of every listener/);
    await network.server.stop();
    await network.restart();
    for (const issuer of await both()) assert.match(issuer, /Outside issuing/);
    const own = ['-keyout', 'own.key', '-out', 'own.pem', '-subj', '/CN=Own'];
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...own);
    await network.run(['tls', 'bind', at('own.pem'), '--key', at('own.key'), '--listener', 'open']);
    const [main = '', open = ''] = await both();
    assert.match(main, /Outside issuing/);
    assert.match(open, /CN = Own/);
    const again = await network.run(['tls', 'bind', at('chain.pem')]);
    assert.match(again.stderr, /listener open goes on showing what is bound to it/);
    await network.run(['tls', 'unbind', '--listener', 'open']);
    for (const issuer of await both()) assert.match(issuer, /Outside issuing/);
    await network.run(['tls', 'unbind']);
    for (const issuer of await both()) assert.match(issuer, /network\.test/);
    const { stderr: none } = await network.run(['tls', 'unbind'], 1);
    assert.match(none, /nothing is bound to every listener.*\[object_not_found\]/s);
    assert.deepEqual(JSON.parse((await network.run(['tls', 'list', '--json'])).stdout), {
      bindings: [],
      roots: [],
    });
  });

  it('is unbound at the server too when the command was killed once the keystore had changed', async () => {
    const host = ['--host', 'localhost'];
    const bind = ['tls', 'bind', at('chain.pem'), ...host, '--roots', at('root.pem')];
    // Without a server the command does it itself.
    await network.server.stop();
    await network.run(bind);
    const unbind = { words: ['tls', 'unbind', ...host, '--home', network.home], cwd: place.path };
    const steps = await diskSteps(unbind);
    await network.run(bind);
    // The first one removes what the lock was made of, the second one the lock.
    const [, step] = steps.filter(({ kind }) => /^unlink .*\/node\/.*lock/.test(kind));
    assert.ok(step !== undefined && (await killAtStep(step, unbind)));
    await network.restart();
    await network.run(['tls', 'unbind', ...host]);
    assert.match(await shownTo('localhost'), /network\.test/);
    const { stdout } = await network.run(['tls', 'list', '--json']);
    assert.deepEqual(JSON.parse(stdout), { bindings: [], roots: [] });
  });

  it('is believed by restic for the host that it is bound to, and an impostor under another is told nothing', async () => {
    const { directory, options, url } = await laptop.exportForRestic();
    const { hostname } = new URL(url);
    const another = hostname === 'localhost' ? '127.0.0.1' : 'localhost';
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const request = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await openssl(...request, '-subj', '/CN=x', '-addext', names, '-keyout', 'impostor.key', '-out', 'i.csr');
    await outside.issue('i.csr', 'impostor.pem');
    const port = await freePorts();
    const chain = ['impostor.pem', 'issuing.pem'].map(
      (name) => new X509Certificate(readFileSync(at(name))).raw,
    );
    const privateKey = createPrivateKey(readFileSync(at('impostor.key')));
    await using impostor = await Impostor.start(port, { chain, privateKey });
    const repository = ['--repo', `rest:https://${hostname}:${port}/laptop/`];
    await laptop.run(['trust', 'add', '--server', another, '--file', at('root.pem')]);
    await laptop.run(['cert', 'renew', '--early']);
    await using restic = new RunningProgram(['--no-cache', ...options, ...repository, 'snapshots'], {
      program: 'restic',
    });
    const refused = restic.waitFor(/x509: certificate signed by unknown authority/);
    await Promise.race([refused, impostor.hears()]);
    assert.equal(impostor.told, '');
    assert.equal(certificatesIn(join(directory, 'ca.pem')), 1);
    await laptop.run(['trust', 'add', '--server', hostname, '--file', at('root.pem')]);
    assert.equal(certificatesIn(join(directory, 'ca.pem')), 2);
    const both = readFileSync(join(directory, 'ca.pem'));
    for (const server of [another, hostname]) await laptop.run(['trust', 'remove', '--server', server]);
    assert.equal(certificatesIn(join(directory, 'ca.pem')), 1);
    // As a kill leaves it that comes when this machine believes it no more, and says so to nobody yet.
    writeFileSync(join(directory, 'ca.pem'), both);
    await laptop.run(['trust', 'remove', '--server', hostname], 1);
    assert.equal(certificatesIn(join(directory, 'ca.pem')), 1);
  });

  it('is taken by a client that was told so itself, across renewals, until it is told otherwise', async () => {
    await network.run(['tls', 'bind', at('leaf.pem'), '--host', 'localhost']);
    await laptop.run(['cert', 'renew', '--early']);
    await network.run(['tls', 'bind', at('chain.pem'), '--host', 'localhost']);
    const words = ['snapshots', '--repo', `https://localhost:${network.port}/laptop/`];
    await laptop.run(words, 21);
    await laptop.run(['trust', 'add', '--server', 'localhost', '--file', at('root.pem')]);
    await laptop.run(words);
    await laptop.run(['cert', 'renew', '--early']);
    await laptop.run(words);
    await laptop.run(['trust', 'remove', '--server', 'localhost']);
    await laptop.run(words, 21);
    assert.match(
      (await laptop.run(['trust', 'remove', '--server', 'localhost'], 1)).stderr,
      /\[object_not_found\]/,
    );
  });

  it('is missed when the keystore was made anew, until something else is said', async () => {
    const host = 'kept.example';
    const own = ['-keyout', 'kept.key', '-out', 'kept.pem', '-subj', `/CN=${host}`];
    const names = ['-addext', `subjectAltName=DNS:${host}`];
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...own, ...names);
    const files = [at('kept.pem'), '--key', at('kept.key'), '--roots', at('kept.pem')];
    await network.run(['tls', 'bind', ...files, '--host', host]);
    assert.match(await shownTo(host), /CN = kept/);
    await network.server.stop();
    rmSync(join(network.home, 'node/keystore'));
    await network.restart();
    const isLost = async (): Promise<boolean> =>
      JSON.parse((await network.run(['status', '--json'])).stdout).lostBindings.includes(`host ${host}`);
    assert.ok(await isLost());
    assert.match(
      (await network.run(['status'])).stderr,
      /was bound to the host kept\.example, and the keystore/,
    );
    await network.run(['tls', 'unbind', '--host', host]);
    assert.ok(!(await isLost()));
  });
});

function certificatesIn(path: string): number {
  return readFileSync(path, 'utf8').split('BEGIN CERTIFICATE').length - 1;
}
