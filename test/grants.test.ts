import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationAnswer } from '../src/admin/index.ts';
import type { RunningProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type Grant = OperationAnswer<'grant.show'>;

let place: TemporaryDirectory;
let network: Network;
let web: NetworkClient;
let web2: NetworkClient;
let agent: RunningProgram;
/** Comes with the certificate of web2, and keeps to no words of ours. */
let thief: Agent;
const at = (...names: string[]): string => join(place.path, ...names);

const create = async (...words: string[]): Promise<Grant> => {
  const common = ['grant', 'create', '--from', 'web', '--to', 'web2', '--expires', '2d', '--json'];
  return JSON.parse((await network.run([...common, ...words])).stdout) as Grant;
};
const show = (id: number): Promise<Grant> => network.ask<Grant>('grant.show', { id });

/** A grant once the agent has said what came of it. */
async function over({ id }: Grant): Promise<Grant> {
  for (;;) {
    const grant = await show(id);
    if (grant.job?.outcome !== undefined) return grant;
    await sleep(50);
  }
}

async function ask(method: string, path: string, body?: string): Promise<number | undefined> {
  const asked = request(`https://127.0.0.1:${network.port}${path}`, { method, agent: thief });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  await text(answer);
  return answer.statusCode;
}

/** Where an object of a type is, of those that are stored for web. */
const objectOf = (type: string, ...below: string[]): string => {
  const folder = join(network.storedAt('web'), ...below, type);
  const [first = ''] = readdirSync(folder);
  const [name = ''] = type === 'data' ? readdirSync(join(folder, first)) : [first];
  return ['', 'web', ...below, type, name].join('/');
};

/** Looks into what web2 was granted of web by the words that only read, besides restore. */
async function readByEveryWord(): Promise<void> {
  const granted = ['--grant', 'web'];
  const hosts = at('data/etc/hosts');
  const found = await web2.run(['find', 'hosts', ...granted]);
  assert.ok(found.stdout.includes(hosts), found.stdout);
  await web2.run(['diff', 'latest', 'latest', ...granted]);
  {
    await using browse = web2.start(['browse', ...granted]);
    const [, url = ''] = await browse.waitFor(/browse +(http:\S+)/);
    const answer = await fetch(`${url}snapshots/latest${hosts}`);
    assert.deepEqual([answer.status, await answer.text()], [200, 'for web2']);
    await browse.stop();
  }
  if (process.getuid?.() !== 0 || !existsSync('/dev/fuse')) return;
  mkdirSync(at('mnt'));
  await using mount = web2.start(['mount', at('mnt'), ...granted]);
  await mount.waitFor(/^ {2}mounted /m);
  assert.equal(await readFile(join(at('mnt/snapshots/latest'), hosts), 'utf8'), 'for web2');
  await mount.stop();
}

before(async () => {
  place = temporaryDirectory();
  for (const name of ['data', 'data/etc', 'data/home']) mkdirSync(at(name));
  writeFileSync(at('data/etc/hosts'), 'for web2');
  writeFileSync(at('data/home/secret'), 'for nobody else');
  network = await Network.start(at('server'));
  web = await network.join('web', at('web'));
  web2 = await network.join('web2', at('web2'));
  await web.run(['backup', at('data')]);
  agent = web.start(['agent']);
  await agent.waitFor(/"a line to the server is held"/);
  await web2.run(['cert', 'export', '--layout', 'pem', at('pem')]);
  const pem = (name: string) => readFileSync(join(at('pem'), name));
  thief = new Agent({ cert: pem('client.pem'), key: pem('client.key'), ca: pem('ca.pem'), keepAlive: true });
});
after(async () => {
  thief.destroy();
  await agent[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('a grant', () => {
  it('opens nothing while the owner of the machine allows it by no word', async () => {
    const { state, job } = await over(await create('--path', at('data/etc')));
    assert.deepEqual([state, job?.state, job?.outcome?.code], ['waiting', 'refused', 'job_not_allowed']);
    for (const path of ['/web/config', objectOf('keys'), objectOf('data')])
      assert.equal(await ask('GET', path), 403, path);
    assert.match((await web2.run(['snapshots', '--grant', 'web'], 23)).stderr, /\[grant_waiting\]/);
    await web.run(['client', 'set', 'agent.allow', `grant:${at('data/etc')}`]);
    const all = await over(await create());
    assert.equal(all.job?.outcome?.code, 'job_not_allowed');
    for (const { id } of await network.ask<Grant[]>('grant.list')) await network.ask('grant.revoke', { id });
  });

  it('of a path gives a copy of that with a key of its own, to be read and nothing else, until it is revoked', async () => {
    const grant = await over(await create('--path', at('data/etc')));
    assert.deepEqual([grant.state, grant.job?.state], ['open', 'done']);
    const copy = grant.repository ?? '';
    await web2.run(['restore', 'latest', '--grant', 'web', '--target', at('back')]);
    assert.equal(readFileSync(join(at('back'), at('data/etc/hosts')), 'utf8'), 'for web2');
    assert.equal(existsSync(join(at('back'), at('data/home'))), false);
    await readByEveryWord();
    const stored = join(network.storedAt('web'), copy);
    assert.notDeepEqual(
      readdirSync(join(stored, 'keys')),
      readdirSync(join(network.storedAt('web'), 'keys')),
    );
    const within = objectOf('snapshots', copy);
    assert.equal(await ask('GET', within), 200);
    for (const path of [
      '/web/config',
      objectOf('data'),
      '/web/keys/',
      `/web/other${within.slice(within.lastIndexOf('/snap'))}`,
    ])
      assert.equal(await ask('GET', path), 403, path);
    for (const [method, path] of [
      ['DELETE', within],
      ['POST', `/web/${copy}/?create=true`],
      ['POST', `/web/${copy}/locks/${'0'.repeat(64)}`],
      ['DELETE', `/web/${copy}/locks/${'0'.repeat(64)}`],
      ['POST', `/web/${copy}/data/${'0'.repeat(64)}`],
    ] as const)
      assert.equal(await ask(method, path, method === 'POST' ? 'x' : undefined), 403, `${method} ${path}`);
    await network.run(['grant', 'revoke', String(grant.id)]);
    assert.equal(await ask('GET', within), 403);
    assert.match(
      (await web2.run(['ls', 'latest', '--grant', String(grant.id)], 1)).stderr,
      /\[object_not_found\]/,
    );
    while (existsSync(stored)) await sleep(50);
    await network.run(['audit', 'verify']);
  });

  it('of all gives the key of the repository, which is said, and ends what is under way when it is revoked', async () => {
    await web.run(['client', 'set', 'agent.allow', 'grant']);
    const { stderr, stdout } = await network.run([
      'grant',
      'create',
      '--from',
      'web',
      '--to',
      'web2',
      '--expires',
      '2d',
    ]);
    assert.match(stdout + stderr, /gets the key of all that web has saved and will save/);
    const [created] = await network.ask<Grant[]>('grant.list', { limit: 1 });
    const grant = await over(created as Grant);
    assert.equal(grant.state, 'open');
    assert.match((await web2.run(['ls', 'latest', '--grant', String(grant.id)])).stdout, /home\/secret/);
    const path = objectOf('data');
    // Nothing of it is read: it waits in the buffers of the line.
    const held = request(`https://127.0.0.1:${network.port}${path}`, { agent: thief });
    held.end();
    const [answer] = (await once(held, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 200);
    answer.resume();
    const revokedAt = performance.now();
    await network.ask('grant.revoke', { id: grant.id });
    while ((await ask('GET', path)) !== 403) await sleep(10);
    assert.ok(performance.now() - revokedAt < 1000);
  });

  it('is sealed by the recovery kit where its machine is lost, also while that is revoked, and for a path', async () => {
    await agent.stop();
    await network.ask('cert.revoke', { what: 'client/web' });
    const kit = ['--kit', join(network.home, 'recovery-kit.txt')];
    const grant = await create(...kit, '--path', at('data/etc'));
    assert.deepEqual([grant.state, grant.job], ['open', undefined]);
    const { stdout } = await web2.run(['dump', 'latest', at('data/etc/hosts'), '--grant', String(grant.id)]);
    assert.equal(stdout, 'for web2');
    const all = await create(...kit);
    assert.match((await web2.run(['ls', 'latest', '--grant', String(all.id)])).stdout, /home\/secret/);
    await network.run(['audit', 'verify']);
  });

  it('of a path that no snapshot has leaves nothing open', async () => {
    const words = [
      'grant',
      'create',
      '--from',
      'web',
      '--to',
      'web2',
      '--expires',
      '2d',
      '--path',
      '/nowhere',
    ];
    const kit = ['--kit', join(network.home, 'recovery-kit.txt')];
    assert.match(
      (await network.run([...words, ...kit, '--snapshots', 'all'], 1)).stderr,
      /\[path_not_found\]/,
    );
    const [last] = await network.ask<Grant[]>('grant.list', { limit: 1 });
    assert.equal(last?.state, 'revoked');
  });
});
