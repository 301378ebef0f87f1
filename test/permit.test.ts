import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import {
  launcher,
  type ProgramResult,
  RunningProgram,
  runHoldfast,
  runProgram,
} from './rig/holdfast-process.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('an authority that permits some names', () => {
  let place: TemporaryDirectory;
  let home: string;
  let port: number;
  let server: RunningProgram;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = async (words: readonly string[], expected = 0): Promise<ProgramResult> =>
    await runProgram(launcher, [...words, '--home', home], { env: { HOME: place.path }, expected });

  before(async () => {
    place = temporaryDirectory();
    home = at('home');
    port = await freePorts();
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** A machine joins by a code; its certificates are then in `<name>/pem`. */
  const joinNetwork = async (
    name: string,
    words: readonly string[] = [],
    expected = 0,
  ): Promise<ProgramResult> => {
    const { stdout } = await run(['token', 'create', name, ...words]);
    const client = at(name);
    mkdirSync(client, { recursive: true });
    const joining = ['join', stdout.trim(), '--home', join(client, 'home')];
    const joined = await runProgram(launcher, [...joining, '--json'], { env: { HOME: client }, expected });
    if (expected === 0) {
      const exporting = ['cert', 'export', '--layout', 'pem', join(client, 'pem'), '--home'];
      await runProgram(launcher, [...exporting, join(client, 'home')], { env: { HOME: client } });
    }
    return joined;
  };

  /** Of the certificate that the running server shows now. */
  const issuerOfServer = (): string => {
    const shown = `openssl s_client -connect 127.0.0.1:${port + 1} </dev/null 2>&1 | openssl x509 -noout -issuer`;
    return execFileSync('sh', ['-c', shown], { encoding: 'utf8' });
  };

  it('is not made for a server that it could not certify, nor for names that are none', async () => {
    const words = ['init', '--network', 'network.test', '--home', home, '--names', '127.0.0.1,localhost'];
    for (const [permit, code, exit, message] of [
      ['example.com', 'name_not_permitted', 23, /127\.0\.0\.1/],
      ['127.0.0.0/8', 'name_invalid', 1, /no domain/],
      ['example.com,300.0.0.0/8', 'name_invalid', 1, /300/],
    ] as const)
      await assertRefused([...words, '--permit', permit], { code, exit, message, untouched: home });
  });

  it('certifies what is within, and OpenSSL, GnuTLS and the program itself verify it', async () => {
    const permit = ['--permit', 'localhost,example.com,127.0.0.0/8', '--port', String(port)];
    await run(['init', '--network', 'network.test', '--names', 'localhost,127.0.0.1', ...permit]);
    server = new RunningProgram(['serve', '--home', home], { env: { HOME: place.path } });
    await server.waitFor(/listening/);
    await joinNetwork('laptop');
    await joinNetwork('nas', ['--role', 'storage', '--names', 'nas.example.com,127.9.9.9']);
    await joinNetwork('blocks', ['--role', 'storage', '--names', '127.8.8.*']);
    for (const name of ['laptop', 'nas', 'blocks']) {
      const [ca, leaf] = [at(name, 'pem/ca.pem'), at(name, 'pem/client.pem')];
      execFileSync('openssl', ['verify', '-CAfile', ca, '-untrusted', leaf, leaf]);
      writeFileSync(at('chain.pem'), readFileSync(leaf, 'utf8') + readFileSync(ca, 'utf8'));
      const words = ['--verify', '--load-ca-certificate', ca, '--infile', at('chain.pem')];
      assert.match(execFileSync('certtool', words, { encoding: 'utf8' }), /output: Verified/);
    }
    const text = execFileSync(
      'sh',
      ['-c', 'sed "1,/END CERT/d" "$1" | openssl x509 -noout -text', 'sh', at('laptop/pem/client.pem')],
      { encoding: 'utf8' },
    );
    assert.match(text, /Name Constraints: critical/);
    // Chromium, rustls and pyca refuse whatever has a URI below a constraint on URIs.
    assert.doesNotMatch(text, /URI:network/);
  });

  it('refuses what is outside, names it, and has it in the log', async () => {
    for (const [name, names] of [
      ['disk', 'nas.example.org'],
      ['tape', 'tape.example.com,10.0.0.1'],
    ] as const) {
      const refused = await joinNetwork(name, ['--role', 'storage', '--names', names], 23);
      assert.equal(errorIn(refused).code, 'name_not_permitted');
    }
    const { stdout } = await run(['audit', 'list', '--kind', 'refused', '--json']);
    assert.equal(stdout.match(/name_not_permitted/g)?.length, 2);
  });

  it('gives a machine without a host name a common name that cannot be taken for one', async () => {
    await joinNetwork('laptop.example.org');
    const leaf = at('laptop.example.org', 'pem/client.pem');
    const subject = execFileSync('openssl', ['x509', '-in', leaf, '-noout', '-subject'], {
      encoding: 'utf8',
    });
    assert.match(subject, /CN = client\/laptop\.example\.org/);
  });

  it('is changed by an issuing certificate of its own, which goes on permitting what machines have', async () => {
    const outside = await runHoldfast(['ca', 'permit', 'example.org', '--json', '--home', home]);
    assert.deepEqual([errorIn(outside).code, outside.code], ['name_not_permitted', 23]);
    await run(['ca', 'permit', 'example.org,example.com', 'localhost', '127.0.0.0/8']);
    assert.match(issuerOfServer(), /issuing-2/);
    await joinNetwork('disk2', ['--role', 'storage', '--names', 'nas.example.org']);
    const refused = await joinNetwork('disk3', ['--role', 'storage', '--names', 'nas.example.net'], 23);
    assert.equal(errorIn(refused).code, 'name_not_permitted');
    await run(['ca', 'permit', '--none']);
    await joinNetwork('disk4', ['--role', 'storage', '--names', 'nas.example.net']);
    const { stdout } = await run(['ca', 'show', '--json']);
    const { certificates } = JSON.parse(stdout) as { certificates: { label: string; current: boolean }[] };
    assert.equal(
      certificates.find(({ current, label }) => current && label !== 'root-1')?.label,
      'issuing-3',
    );
    const audit = (await run(['audit', 'list', '--kind', 'name constraints changed', '--json'])).stdout;
    assert.equal(audit.match(/"by":"admin\/local"/g)?.length, 2);
  });
});
