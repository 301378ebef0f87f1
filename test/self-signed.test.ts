import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { daysLater } from './rig/clock.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { OutsideAuthority } from './rig/outside-authority.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a server without an authority', () => {
  let place: TemporaryDirectory;
  let port: number;
  let server: RunningProgram;
  let token: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const url = (): string => `https://127.0.0.1:${port}`;
  const repo = (): string[] => ['--repo', `${url()}/laptop/`, '--password-file', at('password')];
  const run = (home: string, words: readonly string[], expected = 0): Promise<ProgramResult> =>
    runProgram(launcher, [...words, '--home', at(home)], { expected });
  const start = async (words: readonly string[] = []): Promise<void> => {
    server = new RunningProgram(['serve', ...words, '--home', at('vault')]);
    await server.waitFor(/server +listening https/);
  };
  const restart = async (words: readonly string[] = []): Promise<void> => {
    await server.stop();
    await start(words);
  };
  /** Of the certificate that openssl is shown, and of the file. */
  const fingerprints = async (): Promise<string[]> => {
    const shown = `openssl s_client -connect 127.0.0.1:${port} </dev/null 2>/dev/null`;
    const script = (from: string): string => `${from} | openssl x509 -noout -fingerprint -sha256`;
    const both = [shown, `cat ${at('vault/cert256.arm')}`].map((from) =>
      runProgram('/bin/sh', ['-c', script(from)]),
    );
    return (await Promise.all(both)).map(({ stdout }) => stdout.trim().replace(/^.*=/, '').toLowerCase());
  };
  const publicKey = async (): Promise<string> =>
    (await runProgram('openssl', ['x509', '-in', at('vault/cert256.arm'), '-noout', '-pubkey'])).stdout;
  const curl = (...words: string[]): Promise<ProgramResult> => runProgram('curl', ['-sS', ...words]);

  before(async () => {
    place = temporaryDirectory();
    port = await freePorts();
    writeFileSync(at('password'), 'secret\n');
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), randomBytes(100_000));
    await start(['--self-signed', '--names', '127.0.0.1,localhost', '--port', String(port)]);
    token = (await run('vault', ['token', 'create', '--bearer', 'laptop'])).stdout.trim();
    writeFileSync(at('token'), token);
  });
  after(async () => {
    await server.stop();
    place[Symbol.dispose]();
  });

  it('makes itself a certificate at its first start, says so, and offers it to those who are to import it', async () => {
    assert.match(server.stdout, /certificate self-signed, made +\S+cert256\.arm/);
    assert.match(server.stdout, /holdfast trust add --server 127\.0\.0\.1 --file cert256\.arm/);
    const [shown, kept] = await fingerprints();
    assert.equal(shown, kept);
    assert.ok(server.stdout.toLowerCase().includes(`sha256:${shown}`));
    const pem = readFileSync(at('vault/cert256.arm'), 'utf8');
    const path = '/-/status/cert256.arm';
    assert.equal((await curl('-k', `${url()}${path}`)).stdout, pem);
    assert.equal((await curl(`http://127.0.0.1:${port + 2}${path}`)).stdout, pem);
    assert.match((await runProgram('curl', ['-sS', url()], { expected: 60 })).stderr, /self.signed/);
    assert.match((await run('vault', ['status', '--check'])).stdout, /^HOLDFAST OK/);
    const walked = await run('vault', ['doctor']);
    assert.match(walked.stdout, /certificates +ok +self-signed: [\d,]+ days left/);
    assert.match(walked.stdout, /server name +ok +believed for 127\.0\.0\.1/);
    const status = JSON.parse((await run('vault', ['status', '--json'])).stdout);
    assert.equal(status.selfSigned.fingerprint.toLowerCase(), `sha256:${shown}`);
    assert.deepEqual(status.selfSigned.warnings, []);
    assert.match(readFileSync(at('vault/holdfast.toml'), 'utf8'), /^self_signed = true$/m);
  });

  it('lets in by a bearer token and by nothing else: restic with --cacert, and this program after trust add', async () => {
    const path = `${url()}/laptop/config`;
    const ask = async (...words: string[]): Promise<string> =>
      (await curl('--cacert', at('vault/cert256.arm'), '-o', '/dev/null', '-w', '%{http_code}', ...words))
        .stdout;
    assert.equal(await ask(path), '401');
    assert.equal(await ask('-u', `laptop:${token}`, path), '404');
    assert.equal(await ask('-u', `laptop:${token}`, `${url()}/other/config`), '403');
    const env = {
      RESTIC_REPOSITORY: `rest:https://laptop:${token}@127.0.0.1:${port}/laptop/`,
      RESTIC_PASSWORD: 'secret',
    };
    const restic = (...words: string[]): Promise<ProgramResult> =>
      runProgram('restic', ['-q', '--no-cache', '--cacert', at('vault/cert256.arm'), ...words], { env });
    await restic('init');
    await restic('backup', at('data'));
    assert.match(
      (await run('client', ['backup', at('data'), ...repo()], 21)).stderr,
      /\[certificate_unknown_authority\]/,
    );
    await run('client', ['dsmcert', '-add', '-server', '127.0.0.1', '-file', at('vault/cert256.arm')]);
    assert.match((await run('client', ['backup', at('data'), ...repo()], 23)).stderr, /\[bearer_required\]/);
    await run('client', ['client', 'set-token', `${url()}/laptop/`, '--token-file', at('token')]);
    await run('client', ['backup', at('data'), ...repo()]);
    await run('client', ['restore', 'latest', ...repo(), '--target', at('restored')]);
    assert.deepEqual(readFileSync(join(at('restored'), at('data/a'))), readFileSync(at('data/a')));
    await restic('check');
  });

  it('certifies nobody, and says what it is to whoever asks for more', async () => {
    const refused = /has no authority.*\[operation_unknown\]/s;
    assert.match((await run('vault', ['token', 'create', 'desk'], 1)).stderr, refused);
    assert.match((await run('vault', ['cert', 'list'], 1)).stderr, refused);
    assert.match(
      (await run('vault', ['init', '--names', 'localhost'], 1)).stderr,
      /without an authority.*\[home_exists\]/s,
    );
    assert.match((await run('vault', ['token', 'list', '--bearer'])).stdout, /client +laptop .* live/);
  });

  it('keeps certificate, tokens and store over a restart, and says by which names it does not answer', async () => {
    const [before] = await fingerprints();
    const settings = readFileSync(at('vault/holdfast.toml'), 'utf8');
    await server.stop();
    writeFileSync(
      at('vault/holdfast.toml'),
      settings.replace('"localhost"]', '"localhost","vault.example"]'),
    );
    assert.match(
      (await run('vault', ['status'])).stderr,
      /not for vault\.example; holdfast serve --renew-certificate/,
    );
    assert.match((await run('vault', ['doctor'], 20)).stdout, /FAILED +no server runs in this home/);
    await start();
    assert.equal((await fingerprints())[0], before);
    assert.match(server.stdout, /certificate self-signed, kept/);
    await run('client', ['snapshots', ...repo()]);
  });

  it('makes another for the same key when it is told to, which clients take for what it is', async () => {
    const [before = ''] = await fingerprints();
    const key = await publicKey();
    await restart(['--renew-certificate']);
    const [shown = ''] = await fingerprints();
    assert.ok(shown !== before && (await publicKey()) === key);
    assert.match(server.stderr.toLowerCase(), new RegExp(`it was sha256:${before}, and the key is the same`));
    const { stderr } = await run('client', ['snapshots', ...repo()], 21);
    assert.match(stderr, /\[certificate_changed\]/);
    for (const each of [before, shown]) assert.ok(stderr.toLowerCase().includes(each), stderr);
    await run('client', ['trust', 'accept', url(), '--fingerprint', `SHA256:${shown}`]);
    await run('client', ['snapshots', ...repo()]);
  });

  it('whose key is lost makes another, and says both fingerprints; clients are told exactly what changed', async () => {
    const [before = ''] = await fingerprints();
    const key = await publicKey();
    await server.stop();
    rmSync(at('vault/node'), { recursive: true });
    await start();
    const [shown = ''] = await fingerprints();
    assert.ok(shown !== before && (await publicKey()) !== key);
    assert.match(
      server.stderr.toLowerCase(),
      new RegExp(`it was sha256:${before}, and the key is another one`),
    );
    const { stderr } = await run('client', ['backup', at('data'), ...repo()], 21);
    assert.match(stderr, /\[certificate_changed\]/);
    for (const each of [before, shown]) assert.ok(stderr.toLowerCase().includes(each), stderr);
    await run('client', ['trust', 'accept', url(), '--fingerprint', `SHA256:${shown}`]);
    await run('client', ['backup', at('data'), ...repo()]);
  });

  it('shows a certificate of an outside authority in the place of its own, as it is chosen, and its own again', async () => {
    const outside = await OutsideAuthority.make(place.path);
    const openssl = (...words: string[]): Promise<ProgramResult> =>
      runProgram('openssl', words, { cwd: place.path });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'web.key'];
    const says = ['subjectAltName=DNS:localhost', 'keyUsage=digitalSignature', 'extendedKeyUsage=serverAuth'];
    const asked = says.flatMap((each) => ['-addext', each]);
    await openssl('req', '-new', ...key, '-subj', '/CN=localhost', ...asked, '-out', 'web.csr');
    await outside.issue('web.csr', 'web.pem');
    writeFileSync(
      at('chain.pem'),
      Buffer.concat(['web.pem', 'issuing.pem'].map((name) => readFileSync(at(name)))),
    );
    const [own] = await fingerprints();
    const bind = ['tls', 'bind', at('chain.pem'), '--key', at('web.key')];
    assert.match((await run('vault', [...bind, '--roots', at('root.pem')], 2)).stderr, /leave --roots out/);
    assert.equal((await fingerprints())[0], own);
    assert.match((await run('vault', bind)).stderr, /holdfast trust add --server NAME --file FILE/);
    assert.notEqual((await fingerprints())[0], own);
    const localhost = `https://localhost:${port}/laptop/`;
    const words = ['snapshots', '--repo', localhost, '--password-file', at('password')];
    await run('client', ['client', 'set-token', localhost, '--token-file', at('token')], 21);
    await run('client', ['trust', 'add', '--server', 'localhost', '--file', at('root.pem')]);
    await run('client', ['client', 'set-token', localhost, '--token-file', at('token')]);
    await run('client', words);
    await restart();
    await run('client', words);
    assert.match((await run('vault', ['status'])).stdout, /bound +every listener +certificate .* left/);
    assert.match((await run('vault', ['tls', 'list'])).stdout, /every listener +CN=localhost/);
    await run('vault', ['tls', 'unbind']);
    assert.equal((await fingerprints())[0], own);
    await run('client', ['snapshots', ...repo()]);
  });

  it('warns of its end, and does not start with one that has ended', async () => {
    await server.stop();
    const later = (days: number) => ({ ...daysLater(days) });
    const soon = await runProgram(launcher, ['status', '--home', at('vault')], { env: later(3600) });
    assert.match(soon.stderr, /the certificate of this server ends .*--renew-certificate/);
    await assertRefused(['serve', '--home', at('vault')], {
      code: 'certificate_expired',
      exit: 21,
      env: later(3660),
      untouched: at('none'),
      hint: /holdfast serve --renew-certificate/,
    });
    await start();
  });

  it('asks nobody for a certificate, and refuses a listener that would', async () => {
    await server.stop();
    const settings = readFileSync(at('vault/holdfast.toml'), 'utf8');
    const listener = [
      'name = "main"',
      `address = { port = ${port} }`,
      'kind = "tls"',
      'client_certificate = "require"',
    ];
    const rest = ['minimum_version = "TLSv1.3"', 'groups = ["X25519"]', 'services = ["storage"]'];
    appendFileSync(at('vault/holdfast.toml'), ['', '[[listeners]]', ...listener, ...rest, ''].join('\n'));
    await assertRefused(['serve', '--home', at('vault')], {
      code: 'settings_invalid',
      exit: 2,
      message: /certifies nobody, found client_certificate require/,
      untouched: at('none'),
    });
    writeFileSync(at('vault/holdfast.toml'), settings);
    await start();
  });

  it('does not begin anew where its tokens are gone, as when a disk is not mounted', async () => {
    await server.stop();
    renameSync(at('vault/roster'), at('roster-elsewhere'));
    for (const words of [['serve'], ['token', 'list', '--bearer'], ['status']])
      await assertRefused([...words, '--home', at('vault')], {
        code: 'database_damaged',
        exit: 1,
        message: /roster\.db is missing/,
        untouched: at('vault'),
      });
    renameSync(at('roster-elsewhere'), at('vault/roster'));
    await start();
  });

  it('is begun by who says so, and not where a home is missing', async () => {
    const words = ['serve', '--home', at('missing')];
    const hint = /mount its disk.*holdfast init.*holdfast serve --self-signed/;
    await assertRefused(words, { code: 'home_missing', exit: 1, hint, untouched: at('missing') });
  });

  it('never stands in for the server of a network, be its authority gone', async () => {
    await run('network', ['init', '--names', 'localhost', '--port', String(await freePorts())]);
    const words = ['serve', '--self-signed', '--home', at('network')];
    await assertRefused(words, { code: 'home_exists', exit: 1, untouched: at('network') });
    const renew = ['serve', '--renew-certificate', '--home', at('network')];
    await assertRefused(renew, { code: 'usage', exit: 2, untouched: at('network') });
    rmSync(at('network/authority'), { recursive: true });
    for (const more of [[], ['--self-signed']]) {
      const result = await runProgram(launcher, ['serve', ...more, '--home', at('network')], { expected: 1 });
      assert.match(result.stderr, /\[(authority_damaged|home_exists|home_missing)\]/);
      assert.throws(() => readFileSync(at('network/cert256.arm')), /ENOENT/);
    }
  });
});
