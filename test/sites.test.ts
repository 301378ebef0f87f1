import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Value } from 'typebox/value';
import { equalBytes, silentLog, systemClock } from '../src/base/index.ts';
import { answers } from '../src/cli/answers.ts';
import { startLinkService } from '../src/server/links/link-service.ts';
import { dialSite, Links } from '../src/sync/index.ts';
import { presentedChain } from '../src/transport/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, startHoldfast } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const clock = systemClock;

/** A home that is a site, and its listener in this process. */
interface Site extends AsyncDisposable {
  readonly home: string;
  readonly port: number;
  readonly links: () => Promise<Links>;
  /** Says words in its home. */
  readonly say: (...words: readonly string[]) => ReturnType<typeof runHere>;
  readonly stop: () => Promise<void>;
}

/** `others` are addresses besides that of its listener, which are told before it. */
async function startSite(
  parent: string,
  site: string,
  {
    others = [],
    algorithm = 'p256',
  }: { readonly others?: readonly string[]; readonly algorithm?: 'p256' | 'rsa3072' } = {},
): Promise<Site> {
  const home = join(parent, site);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'home.json'), '{"format":1}\n');
  const port = await freePorts(1);
  const directory = join(home, 'links');
  await Links.generate(directory, {
    site,
    network: `${site}.example`,
    networkRoot: `SHA256:${site}`,
    shares: 'all',
    addresses: [...others, `127.0.0.1:${port}`],
    port,
    algorithm,
    nowMs: clock.now(),
  });
  const service = await startLinkService({ directory, clock, log: silentLog });
  const stop = async (): Promise<void> => await service[Symbol.asyncDispose]();
  return {
    home,
    port,
    links: () => Links.open(directory),
    say: (...words) => runHere([...words, '--home', home], { HOME: parent }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Has each of `sites` trust each other one, by files. */
async function exchangeFiles(parent: string, sites: readonly Site[]): Promise<void> {
  for (const site of sites)
    assert.equal((await site.say('site', 'export', join(parent, `of ${site.port}`))).code, 0);
  for (const site of sites)
    for (const other of sites.filter((each) => each !== site))
      assert.equal((await site.say('site', 'apply', join(parent, `of ${other.port}`))).error, undefined);
}

/** Waits until the listener of a site shows the keys that it has by now. */
async function showsItsKeys(site: Site): Promise<void> {
  const { own } = await site.links();
  for (;;) {
    const [leaf] = await presentedChain(
      { host: '127.0.0.1', port: site.port },
      { signal: new AbortController().signal },
    );
    if (leaf !== undefined && own.servers.some(({ der }) => equalBytes(der, leaf))) return;
    await sleep(20);
  }
}

/** Whom a site trusts by which number, and which number of its own each holds: as its table shows. */
async function table(site: Site): Promise<Readonly<Record<string, readonly [number, number | undefined]>>> {
  const { partners } = await site.links();
  return Object.fromEntries(partners.map(({ name, bundle, knows }) => [name, [bundle.sequence, knows]]));
}

describe('two networks', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  before(() => {
    place = temporaryDirectory();
  });
  after(() => place[Symbol.dispose]());

  it('become sites while their servers run, trust each other by files, and by a code', async () => {
    const json = async (home: string, ...words: readonly string[]) =>
      JSON.parse((await runHoldfast(['site', ...words, '--json', '--home', at(home)])).stdout) as {
        readonly root: string;
        readonly sites: readonly { readonly missing?: string; readonly networkRoot: string }[];
      };
    const networks = ['east', 'west'];
    for (const name of networks) {
      const made = ['init', '--home', at(name), '--network', `${name}.example`, '--names', '127.0.0.1'];
      assert.equal((await runHere([...made, '--port', String(await freePorts())], {})).error, undefined);
    }
    await using east = startHoldfast(['serve', '--home', at('east')]);
    await using west = startHoldfast(['serve', '--home', at('west')]);
    await Promise.all([east.waitFor(/listening/), west.waitFor(/listening/)]);
    for (const name of networks) {
      const port = String(await freePorts(1));
      const words = ['--name', name, '--share', 'web,docs', '--port', port, '--address', `127.0.0.1:${port}`];
      const generated = await json(name, 'generate', ...words, '--key-algorithm', 'p256');
      assert.match(generated.root, /^SHA256:/);
      const again = await runHere(['site', 'generate', '--all', '--home', at(name)], {});
      assert.equal(again.error?.code, 'site_exists');
    }
    await json('east', 'export', at('of-east'));
    await json('west', 'export', at('of-west'));
    await json('east', 'apply', at('of-west'));
    assert.match(
      (await json('east', 'list')).sites[0]?.missing ?? '',
      /has not said that it trusts this site/,
    );
    const tested = await runHere(['site', 'test', 'west', '--home', at('east')], {});
    assert.equal(tested.error?.code, 'link_refused');
    await json('west', 'apply', at('of-east'), '--name', 'partner');
    await json('east', 'test', 'west');
    const [listed] = (await json('east', 'list')).sites;
    assert.equal(listed?.missing, undefined);
    assert.match(listed?.networkRoot ?? '', /^SHA256:/);

    for (const [home, site] of [
      ['east', 'west'],
      ['west', 'partner'],
    ] as const)
      await json(home, 'remove', site);
    const pair = ['site', 'pair', '--json'];
    await using pairing = startHoldfast([...pair, '--expires', '5m', '--home', at('east')]);
    const [code = ''] = await pairing.waitFor(/[a-z]+(?:-[a-z]+){3}@[^"\s]+/);
    const said = await runHoldfast([...pair, code, '--name', 'partner', '--home', at('west')]);
    const { site, compare } = JSON.parse(said.stdout) as { readonly site: string; readonly compare: string };
    const ended = await pairing.ended;
    const lines = ended.stdout.trim().split('\n');
    const { each } = answers['site pair'];
    for (const line of [...lines, said.stdout]) assert.ok(Value.Check(each, JSON.parse(line)), line);
    assert.deepEqual([site, JSON.parse(lines.at(-1) ?? '')], ['partner', { site: 'west', compare }]);
    await json('east', 'test', 'west');
    const root = (await Links.open(at('west/links'))).own.root.fingerprint;
    const regenerated = await json('west', 'regenerate');
    assert.notEqual(regenerated.root, root);
    await json('east', 'test', 'west');
  });

  it('make no keys twice at the same time', async () => {
    // As a process that is there would hold it.
    writeFileSync(at('east/links.lock'), `${process.ppid} another\n`);
    const busy = await runHere(['site', 'regenerate', '--home', at('east')], {});
    assert.equal(busy.error?.code, 'site_busy');
    rmSync(at('east/links.lock'));
    const { error } = await runHere(['site', 'list', '--home', at('east')], {});
    assert.equal(error, undefined);
  });
});

describe('five sites, one of them of two addresses', () => {
  it('trust each other as the table says after each step, and nobody else', async () => {
    using place = temporaryDirectory();
    const dead = `127.0.0.1:${await freePorts(1)}`;
    await using one = await startSite(place.path, 'one');
    await using two = await startSite(place.path, 'two');
    await using three = await startSite(place.path, 'three', { others: [dead] });
    await using four = await startSite(place.path, 'four');
    await using five = await startSite(place.path, 'five');
    const sites = { one, two, three, four, five };
    const names = Object.keys(sites) as (keyof typeof sites)[];
    await exchangeFiles(place.path, Object.values(sites));
    const othersOf = (name: string): string[] => names.filter((each) => each !== name);
    for (const name of names) {
      const trusted = await table(sites[name]);
      assert.deepEqual(trusted, Object.fromEntries(othersOf(name).map((each) => [each, [1, undefined]])));
    }
    for (const name of names)
      for (const other of othersOf(name)) {
        using connection = await dialSite(await sites[name].links(), other, { clock });
        assert.equal(connection.url.port, String(sites[other as keyof typeof sites].port));
      }
    for (const name of names)
      assert.deepEqual(
        await table(sites[name]),
        Object.fromEntries(othersOf(name).map((each) => [each, [1, 1]])),
      );

    await five.stop();
    assert.equal((await one.say('site', 'regenerate')).code, 0);
    assert.deepEqual(await table(one), { two: [1, 2], three: [1, 2], four: [1, 2], five: [1, 1] });
    for (const site of [two, three, four]) assert.deepEqual((await table(site))['one'], [2, 1]);
    assert.deepEqual((await table(five))['one'], [1, 1]);
    await showsItsKeys(one);
    const { error } = await five.say('site', 'test', 'one');
    assert.equal(error?.code, 'link_certificate_mismatch');
    await one.say('site', 'export', join(place.path, 'new of one'));
    assert.equal((await five.say('site', 'apply', join(place.path, 'new of one'))).error, undefined);
    assert.deepEqual((await table(five))['one'], [2, 1]);
    const back = await five.say('site', 'apply', join(place.path, `of ${one.port}`));
    assert.equal(back.error?.code, 'site_bundle_old');

    assert.equal((await two.say('site', 'remove', 'four')).code, 0);
    assert.equal((await two.say('site', 'remove', 'four')).error?.code, 'site_unknown');
    assert.deepEqual(Object.keys(await table(two)), ['five', 'one', 'three']);
    await assert.rejects(dialSite(await four.links(), 'two', { clock }), { code: 'link_refused' });
    using _good = await dialSite(await four.links(), 'one', { clock });
  });
});

describe('the files of a site', () => {
  let place: TemporaryDirectory;
  let north: Site;
  let south: Site;
  const at = (...names: string[]): string => join(place.path, ...names);
  /** A folder with what north has exported, and what `change` does to it. */
  const folder = (name: string, change: (directory: string) => void): string => {
    const directory = at(name);
    cpSync(at('of-north'), directory, { recursive: true });
    change(directory);
    return directory;
  };
  const refused = async (directory: string) => (await south.say('site', 'apply', directory)).error;

  before(async () => {
    place = temporaryDirectory();
    north = await startSite(place.path, 'north', { algorithm: 'rsa3072' });
    south = await startSite(place.path, 'south');
    await north.say('site', 'export', at('of-north'));
    await south.say('site', 'export', at('of-south'));
    writeFileSync(at('password'), 'pw\n');
  });
  after(async () => {
    await north.stop();
    await south.stop();
    place[Symbol.dispose]();
  });

  it('are public, and with the keys of this machine each is read by openssl', async () => {
    assert.deepEqual(readdirSync(at('of-north')), [
      'north.site',
      'north_SyncClient.cer',
      'north_SyncServer.cer',
    ]);
    const words = ['site', 'export', at('keys'), '--with-keys', '--password-file', at('password')];
    assert.equal((await north.say(...words)).error, undefined);
    const openssl = (...said: string[]): string => execFileSync('openssl', said, { encoding: 'utf8' });
    for (const kind of ['SyncServer', 'SyncClient']) {
      const file = (ending: string): string => at('keys', `north_${kind}.${ending}`);
      const certified = openssl('x509', '-inform', 'DER', '-in', file('cer'), '-noout', '-pubkey');
      const inPfx = openssl('pkcs12', '-in', file('pfx'), '-passin', 'pass:pw', '-nodes', '-nocerts');
      writeFileSync(at('pfx.key'), inPfx);
      assert.equal(openssl('pkey', '-in', at('pfx.key'), '-pubout'), certified);
      assert.equal(
        openssl('rsa', '-inform', 'PVK', '-in', file('pvk'), '-passin', 'pass:', '-pubout'),
        certified,
      );
      for (const ending of ['pfx', 'pvk']) assert.equal(statSync(file(ending)).mode & 0o777, 0o600);
    }
    const small = await south.say(
      'site',
      'export',
      at('small'),
      '--with-keys',
      '--password-file',
      at('password'),
    );
    assert.equal(small.error?.code, 'key_unsupported');
    const exposed = await refused(at('keys'));
    assert.equal(exposed?.code, 'site_key_exposed');
    assert.match(exposed?.message ?? '', /north_SyncClient\.pfx, north_SyncClient\.pvk/);
  });

  it('are refused with a private key by whatever name, and where others could fetch them', async () => {
    const key = folder('renamed', (directory) => {
      copyFileSync(at('pfx.key'), join(directory, 'readme.txt'));
    });
    assert.equal((await refused(key))?.code, 'site_key_exposed');
    const pvk = folder('renamed-pvk', (directory) => {
      copyFileSync(at('keys/north_SyncServer.pvk'), join(directory, 'notes'));
    });
    assert.equal((await refused(pvk))?.code, 'site_key_exposed');
    const served = folder('wwwroot', () => {});
    assert.equal((await refused(join(served, '.')))?.code, 'site_folder_served');
    assert.equal(
      (await south.say('site', 'export', at('wwwroot/below/it')))?.error?.code,
      'site_folder_served',
    );
  });

  it('are refused where they are of two sites, of none, exchanged or damaged', async () => {
    const two = folder('two', (directory) => cpSync(at('of-south'), directory, { recursive: true }));
    const mixed = await refused(two);
    assert.equal(mixed?.code, 'site_files_mixed');
    assert.match(mixed?.message ?? '', /north\.site, south\.site/);
    const beside = folder('beside', (directory) =>
      copyFileSync(at('of-south/south_SyncServer.cer'), join(directory, 'south_SyncServer.cer')),
    );
    assert.match((await refused(beside))?.message ?? '', /north, south \(south_SyncServer\.cer\)/);
    assert.equal((await south.say('site', 'export', at('of-north')))?.error?.code, 'site_files_mixed');
    mkdirSync(at('empty'));
    assert.equal((await refused(at('empty')))?.code, 'site_files_missing');
    assert.equal((await refused(at('none')))?.code, 'path_not_found');
    assert.equal((await refused(at('of-south')))?.code, 'site_own');
    const exchanged = folder('exchanged', (directory) => {
      const other = readFileSync(at('of-south/south_SyncServer.cer'));
      writeFileSync(join(directory, 'north_SyncServer.cer'), other);
    });
    assert.equal((await refused(exchanged))?.code, 'site_files_mixed');
    const altered = folder('altered', (directory) => {
      const file = join(directory, 'north.site');
      const text = readFileSync(file, 'utf8');
      const { body, ...rest } = JSON.parse(text) as { body: string };
      const said = Buffer.from(body, 'base64').toString().replace('127.0.0.1', '127.0.0.2');
      writeFileSync(file, JSON.stringify({ ...rest, body: Buffer.from(said).toString('base64') }));
    });
    assert.match((await refused(altered))?.message ?? '', /not signed by the root/);
    for (const text of ['', '{', '[]', '{"holdfastSite":1,"body":"AA==","signatures":["AA=="]}']) {
      const damaged = folder(`damaged ${text.length}`, (directory) =>
        writeFileSync(join(directory, 'north.site'), text),
      );
      assert.equal((await refused(damaged))?.code, 'site_file_damaged', text);
    }
    assert.deepEqual((await south.links()).partners, []);
  });

  it('of another root are refused under a name that is trusted, and name both', async () => {
    assert.equal((await south.say('site', 'apply', at('of-north'))).error, undefined);
    assert.equal((await south.say('site', 'apply', at('of-north'))).error, undefined);
    using elsewhere = temporaryDirectory();
    await using other = await startSite(elsewhere.path, 'north');
    await other.say('site', 'export', at('other'));
    const changed = await refused(at('other'));
    assert.equal(changed?.code, 'site_changed');
    for (const site of [north, other])
      assert.ok(changed?.message.includes((await site.links()).own.root.fingerprint));
    assert.equal((await south.say('site', 'apply', at('other'), '--name', 'north-2')).error, undefined);
    assert.deepEqual(Object.keys(await table(south)), ['north', 'north-2']);
  });

  it('of this machine are named when they are damaged or gone', async () => {
    const keystore = join(south.home, 'links/keystore');
    const before = readFileSync(keystore);
    const damaged = Buffer.from(before);
    damaged.writeUInt8(damaged.readUInt8(200) ^ 1, 200);
    writeFileSync(keystore, damaged);
    assert.equal((await south.say('site', 'test', 'north')).error?.code, 'link_files_damaged');
    const { stdout } = await runHoldfast(['doctor', '--json', '--home', south.home]);
    assert.match(stdout, /"code":"link_files_damaged"/);
    rmSync(keystore);
    assert.equal((await south.say('site', 'list')).error?.code, 'site_missing');
    writeFileSync(keystore, before, { mode: 0o600 });
    assert.equal((await south.say('site', 'list')).error, undefined);
  });
});
