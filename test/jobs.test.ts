import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

type Job = OperationAnswer<'job.show'>;

let place: TemporaryDirectory;
let network: Network;
let laptop: NetworkClient;
let agent: RunningProgram;
const at = (...names: string[]): string => join(place.path, ...names);

const start = async (...words: string[]): Promise<Job> =>
  JSON.parse((await network.run(['job', 'start', ...words, '--json'])).stdout) as Job;
const ask = (input: object): Promise<Job> => network.ask<Job>('job.start', { node: 'laptop', ...input });
const show = (id: number): Promise<Job> => network.ask<Job>('job.show', { id });

/** A job once its agent has said what came of it. */
async function over(id: number): Promise<Job> {
  await agent.waitFor(new RegExp(`"job":${id},[^\\n]*"a job of the server (has ended|was refused)"`));
  return await show(id);
}

const restore = (target: string) =>
  ({ order: { kind: 'restore', snapshot: 'latest', target, include: [], overwrite: false } }) as const;

before(async () => {
  place = temporaryDirectory();
  for (const name of ['data', 'allowed', 'outside']) mkdirSync(at(name));
  writeFileSync(at('data/file'), 'what is saved');
  network = await Network.start(at('server'));
  laptop = await network.join('laptop', at('laptop'));
  await laptop.run(['set', 'add', 'data', at('data'), '--every', '0 0 1 1 *', '--spread', '0']);
  agent = laptop.start(['agent']);
  await agent.waitFor(/"a line to the server is held"/);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('a job that a server starts', () => {
  it('is refused while the owner of the machine allows nothing, and both ends say so', async () => {
    const { id, state, by } = await start('laptop', 'data');
    assert.deepEqual([state, by], ['waiting', 'admin/local']);
    const { state: then, outcome } = await over(id);
    assert.deepEqual([then, outcome?.code], ['refused', 'job_not_allowed']);
    assert.match(
      (await laptop.run(['status'])).stdout,
      /refused +the server wants .* allows nothing \[job_not_allowed\]/,
    );
  });

  it('backs a set up, restores below the folder that is allowed, and is in the log with who wanted it', async () => {
    await laptop.run(['client', 'set', 'agent.allow', `backup,restore:${at('allowed')}`]);
    const backup = await over((await start('laptop', 'data')).id);
    assert.deepEqual([backup.state, backup.outcome?.exit, backup.outcome?.files], ['done', 0, 1]);
    assert.match(backup.outcome?.snapshot ?? '', /^[0-9a-f]{64}$/);
    const words = [
      'laptop',
      '--restore',
      'latest',
      '--target',
      at('allowed/back'),
      '--include',
      at('data/file'),
    ];
    assert.equal((await over((await start(...words)).id)).state, 'done');
    assert.equal(readFileSync(join(at('allowed/back'), at('data/file')), 'utf8'), 'what is saved');
    assert.equal((await over((await start(...words)).id)).outcome?.code, 'target_not_empty');
    const again = await over((await start(...words, '--replace', '--expires', '1h')).id);
    assert.equal(again.state, 'done');
    const lifetimeMs = Date.parse(again.expires) - Date.parse(again.created);
    assert.ok(Math.abs(lifetimeMs - 3_600_000) < 1000, String(lifetimeMs));
    const { stdout } = await network.run(['audit', 'list', '--json']);
    const records = JSON.parse(stdout) as { kind: string; by: string; details: { job?: number } }[];
    const ofJob = records.filter(({ details }) => details.job === backup.id);
    const said = ofJob.map(({ kind, by }) => `${kind} by ${by}`);
    assert.deepEqual(said.toSorted(), ['job ended by client/laptop', 'job started by admin/local']);
    await network.run(['audit', 'verify']);
  });

  it('writes nothing outside of that folder, by dots, links, or the home', async () => {
    symlinkSync(at('outside'), at('allowed/link'));
    symlinkSync(at('nowhere'), at('allowed/dangling'));
    await laptop.run([
      'client',
      'set',
      'agent.allow',
      `backup,restore:${at('allowed')},restore:${laptop.directory}`,
    ]);
    const targets = [
      at('outside'),
      `${at('allowed')}/../outside`,
      at('allowed/link'),
      at('allowed/link/deep/er'),
      at('allowed/dangling'),
      at('allowed/dangling/er'),
      `${at('allowed')}er`,
      '/',
      join(laptop.home, 'node'),
    ];
    for (const target of targets) {
      const { state, outcome } = await over((await ask(restore(target))).id);
      assert.deepEqual([target, state, outcome?.code], [target, 'refused', 'job_not_allowed']);
    }
    for (const path of ['outside/deep', 'nowhere', 'allowed/dangling/er', 'alloweder'])
      assert.ok(!existsSync(at(path)), path);
    assert.equal(existsSync(join(at('outside'), at('data/file'))), false);
  });

  it('says with the code of its command why it failed', async () => {
    const { state, outcome } = await over((await start('laptop', 'no-such-set')).id);
    assert.deepEqual([state, outcome?.code, outcome?.exit], ['failed', 'set_unknown', 2]);
  });

  it('checks the repository, also by a schedule of the server, which says so', async () => {
    await laptop.run(['client', 'set', 'agent.allow', `backup,check,restore:${at('allowed')}`]);
    const words = ['schedule', 'add', 'hourly-check', '--every', '1h', '--zone', 'Europe/Berlin', '--check'];
    await network.run([...words, '--read-data', '--nodes', 'laptop', '--expires', '2h']);
    await network.run(['schedule', 'add', 'yearly', '--every', '0 0 1 1 *', '--backup', 'data']);
    const { stdout } = await network.run(['schedule', 'list']);
    assert.match(
      stdout,
      /hourly-check +check --read-data +to laptop[^\n]*\n[^\n]*yearly +backup data +to every client/,
    );
    await agent.waitFor(/"by":"schedule\/hourly-check"[^\n]*"a job of the server has ended"/);
    const [job] = await network.ask<Job[]>('job.list', { limit: 1 });
    assert.deepEqual([job?.state, job?.by, job?.order.kind], ['done', 'schedule/hourly-check', 'check']);
    assert.equal((await over((await start('laptop', '--check', '--read-data')).id)).state, 'done');
    await network.run(['schedule', 'remove', 'hourly-check']);
    await network.run(['audit', 'verify']);
  });

  it('ends when it is stopped, and is not begun when it was stopped before', async () => {
    const hook = at('hook');
    writeFileSync(hook, `#!/bin/sh\necho begun > ${at('hook-begun')}\nexec sleep 100\n`);
    chmodSync(hook, 0o700);
    const set = ['set', 'add', 'slow', at('data'), '--every', '0 0 1 1 *', '--before', hook];
    await laptop.run(set);
    const running = await start('laptop', 'slow');
    const waiting = await start('laptop', 'data');
    await agent.waitFor(new RegExp(`"job":${running.id},[^\\n]*"a job of the server begins"`));
    assert.equal((await show(running.id)).state, 'running');
    await network.run(['job', 'stop', String(waiting.id)]);
    await network.run(['job', 'stop', String(running.id)]);
    assert.equal((await over(running.id)).state, 'stopped');
    assert.deepEqual(
      [(await show(waiting.id)).state, (await show(waiting.id)).begun],
      ['stopped', undefined],
    );
    const { stderr } = await network.run(['job', 'stop', String(waiting.id)], 1);
    assert.match(stderr, /\[job_over\]/);
  });

  it('is given up where its machine does not come back, which ends it there when it does', async () => {
    rmSync(at('hook-begun'));
    const { id } = await start('laptop', 'slow');
    while (!existsSync(at('hook-begun'))) await sleep(20);
    await network.run(['job', 'stop', String(id), '--give-up']);
    const { state, outcome } = await show(id);
    assert.deepEqual([state, outcome?.message], ['lost', 'admin/local has given it up']);
    assert.equal((await over(id)).state, 'stopped');
  });

  it('is done once: what an agent had begun when it was killed is told, and not begun again', async () => {
    rmSync(at('hook-begun'));
    const { id } = await start('laptop', 'slow');
    while (!existsSync(at('hook-begun'))) await sleep(20);
    await agent.stop('SIGKILL');
    const { length } = await attempts();
    agent = laptop.start(['agent']);
    await agent.waitFor(/"a line to the server is held"/);
    const last = await start('laptop', 'data');
    assert.equal((await over(last.id)).state, 'done');
    const { state, outcome } = await show(id);
    assert.deepEqual([state, outcome?.code], ['failed', 'interrupted']);
    assert.equal((await attempts()).length, length);
  });

  const attempts = async (): Promise<readonly unknown[]> => {
    const { stdout } = await laptop.run(['set', 'show', 'slow', '--json']);
    return (JSON.parse(stdout) as { attempts: unknown[] }).attempts;
  };
});

describe('a client that wants more than what is its own', () => {
  interface Said {
    readonly status: number | undefined;
    readonly body: string;
  }
  let thief: Agent;

  before(async () => {
    const other = await network.join('thief', at('thief'));
    await other.run(['cert', 'export', '--layout', 'pem', at('pem')]);
    const pem = (name: string) => readFileSync(join(at('pem'), name));
    const [cert, key, ca] = [pem('client.pem'), pem('client.key'), pem('ca.pem')];
    thief = new Agent({ cert, key, ca, keepAlive: true });
  });
  after(() => thief.destroy());

  async function say(method: string, path: string, body?: object, headers = {}): Promise<Said> {
    const url = `https://127.0.0.1:${network.port}${path}`;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request(url, { method, agent: thief, headers: { ...headers, ...type } });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, body: await text(answer) };
  }

  it('sees its own orders, and reports on no job of another, nor on its own after they are over', async () => {
    await agent.stop();
    const { id, created } = await start('laptop', 'data');
    const { body } = await say('GET', '/-/agent/orders');
    assert.deepEqual(JSON.parse(body), { version: 1, jobs: [] });
    const outcome = { result: 'done', exit: 0 };
    for (const report of [{}, { outcome }]) {
      const { status, body: said } = await say('POST', '/-/agent/jobs', {
        version: 1,
        id,
        created,
        ...report,
      });
      assert.deepEqual([status, JSON.parse(said).code], [404, 'object_not_found']);
    }
    assert.equal((await show(id)).state, 'waiting');
    const own = await network.ask<Job>('job.start', { node: 'thief', order: { kind: 'backup', set: 'x' } });
    const report = { version: 1, id: own.id, created: own.created, outcome };
    assert.equal((await say('POST', '/-/agent/jobs', report)).status, 200);
    assert.equal((await say('POST', '/-/agent/jobs', report)).status, 409);
    const odd = { ...report, outcome: { ...outcome, message: 'x'.repeat(501) } };
    assert.equal((await say('POST', '/-/agent/jobs', odd)).status, 400);
    assert.equal((await say('POST', '/-/admin/job.start', {})).status, 403);
  });

  it('holds two answers back and no more, and none once it is revoked', async () => {
    const tag = async (): Promise<string> => {
      const asked = request(`https://127.0.0.1:${network.port}/-/agent/orders`, { agent: thief });
      asked.end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.headers.etag ?? '';
    };
    const known = { 'if-none-match': await tag() };
    const held = [1, 2, 3].map(async () => await say('GET', '/-/agent/orders', undefined, known));
    assert.equal((await Promise.race(held)).status, 304);
    const cut = Promise.allSettled(held);
    const revokedAt = performance.now();
    await network.ask('cert.revoke', { what: 'client/thief' });
    const ends = (await cut).map(({ status }) => status);
    assert.deepEqual(ends.toSorted(), ['fulfilled', 'rejected', 'rejected']);
    assert.ok(performance.now() - revokedAt < 5000);
  });
});
