import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './rig/free-ports.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('ports that are mixed up', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let ann: NetworkClient;
  /** A port for administration alone, and one for repositories alone. */
  let desk: number;
  let store: number;
  const at = (...names: string[]): string => join(place.path, ...names);
  const url = (port: number, path = ''): string => `https://127.0.0.1:${port}${path}`;
  /** How a command fails, and how much the server had logged before. */
  const mistaken = async (
    machine: NetworkClient,
    words: readonly string[],
    exit: number,
  ): Promise<{ code: string; said: string; from: number }> => {
    const from = network.server.stderr.length;
    const { code, message, hint } = errorIn(await machine.run([...words, '--json'], exit));
    return { code, said: `${message}; ${hint}`, from };
  };
  /** What is told to a peer may be with him before the line of the log is here. */
  const assertLogged = async (pattern: RegExp, from: number): Promise<void> => {
    const untilMs = performance.now() + 10_000;
    while (!pattern.test(network.server.stderr.slice(from)) && performance.now() < untilMs) await sleep(20);
    assert.match(network.server.stderr.slice(from), pattern);
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    desk = await freePorts(2);
    store = desk + 1;
    const file = join(network.home, 'holdfast.toml');
    writeFileSync(file, readFileSync(file, 'utf8') + listeners(network.port, desk));
    await network.server.stop();
    await network.restart();
    laptop = await network.join('laptop', at('laptop'));
    ann = network.client('ann', at('ann'));
    const { stdout } = await network.run(['token', 'create', 'ann', '--role', 'admin']);
    await ann.run(['join', stdout.trim()]);
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('administers at the port for it, and backs up where repositories are', async () => {
    await ann.run(['client', 'set-server', url(desk)]);
    assert.match((await ann.run(['nodes'])).stdout, /laptop/);
    await laptop.run(['backup', at('letter')]);
  });

  it('says to a client at the port for administration that there are no repositories, and where they are', async () => {
    const use = new RegExp(`use ${url(network.port)}`);
    for (const words of [
      ['snapshots', '--repo', url(desk, '/laptop/')],
      ['backup', at('letter'), '--repo', url(desk, '/laptop/')],
      ['client', 'set-server', url(desk)],
    ]) {
      const { code, said, from } = await mistaken(laptop, words, 20);
      assert.equal(code, 'service_elsewhere', words.join(' '));
      assert.match(said, /that has no repositories/);
      assert.match(said, new RegExp(`holdfast doctor ${url(desk)}`));
      await assertLogged(/"service_elsewhere".*this port does not serve storage/, from);
    }
    const { code, said } = await mistaken(laptop, ['doctor', url(desk)], 20);
    assert.equal(code, 'service_elsewhere');
    assert.match(said, use);
    await laptop.run(['snapshots']);
  });

  it('says to an administrator at a port for repositories that there is no administration, and where it is', async () => {
    const { code, said, from } = await mistaken(ann, ['client', 'set-server', url(store)], 20);
    assert.equal(code, 'service_elsewhere');
    assert.match(said, /this port does not serve control.*goes on with https:.*; use https:/);
    await assertLogged(/this port does not serve control/, from);
    const walk = await mistaken(ann, ['doctor', url(store)], 20);
    assert.equal(walk.code, 'service_elsewhere');
    assert.match(walk.said, /does not serve control; use https:/);
    assert.match((await ann.run(['nodes'])).stdout, /laptop/);
  });

  it('says to whoever joins at another port which one takes requests', async () => {
    const code = await network.joinCode('web');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('web.key')];
    await runProgram('openssl', ['req', '-new', ...key, '-subj', '/CN=web', '-out', at('web.csr')]);
    for (const port of [network.port, desk, store]) {
      const words = ['request', 'submit', at('web.csr'), '--server', url(port)];
      const web = network.client('web', at('web'));
      const result = await web.run([...words, '--code', code, '--json'], 21);
      assert.equal(errorIn(result).code, 'certificate_required');
    }
  });

  it('says on both sides that a TLS port was spoken to in plain HTTP', async () => {
    for (const port of [network.port, network.port + 1, desk, store]) {
      const from = network.server.stderr.length;
      const curl = await runProgram('curl', ['-sS', `http://127.0.0.1:${port}/laptop/config`]);
      assert.match(curl.stdout, /This port speaks TLS: use https:\/\//);
      await assertLogged(
        /"msg":"somebody speaks plain HTTP to a port of TLS: https:\/\/ belongs in his address"/,
        from,
      );
      const address = `http://127.0.0.1:${port}`;
      const walk = await mistaken(laptop, ['doctor', address], 20);
      assert.equal(walk.code, 'tls_required');
      const words = ['snapshots', '--repo', `${address}/laptop/`];
      const plain = await mistaken(laptop, words, 2);
      assert.match(plain.said, /write https:\/\/ with a port of TLS/);
    }
  });

  it('says on both sides that a plain port was spoken to in TLS', async () => {
    const port = network.port + 2;
    const from = network.server.stderr.length;
    const shaken = await runProgram('sh', [
      '-c',
      `echo | openssl s_client -connect 127.0.0.1:${port} 2>&1; true`,
    ]);
    assert.match(shaken.stdout, /wrong version number|packet length too long/);
    await assertLogged(
      /somebody speaks TLS to a plain port.*http:\/\/ belongs in his address, or the port of another/,
      from,
    );
    for (const machine of [laptop, ann])
      for (const words of [
        ['client', 'set-server', url(port)],
        ['doctor', url(port)],
      ]) {
        const { code, said } = await mistaken(machine, words, 20);
        assert.equal(code, 'tls_not_spoken');
        if (words[0] !== 'doctor') assert.match(said, new RegExp(`holdfast doctor ${url(port)}`));
      }
  });

  it('tells a stranger no more of where things are than the status service does', async () => {
    const open = network.port + 1;
    const asked = async (path: string, words: readonly string[] = []): Promise<string> => {
      const curl = ['-sk', ...words, url(open, path)];
      return (await runProgram('curl', curl)).stdout;
    };
    const control = '/-/control/trust';
    assert.match(await asked(control), /service_elsewhere.*use https:\/\/127\.0\.0\.1:/);
    // Ports of their own for repositories and for administration, and none with both.
    const file = join(network.home, 'holdfast.toml');
    writeFileSync(file, readFileSync(file, 'utf8').split('[[listeners]]', 1)[0] + apart(network.port, desk));
    await network.server.stop();
    await network.restart();
    assert.equal(JSON.parse(await asked('/-/status/servers')).servers.length, 0);
    for (const path of [control, '/laptop/config']) {
      const told = JSON.parse(await asked(path));
      assert.deepEqual([told.code, told.hint], ['service_elsewhere', undefined]);
    }
    await ann.run(['cert', 'export', at('ann.pem')]);
    const shown = ['--cert', at('ann.pem/client.pem'), '--key', at('ann.pem/client.key')];
    assert.equal(JSON.parse(await asked(control, shown)).hint, `use ${url(desk)}`);
  });
});

function apart(port: number, desk: number): string {
  const [main, open, plain] = usualListeners(port);
  assert.ok(main !== undefined && open !== undefined && plain !== undefined);
  return listenersToml([
    { ...main, services: ['storage'] },
    { ...open, clientCertificate: 'warn' },
    plain,
    { name: 'desk', port: desk, services: ['control'], clientCertificate: 'require' },
  ]);
}

function listeners(port: number, desk: number): string {
  return listenersToml([
    ...usualListeners(port),
    { name: 'desk', port: desk, services: ['control'], clientCertificate: 'require' },
    { name: 'store', port: desk + 1, services: ['storage'], clientCertificate: 'require' },
  ]);
}
