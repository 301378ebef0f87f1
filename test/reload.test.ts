import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './rig/free-ports.ts';
import { type RunningProgram, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { listenersToml } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { takesConnections } from './rig/takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('SIGHUP', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let server: RunningProgram;
  let client: NetworkClient;
  let settings = '';
  const at = (...names: string[]): string => join(place.path, ...names);
  const file = (): string => join(network.home, 'holdfast.toml');
  let seen = 0;
  /** Has the server read `text` as its settings, and gives what it says of that, on both outputs. */
  const reload = async (text: string, said: RegExp): Promise<string> => {
    writeFileSync(file(), text);
    const both = () => `${server.stdout}\n${server.stderr}`;
    const before = both();
    process.kill(server.pid, 'SIGHUP');
    await server.waitFor(new RegExp(`(?:(?:${said.source})[^]*){${++seen}}`));
    return both().slice(Math.max(0, before.length - 2000));
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    // One that takes its port from the settings.
    await network.server.stop();
    const section = `[authority]\nbackup_to = ${JSON.stringify(at('backups'))}\nrehearse_every = "1s"\n`;
    mkdirSync(at('backups'));
    settings = `${readFileSync(file(), 'utf8')}\n${section}`;
    writeFileSync(file(), settings);
    server = startHoldfast(['serve', '--home', network.home]);
    await server.waitFor(/server +listening/);
    client = await network.join('client', at('client'));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await client.run(['backup', at('letter')]);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('ends no server, and changes what it logs: log_level counts', async () => {
    const refused = (): number => server.stderr.split('"msg":"join refused"').length - 1;
    const tryIn = () =>
      runProgram('curl', [
        '-sk',
        '-d',
        '{}',
        '-H',
        'content-type: application/json',
        `https://127.0.0.1:${network.port + 1}/-/enrol/join`,
      ]);
    const known = await network.joinCode('other');
    await tryIn();
    await server.waitFor(/join refused/);
    const before = refused();
    assert.ok(known && before > 0, 'info is the default');
    await server.waitFor(/a backup was looked at/);
    await reload(settings.replace(/^port = /m, 'log_level = "error"\nport = '), /reloaded/);
    assert.match(server.stdout, /reloaded {4}holdfast\.toml {3}log_level/);
    await tryIn();
    assert.equal(refused(), before);
    await client.run(['backup', at('letter')]);
  });

  it('gives the server other names and another port while it runs, and says by name what has to wait', async () => {
    const port = await freePorts();
    const names = 'names = ["127.0.0.1","localhost","other.example"]';
    const changed = settings
      .replace(/^names = .*$/m, names)
      .replace(/^port = .*$/m, `port = ${port}`)
      .replace(/^status_address = .*$/m, 'status_address = "http://other.example:80"');
    await reload(changed, /reloaded/);
    assert.match(
      server.stdout,
      /reloaded {4}holdfast\.toml {3}log_level, names, port|reloaded .*names, port/,
    );
    assert.match(server.stderr, /warning: status_address in holdfast\.toml counts from the next start/);
    assert.ok((await takesConnections(port)) && !(await takesConnections(network.port)));
    const connected = await runProgram(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port + 1}`, '-showcerts'],
      {},
    );
    const shown = await runProgram('openssl', ['x509', '-noout', '-ext', 'subjectAltName'], {
      input: connected.stdout,
    });
    assert.match(shown.stdout, /DNS:other\.example/);
    await reload(settings, /reloaded/);
    await client.run(['backup', at('letter')]);
  });

  it('opens and closes listeners while a transfer goes on, and sends nobody to where nothing is', async () => {
    const [before, enrol] = [network.port, await freePorts()];
    await client.run(['cert', 'export', at('pem')]);
    const content = randomBytes(1_500_000);
    writeFileSync(at('object'), content);
    const url = `https://localhost:${before}/client/data/${hash('sha256', content)}`;
    const identity = ['--cert', at('pem/client.pem'), '--key', at('pem/client.key')];
    const slowly = ['--limit-rate', '500k', '--data-binary', `@${at('object')}`];
    const words = ['-sSf', '--cacert', at('pem/ca.pem'), ...identity, ...slowly, url];
    const sending = runProgram('curl', words);
    while (!(await isSending(before))) await setTimeout(20);
    const others = listenersToml([
      { name: 'main', port: before, services: ['storage', 'control'], clientCertificate: 'warn' },
      { name: 'join', port: enrol, services: ['enrol'] },
    ]);
    const listeners = settings.replace('[authority]', `${others}[authority]`);
    await reload(listeners, /reloaded/);
    assert.match(server.stdout, /TLS 1\.3, client certificates asked for/);
    assert.match((await network.joinCode('third')).split(/\s/)[0] ?? '', /^hf1-/);
    assert.ok(!(await takesConnections(before + 1)) && (await takesConnections(enrol)));
    const third = await network.join('third', at('third'));
    assert.deepEqual(await sending, { code: 0, signal: null, stdout: '', stderr: '' });
    await third.run(['backup', at('letter')]);
    await reload(settings, /reloaded/);
    await client.run(['backup', at('letter')]);
  });

  it('changes nothing when the settings are not valid, or no server starts with them', async () => {
    const kept = seen;
    seen = 0;
    await reload(settings.replace(/^port = .*$/m, 'port = "many"'), /goes on with those it had/);
    assert.match(server.stderr, /holdfast\.toml: port .*\[settings_invalid\]/);
    await reload(settings.replace(/^names = .*$/m, 'names = ["not a name"]'), /goes on with those it had/);
    seen = kept;
    writeFileSync(file(), settings);
    await client.run(['backup', at('letter')]);
  });

  it('does not end a command that nobody watches on a terminal, as under nohup', async () => {
    await runProgram('mkfifo', [at('fifo')]);
    const words = ['backup', at('letter'), '--repo', at('repo'), '--init', '--password-file', at('fifo')];
    await using running = startHoldfast([...words, '--home', client.home]);
    const standing = async (): Promise<string> => (await client.run(['status', '--json'])).stdout;
    while (!(await standing()).includes('"running"'));
    process.kill(running.pid, 'SIGHUP');
    writeFileSync(at('fifo'), 'a password\n');
    assert.equal((await running.ended).code, 0);
  });

  it('still lets Ctrl-C end the server in order', async () => {
    assert.equal((await server.stop('SIGINT')).code, 0);
  });
});

/** Whether a connection to a port of this machine is open (proc(5), /proc/net/tcp). */
async function isSending(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
  return tables.some((text) => new RegExp(`:${hex} [0-9A-F]+:[0-9A-F]{4} 01 `).test(text));
}
