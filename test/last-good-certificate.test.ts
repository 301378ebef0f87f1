import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Keystore } from '../src/trust/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const host = 'vault.example';
const labels = ['tls listener *', 'tls listener desk', `tls host ${host}`] as const;

/** What may become of the files with keys and certificates while a server runs, and the code by which it is told. */
const damages: Readonly<Record<string, readonly [code: string, (files: Files) => void | Promise<void>]>> = {
  'a bit turned in the head': ['keystore_damaged', ({ keystore }) => turnBit(keystore, 3)],
  'a bit turned in the middle': ['keystore_damaged', ({ keystore }) => turnBit(keystore, 0.5)],
  'a bit turned in the last byte': ['keystore_damaged', ({ keystore }) => turnBit(keystore, -1)],
  'a keystore cut off': ['keystore_damaged', ({ keystore }) => cutOff(keystore, 0.5)],
  'an empty keystore': ['keystore_damaged', ({ keystore }) => cutOff(keystore, 0)],
  'no keystore': ['keystore_missing', ({ keystore }) => rmSync(keystore)],
  'a folder in place of the keystore': [
    'keystore_damaged',
    ({ keystore }) => {
      rmSync(keystore);
      mkdirSync(keystore, { mode: 0o700 });
    },
  ],
  'a link in a circle in place of the keystore': [
    'keystore_damaged',
    ({ keystore }) => {
      rmSync(keystore);
      symlinkSync(keystore, keystore);
    },
  ],
  'a keystore that others can read': ['keystore_not_private', ({ keystore }) => chmodSync(keystore, 0o644)],
  'a bit turned in the stash': ['keystore_damaged', ({ stash }) => turnBit(stash, 0.5)],
  'a stash cut off': ['keystore_damaged', ({ stash }) => cutOff(stash, 0.5)],
  'an empty stash': ['keystore_damaged', ({ stash }) => cutOff(stash, 0)],
  'no stash': ['keystore_damaged', ({ stash }) => rmSync(stash)],
  'no folder': ['keystore_missing', ({ directory }) => renameSync(directory, `${directory}.away`)],
  'the key of another certificate': [
    'certificate_not_allowed',
    async ({ directory }) => {
      const kept = await Keystore.open(directory);
      const [other, target] = [kept.key(labels[1]), labels[0]];
      await kept.update((entries) => entries.putKey(target, other));
    },
  ],
};

/** Where a server has the keys and certificates that it shows. */
interface Files {
  readonly directory: string;
  readonly keystore: string;
  readonly stash: string;
}

describe('a server whose certificates cannot be read again', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let desk: number;
  let files: Files;
  let stash: Buffer;
  /** With the certificates of before, and with those of after. */
  let keystoreBefore: Buffer;
  let keystoreAfter: Buffer;
  let shownBefore: readonly string[];
  let shownAfter: readonly string[];
  const at = (...names: string[]): string => join(place.path, ...names);
  const openssl = (...words: string[]): Promise<ProgramResult> =>
    runProgram('openssl', words, { cwd: place.path });
  /** The fingerprint of what openssl is shown at a port when it names a host, or none. */
  const shown = async (port: number, named: string): Promise<string> => {
    const sni = named === '' ? '-noservername' : `-servername ${named}`;
    const script = `openssl s_client -connect 127.0.0.1:${port} ${sni} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`;
    return (await runProgram('sh', ['-c', script])).stdout.trim();
  };
  /** The same at every listener, with a host that something is bound to and without. */
  const everywhere = (): Promise<string[]> =>
    Promise.all(
      [network.port, network.port + 1, desk, desk + 1].flatMap((port) => [
        shown(port, ''),
        shown(port, host),
      ]),
    );
  const bind = async (name: string, words: readonly string[]): Promise<void> => {
    const names = ['-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    await openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, ...names, '-out', `${name}.pem`);
    await network.run(['tls', 'bind', at(`${name}.pem`), '--key', at(`${name}.key`), ...words]);
  };
  const bindAll = async (name: string): Promise<void> => {
    await bind(`${name}-all`, []);
    await bind(`${name}-desk`, ['--listener', 'desk']);
    await bind(`${name}-host`, ['--host', host]);
  };
  const put = (content: Buffer): void => {
    rmSync(files.keystore, { recursive: true, force: true });
    rmSync(`${files.directory}.away`, { recursive: true, force: true });
    mkdirSync(files.directory, { recursive: true, mode: 0o700 });
    writeFileSync(files.stash, stash, { mode: 0o600 });
    writeFileSync(files.keystore, content, { mode: 0o600 });
    chmodSync(files.keystore, 0o600);
  };
  let hangUps = 0;
  /** Has the server read everything again, which it does or refuses. */
  const hangUp = async (): Promise<void> => {
    process.kill(network.server.pid, 'SIGHUP');
    hangUps += 1;
    while (answers() < hangUps) {
      await Promise.race([setTimeout(20), network.server.ended.then(ended)]);
    }
  };
  const metrics = async (): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${desk + 2}/-/metrics`)).text();
  const ended = ({ stderr }: ProgramResult): never => assert.fail(`the server ended: ${stderr}`);
  const answers = (): number => {
    const { stdout, stderr } = network.server;
    return (`${stdout}${stderr}`.match(/^ *reloaded |settings were not read again/gm) ?? []).length;
  };
  const problem = async (): Promise<string | null> =>
    (await network.ask<{ boundProblem: string | null }>('status')).boundProblem;
  const settled = async (expected: readonly string[]): Promise<void> => {
    const startMs = performance.now();
    while (String(await everywhere()) !== String(expected)) {
      assert.ok(performance.now() - startMs < 60_000, 'tried again by itself');
      await setTimeout(200);
    }
    while ((await problem()) !== null) await setTimeout(200);
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    desk = await freePorts();
    const settings = join(network.home, 'holdfast.toml');
    writeFileSync(settings, readFileSync(settings, 'utf8') + listeners(network.port, desk));
    await network.server.stop();
    await network.restart();
    const directory = join(network.home, 'node');
    files = { directory, keystore: join(directory, 'keystore'), stash: join(directory, 'stash') };
    await bindAll('before');
    keystoreBefore = readFileSync(files.keystore);
    shownBefore = await everywhere();
    await bindAll('after');
    keystoreAfter = readFileSync(files.keystore);
    shownAfter = await everywhere();
    stash = readFileSync(files.stash);
    assert.equal(new Set([...shownBefore, ...shownAfter]).size, 6, 'three of before and three of after');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  for (const [name, [code, damage]] of Object.entries(damages))
    it(`shows those of before at every listener: ${name}`, async () => {
      put(keystoreBefore);
      await hangUp();
      assert.deepEqual(await everywhere(), shownBefore);
      await damage(files);
      const broken = network.server.stderr.length;
      await hangUp();
      assert.match(network.server.stderr.slice(broken), new RegExp(`\\[${code}\\]`));
      assert.deepEqual(await everywhere(), shownBefore);
      assert.notEqual(await problem(), null);
      const { stderr } = await network.run(['status']);
      assert.match(stderr, /cannot be used, so that those of before are shown on/);
      if (!code.startsWith('keystore')) return;
      await network.run(['tls', 'bind', at('after-all.pem'), '--key', at('after-all.key')], 1);
      assert.deepEqual(await everywhere(), shownBefore, 'nothing is bound in a keystore that is not whole');
    });

  it('shows those of before in place of one that has ended', async () => {
    put(keystoreBefore);
    await hangUp();
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ended.key'];
    await openssl('req', '-new', ...key, '-subj', '/CN=ended', '-out', 'ended.csr');
    await openssl(
      'x509',
      '-req',
      '-in',
      'ended.csr',
      '-signkey',
      'ended.key',
      '-days',
      '-1',
      '-out',
      'ended.pem',
    );
    const chain = [new X509Certificate(readFileSync(at('ended.pem'))).raw];
    const privateKey = createPrivateKey(readFileSync(at('ended.key')));
    const keystore = await Keystore.open(files.directory);
    await keystore.update((entries) => {
      entries.putKey(labels[0], privateKey);
      entries.putCertificates(labels[0], chain);
    });
    await hangUp();
    assert.match(network.server.stderr, /\[certificate_expired\]/);
    assert.deepEqual(await everywhere(), shownBefore);
  });

  it('shows those of after by itself once they can be read, and says each reason once', async () => {
    put(keystoreBefore);
    await hangUp();
    for (const name of ['no keystore', 'an empty stash', 'the key of another certificate']) {
      const [code, damage] = damages[name] ?? assert.fail(name);
      put(keystoreBefore);
      await hangUp();
      const from = network.server.stderr.length;
      await damage(files);
      await hangUp();
      // Two tries more.
      await setTimeout(11_000);
      assert.match(await metrics(), /^holdfast_bound_certificates_unread 1$/m);
      assert.equal((await metrics()).match(/timestamp_seconds\{kind="bound"/g)?.length, 3);
      put(keystoreAfter);
      await settled(shownAfter);
      const said = network.server.stderr.slice(from);
      assert.equal(said.split('those of before are shown on').length - 1, 1, said);
      assert.match(said, new RegExp(code));
    }
  });

  it('does not begin with a keystore that is not whole, and makes nothing in its place', async () => {
    put(keystoreBefore);
    turnBit(files.keystore, 0.5);
    const broken = readFileSync(files.keystore);
    await network.server.stop();
    const { stderr } = await runProgram(launcher, ['serve', '--home', network.home], { expected: 1 });
    assert.match(stderr, /\[keystore_damaged\]/);
    assert.deepEqual(readFileSync(files.keystore), broken);
    put(keystoreAfter);
    await network.restart();
    assert.deepEqual(await everywhere(), shownAfter);
  });
});

/** Turns one bit of the byte at a share of the file, or so many bytes from its beginning or end. */
function turnBit(path: string, where: number): void {
  const bytes = readFileSync(path);
  const at = where < 0 ? bytes.length + where : where < 1 ? Math.floor(where * bytes.length) : where;
  bytes.writeUInt8((bytes[at] ?? 0) ^ 4, at);
  writeFileSync(path, bytes);
}

function cutOff(path: string, share: number): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, Math.floor(share * bytes.length)));
}

function listeners(port: number, desk: number): string {
  const watch = { name: 'watch', host: '127.0.0.1', port: desk + 2, services: ['status'] };
  return listenersToml([
    ...usualListeners(port),
    { name: 'desk', port: desk, services: ['control'], clientCertificate: 'require' },
    { name: 'asks', port: desk + 1, services: ['storage', 'control'], clientCertificate: 'warn' },
    { ...watch, kind: 'plain', metrics: 'anybody' },
  ]);
}
