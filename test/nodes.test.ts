import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { certifiedRequest } from './rig/certified-request.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

interface Seen {
  readonly kind: string;
  readonly service: string;
  readonly seenAt: string;
  readonly address: string;
  readonly listener: string;
  readonly protocol: string | null;
  readonly cipher: string | null;
  readonly group: string | null;
  readonly by: string | null;
  readonly serial: string | null;
  readonly notAfter: string | null;
  readonly software: string | null;
  readonly weaker: readonly string[];
}

interface ListedNode {
  readonly role: string;
  readonly name: string;
  readonly state: string;
  readonly notAfter: string | null;
  readonly lastBackup: string | null;
  readonly seen: readonly Seen[];
}

describe('what a server knows of its nodes', () => {
  const place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  let network: Network;
  let alpha: NetworkClient;
  let beta: NetworkClient;
  const nodes = async (...words: string[]): Promise<ListedNode[]> =>
    JSON.parse((await network.run(['nodes', '--json', ...words])).stdout) as ListedNode[];
  /** A node once it is as it is waited for: who was seen is put on record some seconds later. */
  const nodeThat = async (name: string, is: (node: ListedNode) => boolean): Promise<ListedNode> => {
    for (;;) {
      const found = (await network.ask<ListedNode[]>('node.list', { name })).find(is);
      if (found !== undefined) return found;
      await setTimeout(200);
    }
  };
  const storage = ({ seen }: ListedNode): Seen | undefined =>
    seen.find(({ service, kind, protocol }) => service === 'storage' && kind === 'tls' && protocol !== null);

  before(async () => {
    network = await Network.start(at('server'));
    alpha = await network.join('alpha', at('alpha'));
    beta = await network.join('beta', at('beta'));
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('shows when a client came, how its line was protected, by what it was named and what came of it', async () => {
    const never = (await nodes('--name', 'alpha')).find(({ role }) => role === 'client');
    assert.equal(never?.lastBackup, null);
    await alpha.run(['backup', at('data')]);
    const { stdout } = await alpha.run(['status', '--json']);
    const { node } = JSON.parse(stdout) as {
      node: { certificate: { serial: string }; connection: Pick<Seen, 'protocol' | 'cipher' | 'group'> };
    };
    const { protocol, cipher, group } = node.connection;
    const known = await nodeThat('alpha', ({ lastBackup }) => lastBackup !== null);
    const seen = storage(known);
    assert.ok(seen);
    // What the client says of its line, and what the server says of it.
    assert.deepEqual([seen.protocol, seen.cipher, seen.group], [protocol, cipher, group]);
    assert.equal(group, 'X25519MLKEM768');
    assert.deepEqual(
      [seen.address, seen.listener, seen.by, seen.serial, seen.weaker],
      ['127.0.0.1', 'main', 'certificate', node.certificate.serial, []],
    );
    assert.match(seen.software ?? '', /^holdfast\/\d+\.\d+\.\d+$/);
    assert.equal(known.state, 'live');
    const ageMs = Date.now() - Date.parse(known.lastBackup ?? '');
    assert.ok(ageMs >= 0 && ageMs < 60_000, `${ageMs}`);
  });

  it('shows the group that openssl agreed on, with TLS 1.2 too, and restic as what it says to be', async () => {
    const { options } = await beta.exportForRestic();
    await runProgram('restic', [...options, '--no-cache', 'backup', at('data')]);
    const byRestic = await nodeThat('beta', ({ lastBackup }) => lastBackup !== null);
    assert.match(storage(byRestic)?.software ?? '', /Go-http-client|restic/);

    await network.run(['policy', 'set', 'listeners.main.minimumVersion', 'TLSv1.2']);
    const certificate = at('beta/restic/client.pem');
    for (const [version, group, shown] of [
      ['-tls1_3', 'X25519', 'X25519'],
      ['-tls1_3', 'P-384', 'P-384'],
      ['-tls1_2', 'P-256', 'P-256'],
    ] as const) {
      const script = `printf 'GET /beta/config HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' |
        openssl s_client -quiet -connect 127.0.0.1:${network.port} -cert ${certificate} -key ${certificate} \
          ${version} -groups ${group} 2>/dev/null || true`;
      for (;;) {
        const { stdout } = await runProgram('sh', ['-c', script]);
        if (stdout.includes('HTTP/1.1')) break;
        await setTimeout(100);
      }
      const known = await nodeThat('beta', (node) => storage(node)?.group === shown);
      assert.equal(storage(known)?.protocol, version === '-tls1_2' ? 'TLS 1.2' : 'TLS 1.3');
    }
    await network.run(['policy', 'set', 'listeners.main.minimumVersion', 'default']);
  });

  it('is told by a client what of its own policy is weaker, in status and nodes, for as long as it is', async () => {
    await alpha.run(['client', 'set', 'revocation', 'off']);
    await alpha.run(['client', 'set', 'verifyServer', 'off']);
    await alpha.run(['backup', at('data')]);
    const told = ['verifyServer', 'revocation'];
    await nodeThat('alpha', (node) => String(storage(node)?.weaker) === String(told));
    const status = JSON.parse((await network.run(['status', '--json'])).stdout);
    assert.deepEqual(status.weakerNodes, [{ by: 'client/alpha', keys: told }]);
    const sentence = /client\/alpha says that it dials by less than the default: verifyServer, revocation/;
    assert.match((await network.run(['status'])).stderr, sentence);
    assert.match((await network.run(['nodes'])).stderr, sentence);
    await alpha.run(['client', 'set', 'revocation', 'soft']);
    await alpha.run(['client', 'set', 'verifyServer', 'on']);
    await alpha.run(['backup', at('data')]);
    await nodeThat('alpha', (node) => storage(node)?.weaker.length === 0);
    assert.doesNotMatch((await network.run(['status'])).stderr, sentence);
  });

  it('takes nothing from what is told that is no policy, and nothing that steers a terminal', async () => {
    const files = { ca: at('beta/restic/ca.pem'), certificate: at('beta/restic/client.pem') };
    const url = `https://127.0.0.1:${network.port}/beta/config`;
    const hostile = { 'user-agent': `\u0080\u009b31m${'x'.repeat(500)}` };
    for (const policy of ['verifyServer=maybe', 'x'.repeat(400), 'admin=on; verifyServer=off', '='])
      await certifiedRequest(url, { ...files, headers: { ...hostile, 'holdfast-client-policy': policy } });
    await certifiedRequest(url, { ...files, headers: { 'user-agent': 'probe/1' } });
    const known = await nodeThat('beta', (node) => storage(node)?.software === 'probe/1');
    assert.deepEqual(storage(known)?.weaker, []);
  });

  it('keeps what it knows over a restart, and lists the nodes of a network page by page', async () => {
    const before = await nodes();
    await network.server.stop();
    await network.restart();
    const afterwards = await nodes();
    const what = (list: readonly ListedNode[]) =>
      list.map(({ role, name, lastBackup, seen }) => [role, name, lastBackup, seen.length]);
    assert.deepEqual(what(afterwards), what(before));
    assert.ok(before.length >= 3);
    const [first] = await nodes('--limit', '1');
    assert.deepEqual([first?.role, first?.name], [before[0]?.role, before[0]?.name]);
    const servers = await nodes('--role', 'server');
    assert.ok(servers.length > 0 && servers.every(({ role }) => role === 'server'));
  });

  it('is in a backup of the authority, as it was then', async () => {
    const what = (list: readonly ListedNode[]) =>
      list.map(({ name, lastBackup, seen }) => [name, lastBackup, seen]);
    await network.server.stop();
    const known = await nodes('--role', 'client');
    await network.run(['ca', 'backup', at('authority.age')]);
    const kit = join(network.home, 'recovery-kit.txt');
    const home = at('restored');
    await runProgram(network.program, ['ca', 'restore', at('authority.age'), '--kit', kit, '--home', home]);
    const { stdout } = await runProgram(network.program, [
      'nodes',
      '--json',
      '--role',
      'client',
      '--home',
      home,
    ]);
    assert.deepEqual(what(JSON.parse(stdout) as ListedNode[]), what(known));
    assert.ok(known.some(({ lastBackup }) => lastBackup !== null));
    await network.restart();
  });

  it('learns from the store when the newest snapshot came of which nothing is on record', async () => {
    const at = async () => (await nodes('--name', 'alpha')).find(({ role }) => role === 'client')?.lastBackup;
    const kept = await at();
    assert.ok(kept);
    await network.server.stop();
    {
      using database = new DatabaseSync(join(network.home, 'authority/authority.db'));
      database.exec('DELETE FROM sightings');
    }
    assert.equal(await at(), null);
    await network.restart();
    await nodeThat('alpha', ({ lastBackup }) => lastBackup !== null);
    const found = (await network.run(['nodes', '--name', 'alpha'])).stdout;
    assert.match(found, /seen .* by its newest snapshot in the store$/m);
    const folder = join(network.home, 'store/alpha/snapshots');
    const newestMs = Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
    const learnt = Date.parse((await at()) ?? '');
    assert.ok(Math.abs(learnt - newestMs) < 1000 && Math.abs(learnt - Date.parse(kept)) < 5000);
    const beta = await nodeThat('beta', ({ lastBackup }) => lastBackup !== null);
    assert.equal(beta.seen[0]?.address, '');
  });

  it('fits a table into 80 columns, in status too', async () => {
    for (const words of [['nodes'], ['status']]) {
      const { stdout } = await network.run(words);
      const lines = stdout.split('\n');
      const heading = lines.findIndex((line) => /^\s*Node +Seen +Address +TLS +Group/.test(line));
      assert.ok(heading >= 0, stdout);
      assert.ok(lines.slice(heading).some((line) => line.includes('client/')));
      for (const line of lines.slice(heading)) assert.ok(line.length <= 80, line);
    }
    await alpha.run(['backup', at('data')]);
    await nodeThat('alpha', (node) => storage(node) !== undefined);
    const detail = (await network.run(['nodes', '--name', 'alpha'])).stdout;
    assert.match(detail, /seen +\d{4}-.*storage on main +127\.0\.0\.1 +TLS 1\.3 +X25519MLKEM768/);
  });

  it('says in status how often something was refused, and by which cause', async () => {
    const url = `https://127.0.0.1:${network.port}/alpha/config`;
    const files = { ca: at('beta/restic/ca.pem'), certificate: at('beta/restic/client.pem') };
    for (let times = 0; times < 3; times++) await certifiedRequest(url, files);
    const status = JSON.parse((await network.run(['status', '--json'])).stdout);
    const { times } = status.authority.refusals.find(
      ({ code }: { code: string }) => code === 'namespace_forbidden',
    );
    assert.equal(times, 3);
    assert.match((await network.run(['status'])).stdout, /refused +.*namespace_forbidden 3/);
  });

  it('writes nothing into the log of decisions, however often somebody comes', async () => {
    const log = async () =>
      JSON.parse((await network.run(['status', '--json'])).stdout).authority.log.sequence;
    const before = await log();
    for (let times = 0; times < 3; times++) await alpha.run(['snapshots']);
    await setTimeout(6000);
    assert.equal(await log(), before);
  });
});
