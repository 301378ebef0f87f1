import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certificatePem, fingerprint } from '../src/pki/index.ts';
import { launcher, type ProgramResult, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { authorityLines, opensslCertificate } from './rig/openssl-certificates.ts';
import { OutsideServer, webCertificate } from './rig/outside-server.ts';
import { runHere } from './rig/run-here.ts';
import type { Holder } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Terminal } from './rig/terminal.ts';

const root = (name: string): Holder =>
  opensslCertificate({ subject: `/CN=${name}`, extensions: authorityLines });

describe('trust of a machine that has joined no network', () => {
  let place: TemporaryDirectory;
  let one: OutsideServer;
  let other: OutsideServer;
  const first = root('first root');
  const second = root('second root');
  const both = ['DNS:localhost', 'IP:127.0.0.1', 'IP:127.0.0.2'];
  const at = (name: string): string => join(place.path, name);
  const run = async (words: readonly string[], expected = 0): Promise<ProgramResult> => {
    const result = await runHoldfast([...words, '--home', at('home')], { env: { HOME: place.path } });
    assert.equal(result.code, expected, `${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  /** What a command says that fails with this exit code; in this process, since there are many. */
  const quick = async (words: readonly string[], expected = 0): Promise<string> => {
    const { code, error } = await runHere([...words, '--home', at('home')], { HOME: place.path });
    const said = `${error?.message} [${error?.code}] next: ${error?.hint}`;
    assert.equal(code, expected, `${words.join(' ')}: ${said}`);
    return said;
  };
  /** 10 where the server is believed, which has no repository, and 21 where it is not. */
  const ask = (host: string, { port }: OutsideServer, expected: number): Promise<string> =>
    quick(['snapshots', '--repo', `rest:https://${host}:${port}/x/`], expected);
  const write = (name: string, { der }: Holder): string => {
    writeFileSync(at(name), certificatePem(der));
    return at(name);
  };
  const listed = async (): Promise<
    { speaksFor: string; kind: string; fingerprint: string; from: string }[]
  > => JSON.parse((await run(['trust', 'list', '--json'])).stdout);

  before(async () => {
    place = temporaryDirectory();
    one = await OutsideServer.start(webCertificate(both, first));
    other = await OutsideServer.start(webCertificate(both, second));
    write('first.pem', first);
    write('second.pem', second);
  });
  after(async () => {
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('leaves no home where a server is not believed', async () => {
    assert.match(await ask('localhost', one, 21), /\[certificate_unknown_authority\]/);
    assert.ok(!existsSync(at('home')));
    assert.match(await quick(['trust', 'list'], 1), /\[home_missing\]/);
    await quick(['trust', 'add', '--server', '*.example', '--file', at('first.pem')], 1);
    assert.ok(!existsSync(at('home')));
  });

  it('takes several roots for several servers, each for its own names alone', async () => {
    await quick(['trust', 'add', '--server', 'localhost,127.0.0.2', '--file', at('first.pem')]);
    await ask('localhost', one, 10);
    await ask('127.0.0.2', one, 10);
    await ask('127.0.0.1', one, 21);
    await ask('localhost', other, 21);
    await run([
      'trust',
      'add',
      '--server',
      'localhost',
      '--file',
      at('first.pem'),
      '--file',
      at('second.pem'),
    ]);
    await ask('localhost', other, 10);
    await ask('127.0.0.2', other, 21);
    assert.deepEqual(
      (await listed()).map(({ speaksFor, kind, fingerprint: found, from }) => [speaksFor, kind, found, from]),
      [
        ['localhost, 127.0.0.2', 'root', fingerprint(first.der), 'this machine'],
        ['localhost', 'root', fingerprint(second.der), 'this machine'],
      ],
    );
  });

  it('keeps what was added in the encrypted keystore, opened by the stash beside it', async () => {
    for (const name of ['keystore', 'stash'])
      assert.equal(statSync(join(at('home'), 'node', name)).mode & 0o7777, 0o600);
    assert.ok(!readFileSync(join(at('home'), 'node/keystore')).includes('localhost'));
    assert.equal(readFileSync(join(at('home'), 'node/stash')).length, 32);
  });

  it('shows one in full, by name or by the beginning of its fingerprint', async () => {
    const shown = await run(['trust', 'show', '127.0.0.2']);
    assert.match(shown.stdout, new RegExp(`fingerprint +${fingerprint(first.der)}`));
    assert.doesNotMatch(shown.stdout, /second root/);
    const beginning = fingerprint(second.der).slice(0, 18);
    const [found] = JSON.parse((await run(['trust', 'show', beginning, '--json'])).stdout) as {
      issuer: string;
    }[];
    assert.equal(found?.issuer, 'CN=second root');
    assert.match(await quick(['trust', 'show', 'nobody.example'], 1), /\[object_not_found\]/);
  });

  it('takes a name away and leaves the others that a root speaks for', async () => {
    await quick(['trust', 'remove', '--server', 'localhost', '--fingerprint', fingerprint(first.der)]);
    await ask('localhost', one, 21);
    await ask('localhost', other, 10);
    await ask('127.0.0.2', one, 10);
    const unknown = ['trust', 'remove', '--server', 'localhost', '--fingerprint', fingerprint(first.der)];
    assert.match(await quick(unknown, 1), /no certificate SHA256.*\[object_not_found\]/);
    await quick(['trust', 'remove', '--server', 'localhost,127.0.0.2']);
    assert.deepEqual(await listed(), []);
  });

  it('believes the certificate of a server that signed itself, whatever it calls itself, until it is another', async () => {
    const own = opensslCertificate({ subject: '/CN=TSM Self-Signed Certificate' });
    await using server = await OutsideServer.start(own);
    await quick(['trust', 'add', '--server', 'localhost', '--file', write('cert256.arm', own)]);
    await ask('localhost', server, 10);
    await ask('127.0.0.1', server, 21);
    const renewed = opensslCertificate({ subject: '/CN=TSM Self-Signed Certificate', keys: own.keys });
    server.show(renewed);
    const said = await ask('localhost', server, 21);
    assert.match(said, /\[certificate_changed\]/);
    assert.ok(said.includes(fingerprint(own.der)) && said.includes(fingerprint(renewed.der)));
    assert.match(said, /the same key/);
    assert.match(said, /next: ask .*holdfast trust accept https:\/\/localhost:\d+ --fingerprint/s);
    server.show(opensslCertificate({ subject: '/CN=somebody else' }));
    const changed = await ask('localhost', server, 21);
    assert.match(changed, /another key; subject CN=TSM Self-Signed Certificate before, CN=somebody else now/);
    server.show(own);
    await ask('localhost', server, 10);
    await quick(['trust', 'remove', '--server', 'localhost']);
  });

  it('accepts the certificate that a server shows at its address, when its fingerprint was said', async () => {
    const own = webCertificate(['DNS:elsewhere.example']);
    await using server = await OutsideServer.start(own);
    const url = `https://localhost:${server.port}`;
    const unasked = await quick(['trust', 'accept', url], 2);
    assert.ok(unasked.includes(fingerprint(own.der)) && unasked.includes('--fingerprint'), unasked);
    const mismatch = await quick(['trust', 'accept', url, '--fingerprint', fingerprint(first.der)], 21);
    assert.match(mismatch, /\[fingerprint_mismatch\]/);
    assert.ok(mismatch.includes(fingerprint(own.der)) && mismatch.includes(fingerprint(first.der)));
    await ask('localhost', server, 21);
    await quick(['trust', 'accept', url, '--fingerprint', fingerprint(own.der)]);
    await ask('localhost', server, 10);
    await ask('127.0.0.1', server, 21);
    await using second = await OutsideServer.start(own);
    await ask('localhost', second, 21);
    assert.match(await quick(['trust', 'add', '--server', 'nothing', '--file', at('none.pem')], 1), /none/);
    await assertAlarm(server, own);
  });

  /** A later change is refused and replaces nothing, until the new one is accepted in the same way. */
  const assertAlarm = async (server: OutsideServer, own: Holder): Promise<void> => {
    const url = `https://localhost:${server.port}`;
    const renewed = webCertificate(['DNS:elsewhere.example']);
    server.show(renewed);
    for (let time = 0; time < 2; time += 1) {
      const alarm = await ask('localhost', server, 21);
      assert.match(alarm, /accepted 20.*another key.*\[certificate_changed\]/s);
      assert.ok(alarm.includes(fingerprint(own.der)) && alarm.includes(fingerprint(renewed.der)));
    }
    await quick(['trust', 'accept', url], 2);
    server.show(own);
    await ask('localhost', server, 10);
    server.show(renewed);
    await quick(['trust', 'accept', url, '--fingerprint', fingerprint(renewed.der)]);
    await ask('localhost', server, 10);
    server.show(own);
    await ask('localhost', server, 21);
    await quick(['trust', 'remove', '--server', 'localhost']);
  };

  it('shows the certificate on a terminal and asks', async () => {
    const own = webCertificate(['DNS:elsewhere.example']);
    await using server = await OutsideServer.start(own);
    const url = `https://localhost:${server.port}`;
    const words = ['trust', 'accept', url, '--home', at('home')];
    for (const [answer, code] of [
      ['n', 130],
      ['y', 0],
    ] as const) {
      await using terminal = new Terminal(words, place.path);
      await terminal.waitFor(/Believe this certificate of localhost:\d+\?/);
      for (const part of [fingerprint(own.der), 'elsewhere.example', 'CN=web', 'itself'])
        assert.ok(terminal.seen.replace(/\s+/g, '').includes(part.replace(/\s+/g, '')), part);
      terminal.type(answer);
      assert.equal(await terminal.ended, code);
      await ask('localhost', server, code === 0 ? 10 : 21);
    }
    await quick(['trust', 'remove', '--server', 'localhost']);
  });

  it('is changed by the words of dsmcert, also when the program is called by that name', async () => {
    symlinkSync(launcher, at('dsmcert'));
    const env = { HOME: place.path, HOLDFAST_HOME: at('home') };
    const dsmcert = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
      runProgram(at('dsmcert'), words, { env, cwd: place.path, expected });
    const own = opensslCertificate({ subject: '/CN=TSM Self-Signed Certificate' });
    await using server = await OutsideServer.start(own);
    write('cert256.arm', own);
    await dsmcert(['-add', '-server', 'localhost', '-file', 'cert256.arm']);
    await ask('localhost', server, 10);
    assert.match((await dsmcert(['-list'])).stdout, /localhost +CN=TSM Self-Signed Certificate +itself/);
    assert.match((await dsmcert(['-add', '-server', 'localhost'], 2)).stderr, /dsmcert: -add needs -file/);
    await quick(['dsmcert', '-delete', '-server', 'localhost']);
    await ask('localhost', server, 21);
    assert.match(await quick(['dsmcert', '-delete', '-server', 'localhost'], 1), /\[object_not_found\]/);
  });

  it('says which servers present one key, by one certificate or by several', async () => {
    const nas = opensslCertificate({ subject: '/CN=nas' });
    write('nas.pem', nas);
    write('attic.pem', opensslCertificate({ subject: '/CN=attic', keys: nas.keys }));
    const add = async (file: string, ...servers: string[]): Promise<string> =>
      (await run(['trust', 'add', '--server', servers.join(','), '--file', at(file)])).stderr;
    assert.equal(await add('nas.pem', 'nas', '192.0.2.7'), '');
    const said = /nas, 192\.0\.2\.7 and (\w+) present one key \(SHA-256 [0-9a-f]{64}\)/;
    assert.equal(said.exec(await add('nas.pem', 'cellar'))?.[1], 'cellar');
    await quick(['trust', 'remove', '--server', 'cellar']);
    assert.equal(said.exec(await add('attic.pem', 'attic'))?.[1], 'attic');
    assert.equal(said.exec((await run(['trust', 'list'])).stderr)?.[1], 'attic');
    await quick(['trust', 'remove', '--server', 'attic']);
    assert.equal((await run(['trust', 'list'])).stderr, '');
    await quick(['trust', 'remove', '--server', 'nas,192.0.2.7']);
  });

  it('reads what was added before it had a place in the keystore', async () => {
    const anchor = {
      fingerprint: fingerprint(first.der),
      speaksFor: { kind: 'server', names: ['localhost'] },
    };
    const certificate = Buffer.from(first.der).toString('base64');
    const former = { version: 1, network: 'network.test', anchors: [{ ...anchor, certificate }] };
    rmSync(at('home'), { recursive: true });
    await quick(['trust', 'add', '--server', 'other.example', '--file', at('second.pem')]);
    rmSync(join(at('home'), 'node'), { recursive: true });
    await quick(['request', 'create', '--cn', 'box', '--out', at('box.csr')]);
    writeFileSync(join(at('home'), 'node/local-trust.json'), JSON.stringify(former));
    await ask('localhost', one, 10);
    await quick(['trust', 'add', '--server', '127.0.0.1', '--file', at('first.pem')]);
    assert.equal((await listed())[0]?.speaksFor, 'localhost, 127.0.0.1');
    assert.ok(!existsSync(join(at('home'), 'node/local-trust.json')));
  });
});
