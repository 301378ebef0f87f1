import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseJoinCode } from '../src/enrol/index.ts';
import { daysLater } from './rig/clock.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a second machine', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    network = await Network.start(at('server'));
    laptop = network.client('laptop', at('laptop'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('joins by the code that the server printed, alone on its standard output', async () => {
    const { stdout, stderr } = await network.run(['token', 'create', 'laptop']);
    assert.match(stdout, /^hf1-[0-9a-z]+\n$/);
    assert.match(stderr, /for client laptop, once, within 24 hours/);
    const code = parseJoinCode(stdout);
    assert.deepEqual([code.role, code.name, code.network], ['client', 'laptop', 'network.test']);
    const { stdout: joined } = await laptop.run(['join', stdout.trim()]);
    assert.match(joined, /^ {2}joined {6}network\.test {3}root SHA256:/m);
    assert.match(
      joined,
      /^ {2}client {6}enrolled {3}laptop {3}certificate renews itself, next in (19|2[0-2]) days$/m,
    );
    assert.match(joined, new RegExp(`^ {2}server {6}https://127\\.0\\.0\\.1:${network.port}$`, 'm'));
    // As whoever says it again that was cut off before it could be said.
    assert.match((await laptop.run(['join', stdout.trim()])).stdout, /^ {2}client {6}enrolled {3}laptop/m);
    const another = (await network.run(['token', 'create', 'lap*'])).stdout.trim();
    assert.match((await laptop.run(['join', another, '--name', 'laptop'], 23)).stderr, /\[name_taken\]/);
  });

  it('backs up and restores over mutual TLS, and appears in the status of both', async () => {
    const { stdout } = await laptop.run(['backup', at('data')]);
    assert.match(stdout, /1 file .* over TLS 1\.3 X25519MLKEM768 {3}snapshot [0-9a-f]{8}/);
    await laptop.run(['restore', 'latest', '--target', at('restored')]);
    await runProgram('diff', ['-r', at('data'), join(at('restored'), at('data'))]);
    const own = JSON.parse((await laptop.run(['status', '--json'])).stdout);
    assert.equal(own.node.name, 'laptop');
    const { stdout: status } = await network.run(['status']);
    assert.match(status, /nodes {7}1 client, 1 server/);
    assert.match(status, /escrow {6}1 repository key/);
  });

  it('stands in the list of certificates, which shows each one whole', async () => {
    const list = JSON.parse((await network.run(['cert', 'list', '--json'])).stdout) as Listed[];
    const mine = list.filter(({ identity }) => identity === 'spiffe://network.test/client/laptop');
    assert.deepEqual(
      mine.map(({ state }) => state),
      ['valid'],
    );
    const shown = JSON.parse((await network.run(['cert', 'show', mine[0]?.serial ?? '', '--json'])).stdout);
    assert.deepEqual(shown, mine[0]);
    const { stdout } = await network.run(['cert', 'show', mine[0]?.serial ?? '']);
    assert.match(stdout, /^ {2}identity {4}spiffe:\/\/network\.test\/client\/laptop$/m);
  });

  it('exports its certificate for restic, for its owner alone, and for other programs', async () => {
    await laptop.run(['cert', 'export', '--layout', 'restic', at('for restic')]);
    await laptop.run(['cert', 'export', at('pem')]);
    const modes = ['ca.pem', 'client.pem', 'password', 'restic.env', 'restic.sh'].map(
      (name) => statSync(at('for restic', name)).mode & 0o777,
    );
    assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o600, 0o700]);
    const variables =
      'printf "%s\\n" "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD_FILE" "$RESTIC_CACERT" "$RESTIC_TLS_CLIENT_CERT"';
    const { stdout } = await runProgram('/bin/sh', [
      '-c',
      `. "$1"; ${variables}`,
      'sh',
      at('for restic/restic.env'),
    ]);
    const files = ['password', 'ca.pem', 'client.pem'].map((name) => at('for restic', name));
    assert.equal(stdout, [`rest:https://127.0.0.1:${network.port}/laptop/`, ...files, ''].join('\n'));
    const { stdout: snapshots } = await runProgram(at('for restic/restic.sh'), ['--no-cache', 'snapshots']);
    assert.match(snapshots, /1 snapshots/);
    await runProgram('openssl', ['verify', '-CAfile', 'ca.pem', '-untrusted', 'client.pem', 'client.pem'], {
      cwd: at('pem'),
    });
    const shown = JSON.parse(
      (await laptop.run(['cert', 'show', at('pem/client.pem'), '--json'])).stdout,
    ) as Listed[];
    assert.equal(shown[0]?.identity, 'spiffe://network.test/client/laptop');
  });

  let shown = '';

  it('renews its certificate before a backup when two thirds of its life are over, and rewrites the exports', async () => {
    shown = leafIn(at('pem/client.pem'));
    await runProgram(launcher, ['backup', at('data'), '--home', laptop.home], { env: daysLater(15) });
    assert.equal(leafIn(at('pem/client.pem')), shown);
    await runProgram(launcher, ['backup', at('data'), '--home', laptop.home], { env: daysLater(25) });
    assert.notEqual(leafIn(at('pem/client.pem')), shown);
    assert.equal(leafIn(at('for restic/client.pem')), leafIn(at('pem/client.pem')));
    await runProgram(at('for restic/restic.sh'), ['--no-cache', 'snapshots']);
  });

  it('writes exports again that a renewal was cut off before', async () => {
    const present = readFileSync(at('pem/client.pem'), 'utf8');
    writeFileSync(at('pem/client.pem'), present.replace(leafIn(at('pem/client.pem')), shown));
    await laptop.run(['snapshots']);
    assert.equal(readFileSync(at('pem/client.pem'), 'utf8'), present);
  });

  it('lists its exports and forgets them, leaving the files', async () => {
    const exportsOf = async (): Promise<unknown> =>
      JSON.parse((await laptop.run(['cert', 'export', '--list', '--json'])).stdout);
    const [restic, pem] = [
      { layout: 'restic', directory: at('for restic') },
      { layout: 'pem', directory: at('pem') },
    ];
    assert.deepEqual(await exportsOf(), [restic, pem]);
    await laptop.run(['cert', 'export', '--forget', at('pem')]);
    assert.deepEqual(await exportsOf(), [restic]);
    assert.ok(statSync(at('pem/client.key')).isFile());
    await laptop.run(['cert', 'export', '--forget', at('pem')], 1);
  });

  function leafIn(file: string): string {
    const [certificate = ''] =
      readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]*-----END/) ?? [];
    return certificate;
  }
});

interface Listed {
  readonly serial: string;
  readonly identity?: string;
  readonly state: string;
}
