import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { OutsideAuthority } from './rig/outside-authority.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a certificate for another program', () => {
  let place: TemporaryDirectory;
  let network: Network;
  const at = (...names: string[]): string => join(place.path, ...names);
  const openssl = (...words: string[]): Promise<ProgramResult> =>
    runProgram('openssl', words, { cwd: place.path });
  const run = (words: string[], expected = 0): Promise<ProgramResult> => network.run(words, expected);
  const modeOf = (name: string): string => (statSync(at(name)).mode & 0o777).toString(8);

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    await network.join('laptop', at('laptop'));
    await run(['ca', 'export', at('root.pem')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is exported by its number and by its identity, in each form, and openssl verifies it by the root', async () => {
    const { stdout } = await run(['cert', 'list', '--name', 'laptop', '--json']);
    const [{ serial } = { serial: '' }] = JSON.parse(stdout) as { serial: string }[];
    const by = ['cert', 'export', '--serial', serial];
    await run([...by, at('leaf.pem')]);
    assert.equal(new X509Certificate(readFileSync(at('leaf.pem'))).serialNumber.toLowerCase(), serial);
    assert.equal(readFileSync(at('leaf.pem'), 'utf8').split('BEGIN').length, 2);
    assert.equal(modeOf('leaf.pem'), '644');
    await run([...by, at('leaf.der')]);
    assert.equal(readFileSync(at('leaf.der'))[0], 0x30);
    await run([...by, '--chain', at('chain.pem')]);
    await openssl('verify', '-CAfile', 'root.pem', '-untrusted', 'chain.pem', 'leaf.pem');
    const exported = await run(['cert', 'export', '--identity', 'client/laptop', at('chain.p7b'), '--json']);
    const told = JSON.parse(exported.stdout) as Record<string, unknown>;
    assert.deepEqual(
      [told['serial'], told['format'], told['certificates'], told['file']],
      [serial, 'p7b', 3, at('chain.p7b')],
    );
    await openssl('pkcs7', '-inform', 'DER', '-in', 'chain.p7b', '-print_certs', '-out', 'all.pem');
    assert.equal(readFileSync(at('all.pem'), 'utf8').match(/BEGIN CERT/g)?.length, 3);
  });

  it('is exported without a server running too, and over the network by an administrator', async () => {
    const { stdout } = await run(['token', 'create', 'ann', '--role', 'admin']);
    const ann = ['--home', at('ann')];
    await runProgram(launcher, ['join', stdout.trim(), ...ann]);
    const words = ['cert', 'export', '--identity', 'client/laptop'];
    await runProgram(launcher, [...words, at('by-ann.pem'), ...ann]);
    await network.server.stop();
    await run([...words, at('in-process.pem')]);
    await network.restart();
    const [one, other] = ['by-ann.pem', 'in-process.pem'].map((name) => readFileSync(at(name), 'utf8'));
    assert.equal(one, other);
  });

  it('replaces no file unless told, and what is not on record is named', async () => {
    const words = ['cert', 'export', '--identity', 'client/laptop'];
    writeFileSync(at('mine.pem'), 'mine');
    assert.match((await run([...words, at('mine.pem')], 1)).stderr, /\[object_exists\].*say --force/s);
    assert.equal(readFileSync(at('mine.pem'), 'utf8'), 'mine');
    await run([...words, at('mine.pem'), '--force']);
    const refusals: readonly [string[], number, RegExp][] = [
      [['--serial', '00', at('x.pem')], 1, /\[object_not_found\]/],
      [['--identity', 'client/nobody', at('x.pem')], 1, /to client\/nobody.*\[object_not_found\]/s],
      [['--identity', 'laptop', at('x.pem')], 1, /\[object_not_found\]/],
      [['--identity', 'client/laptop', '--serial', '00', at('x.pem')], 2, /\[usage\]/],
      [['--identity', 'client/laptop', '--chain', at('x.der')], 2, /one certificate.*\[usage\]/s],
      [['--chain', at('x.pem')], 2, /\[usage\]/],
    ];
    for (const [more, code, said] of refusals)
      assert.match((await run(['cert', 'export', ...more], code)).stderr, said);
  });

  it('leaves with the key that was made for its request, and a web server shows it', async () => {
    const outside = await OutsideAuthority.make(place.path);
    await run(['request', 'create', '--cn', 'localhost', '--names', 'localhost', '--out', at('web.csr')]);
    const early = await run(['request', 'export', 'localhost', at('early.key')]);
    assert.match(early.stderr, /private key of localhost is in two places now/);
    assert.match(early.stdout, /without +the certificate, which has not come yet/);
    assert.equal(modeOf('early.key'), '600');
    const p12 = ['request', 'export', 'localhost', at('web.pfx'), '--password-file', at('password')];
    writeFileSync(at('password'), 'secret\n');
    assert.match((await run(p12, 1)).stderr, /\[request_pending\]/);
    await outside.issue('web.csr', 'web-leaf.pem');
    const chain = ['web-leaf.pem', 'issuing.pem'].map((name) => readFileSync(at(name), 'utf8')).join('');
    writeFileSync(at('web-chain.pem'), chain);
    await run(['request', 'complete', at('web-chain.pem')]);
    const files = [at('web.key'), '--certificate', at('web.pem')];
    const exported = await run(['request', 'export', 'localhost', ...files, '--mode', '0640', '--json']);
    assert.match(exported.stderr, /can be opened by others than its owner: mode 0640/);
    assert.deepEqual([modeOf('web.key'), modeOf('web.pem')], ['640', '644']);
    const { copies } = JSON.parse(exported.stdout) as { copies: { file: string }[] };
    assert.deepEqual(
      copies.map(({ file }) => file),
      [at('early.key'), at('web.key')],
    );
    const port = await freePorts();
    const serving = ['s_server', '-accept', String(port), '-cert', at('web.pem'), '-key', at('web.key')];
    await using server = new RunningProgram([...serving, '-cert_chain', at('web.pem'), '-www'], {
      program: 'openssl',
    });
    await server.waitFor(/ACCEPT/);
    const url = `https://localhost:${port}/`;
    const { stdout } = await runProgram('curl', ['--silent', '--cacert', at('root.pem'), url]);
    assert.match(stdout, /s_server/);
    await run(p12);
    const read = ['-in', 'web.pfx', '-passin', 'file:password', '-nodes'];
    const opened = await openssl('pkcs12', ...read);
    assert.equal(opened.stdout.match(/BEGIN CERTIFICATE/g)?.length, 2);
    assert.match(opened.stdout, /BEGIN PRIVATE KEY/);
    assert.equal(modeOf('web.pfx'), '600');
  });

  it('does not leave for a file that is there, under a name that is none, or in a mode that is none', async () => {
    const refusals: readonly [string[], number, RegExp][] = [
      [['localhost', at('web.key')], 1, /\[object_exists\]/],
      [['nothing', at('x.key')], 1, /no key of a request called nothing.*\[request_unknown\]/s],
      [['localhost', at('x.key'), '--mode', '0755'], 2, /\[usage\]/],
      [['localhost', at('x.pfx'), '--certificate', at('x.pem'), '--format', 'p12'], 2, /\[usage\]/],
    ];
    for (const [words, code, said] of refusals)
      assert.match((await run(['request', 'export', ...words], code)).stderr, said);
    const { stdout } = await run(['request', 'export', 'localhost', at('web.key'), '--force', '--json']);
    const { copies } = JSON.parse(stdout) as { copies: { file: string }[] };
    assert.equal(copies.length, 3);
  });
});
