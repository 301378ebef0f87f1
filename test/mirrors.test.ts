import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { askServer } from './rig/ask-server.ts';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, startHoldfast } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

async function json(words: readonly string[], cwd: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json'], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** An authority in `a` of `cwd` whose log goes to these mirrors, with a backup in `x.age`. */
async function authorityWith(mirrors: readonly string[], cwd: string): Promise<void> {
  const words = ['--network', 'a.test', '--names', 'localhost', '--port', String(await freePorts())];
  await json(['init', '--home', 'a', ...words], cwd);
  setMirrors(join(cwd, 'a'), mirrors);
  await json(['ca', 'backup', 'x.age', '--home', 'a'], cwd);
}

interface MirroredStatus {
  readonly log: { readonly sequence: number };
  readonly mirrors: readonly { readonly current: boolean; readonly name: string }[];
}

function setMirrors(home: string, mirrors: readonly string[]): void {
  appendFileSync(join(home, 'holdfast.toml'), `\n[authority]\nlog_mirrors = ${JSON.stringify(mirrors)}\n`);
}

function restore(home: string, ...words: readonly string[]): string[] {
  return ['ca', 'restore', 'x.age', '--home', home, '--kit', 'a/recovery-kit.txt', ...words];
}

function reached(directory: string): { epoch: number; sequence: number } {
  const file = JSON.parse(readFileSync(join(directory, 'checkpoint.json'), 'utf8')) as {
    signed: { checkpoint: string };
  };
  return JSON.parse(file.signed.checkpoint) as { epoch: number; sequence: number };
}

/** A web server that keeps what is PUT to it for whoever knows the password, in memory. */
async function putServer(files: Map<string, Buffer>): Promise<Server> {
  const server = createServer((request, response) => {
    const body = request.toArray() as Promise<Buffer[]>;
    const expected = `Basic ${Buffer.from('mirror:secret').toString('base64')}`;
    const status = (code: number, body?: Buffer): void => void response.writeHead(code).end(body);
    if (request.headers.authorization !== expected) return status(401);
    const name = request.url ?? '';
    if (request.method === 'PUT') {
      void body.then((pieces) => {
        files.set(name, Buffer.concat(pieces));
        status(201);
      });
      return;
    }
    const found = files.get(name);
    return found === undefined ? status(404) : status(200, found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

test('the log is on a directory and on a web server soon after each commit', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const files = new Map<string, Buffer>();
  const web = await putServer(files);
  try {
    mkdirSync(join(cwd, 'm'));
    const { port } = web.address() as AddressInfo;
    await authorityWith([join(cwd, 'm'), `http://mirror:secret@127.0.0.1:${port}/log`], cwd);
    await using server = startHoldfast(['serve', '--home', 'a'], { cwd });
    await server.waitFor(/listening/);
    await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
    const status = async (): Promise<MirroredStatus> =>
      (await askServer<{ authority: MirroredStatus }>(join(cwd, 'a'), 'status')).authority;
    let authority = await status();
    while (!authority.mirrors.every(({ current }) => current)) authority = await status();
    while (reached(join(cwd, 'm')).sequence < authority.log.sequence) await setTimeout(20);
    assert.ok(authority.mirrors.every(({ name }) => !name.includes('secret')));
    const names = (): string[] => [...files.keys()].map((name) => name.replace('/log/', '')).sort();
    assert.deepEqual(names(), readdirSync(join(cwd, 'm')).sort());
    await server.stop();
    const restored = await json(restore('b', '--mirror', `http://mirror:secret@127.0.0.1:${port}/log/`), cwd);
    assert.equal(restored['standing'], 'ready');
  } finally {
    web.closeAllConnections();
    web.close();
  }
});

test('of several mirrors the one that goes furthest is taken, and a damaged one alone is not taken for the whole', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const mirrors = ['m', 'n'].map((name) => join(cwd, name));
  for (const path of mirrors) mkdirSync(path);
  await authorityWith(mirrors, cwd);
  for (const name of ['alpha', 'beta', 'gamma']) await json(['token', 'create', name, '--home', 'a'], cwd);
  const { sequence } = reached(join(cwd, 'm'));
  cpSync(join(cwd, 'm'), join(cwd, 'cut'), { recursive: true });
  const [segment = ''] = readdirSync(join(cwd, 'm')).filter((name) => name.startsWith('log-'));
  const path = join(cwd, 'm', segment);
  writeFileSync(path, readFileSync(path, 'utf8').replace('client/gamma', 'client/omega'));
  for (const none of ['typo', 'x.age']) {
    const { code, stderr } = await runHoldfast(restore('b', '--mirror', 'm', none), { cwd });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /--mirror: there is no folder .*\[path_not_found\]/);
    assert.ok(!existsSync(join(cwd, 'b')));
  }
  const both = await json(restore('b', '--mirror', 'm', 'n'), cwd);
  assert.equal(both['mirror'], join(cwd, 'n'));
  assert.match(JSON.stringify(both['notes']), /is used up to record/);
  assert.equal((both['counts'] as { records: number }).records, sequence - 1);

  rmSync(join(cwd, 'b'), { recursive: true });
  const waits = await json(restore('b', '--mirror', 'm'), cwd);
  assert.match(String(waits['waitsFor']), new RegExp(`is used up to record \\d+ of ${sequence}`));
  const words = ['ca', 'restore', '--home', 'b', '--mirror', 'm', '--log-is-lost', 'the disk is damaged'];
  const { records } = (await json(words, cwd))['counts'] as { records: number };
  assert.ok(records < sequence - 1, `${records} of ${sequence - 1}`);
});

test('a mirror that had not even followed to the backup is not taken for the whole log', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  mkdirSync(join(cwd, 'm'));
  await authorityWith([join(cwd, 'm')], cwd);
  cpSync(join(cwd, 'm'), join(cwd, 'stale'), { recursive: true });
  const { sequence } = reached(join(cwd, 'stale'));
  for (const name of ['alpha', 'beta']) await json(['token', 'create', name, '--home', 'a'], cwd);
  await json(['ca', 'backup', 'x.age', '--force', '--home', 'a'], cwd);
  const waits = await json(restore('b', '--mirror', 'stale'), cwd);
  assert.match(String(waits['waitsFor']), new RegExp(`stale goes up to record ${sequence} only`));
  const both = ['ca', 'restore', '--home', 'b', '--mirror', 'stale', 'm'];
  const found = await json(both, cwd);
  assert.equal(found['mirror'], join(cwd, 'm'));
  assert.match(JSON.stringify(found['notes']), /stale goes up to record/);
});

test('records that nobody signed for are not believed', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  mkdirSync(join(cwd, 'm'));
  await authorityWith([join(cwd, 'm')], cwd);
  mkdirSync(join(cwd, 'other'));
  await json(['init', '--home', 'c', '--network', 'a.test', '--names', 'localhost'], cwd);
  setMirrors(join(cwd, 'c'), [join(cwd, 'other')]);
  await json(['token', 'create', 'alpha', '--home', 'c'], cwd);
  const restored = await json(restore('b', '--mirror', 'other'), cwd);
  assert.equal(restored['standing'], 'restored');
  assert.match(String(restored['waitsFor']), /no checkpoint that this authority signed/);
  // Nor is the log of another authority written over.
  const before = readFileSync(join(cwd, 'other/checkpoint.json'));
  writeFileSync(
    join(cwd, 'a/holdfast.toml'),
    readFileSync(join(cwd, 'a/holdfast.toml'), 'utf8').replace(join(cwd, 'm'), join(cwd, 'other')),
  );
  const { stderr } = await runHoldfast(['status', '--home', 'a'], { cwd });
  assert.match(stderr, /holds the log of another authority/);
  assert.deepEqual(readFileSync(join(cwd, 'other/checkpoint.json')), before);
});

test('a mirror that is not there is said, and does not keep anybody from working', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  await authorityWith([join(cwd, 'unmounted')], cwd);
  await json(['token', 'create', 'alpha', '--home', 'a'], cwd);
  const { stderr } = await runHoldfast(['status', '--home', 'a'], { cwd });
  assert.match(stderr, /unmounted .*cannot be written/);
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name === 'unmounted'),
    [],
  );
});

test('of two authorities restored without their log the one restored last goes on, the other stops while it serves', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  mkdirSync(join(cwd, 'm'));
  await authorityWith([join(cwd, 'away')], cwd);
  const epochs: unknown[] = [];
  for (const home of ['b', 'c'])
    epochs.push((await json(restore(home, '--log-is-lost', `test ${home}`), cwd))['epoch']);
  for (const home of ['b', 'c']) {
    const settings = join(cwd, home, 'holdfast.toml');
    writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll(join(cwd, 'away'), join(cwd, 'm')));
  }
  rmSync(join(cwd, 'm'), { recursive: true });
  await using server = startHoldfast(['serve', '--home', 'b'], { cwd });
  await server.waitFor(/listening/);
  mkdirSync(join(cwd, 'm'));
  await json(['token', 'create', 'alpha', '--home', 'c'], cwd);
  const { stderr } = await server.ended;
  assert.match(stderr, /\[authority_superseded\]/);
  assert.equal(reached(join(cwd, 'm')).epoch, epochs[1]);
  assert.ok(Number(epochs[0]) < Number(epochs[1]));
  await json(['token', 'create', 'beta', '--home', 'c'], cwd);
});
