import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acceptClock, daysLater } from './rig/clock.ts';
import { freePorts } from './rig/free-ports.ts';
import {
  launcher,
  type ProgramResult,
  RunningProgram,
  runProgram,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { runTranscript } from './rig/transcript.ts';

describe('holdfast up', () => {
  let place: TemporaryDirectory;
  let port = 0;
  const at = (...names: string[]): string => join(place.path, ...names);
  const up = (words: readonly string[], options: Parameters<typeof runProgram>[2] = {}) =>
    runProgram(launcher, ['up', '--once', '--home', at('home'), '--port', String(port), ...words], options);

  before(async () => {
    place = temporaryDirectory();
    port = await freePorts();
    mkdirSync(at('data/folder'), { recursive: true });
    for (const name of ['a', 'b', 'folder/c']) writeFileSync(at('data', name), `content of ${name}\n`);
  });
  after(() => place[Symbol.dispose]());
  let lastRead = '';

  it('makes authority, server, client, backup and proof out of nothing, and says so', async () => {
    const report = `
$ holdfast up --once --home home --port ${port} data
  authority   created   backup.<host>   root SHA256:<root>:…   P-256, valid 20 years
  recovery    kit written to <directory>/home/recovery-kit.txt   move it off this machine
  server      listening https://<name>:${port}   TLS 1.3, client certificates required
  client      enrolled   <client>   certificate renews itself, next in <renewal> days
  backup      3 files   46 B → <stored>   <seconds> s   over TLS 1.3 X25519MLKEM768   snapshot <snapshot>
  verified    3 files read back and compared, all equal
  next        holdfast restore latest --target DIR   ·   another machine: holdfast token create NAME
`;
    await runTranscript(report, place.path);
    const { stdout } = await runProgram('stat', ['-c', '%a %n', 'home', 'home/recovery-kit.txt'], {
      cwd: place.path,
    });
    assert.equal(stdout, '700 home\n600 home/recovery-kit.txt\n');
  });

  it('finds what is there, stores what changed and verifies what no run has; as one object with --json', async () => {
    writeFileSync(at('data/a'), 'changed since\n');
    // This brings what it does not read back.
    await runProgram(launcher, ['backup', '--home', at('home'), at('data')]);
    writeFileSync(at('data/d'), 'new\n');
    const { stdout, stderr } = await up(['--json', at('data')]);
    const report = JSON.parse(stdout) as Report;
    assert.match(report.root.fingerprint, /^SHA256:([0-9a-f]{2}:){31}[0-9a-f]{2}$/);
    assert.match(report.snapshot, /^[0-9a-f]{64}$/);
    assert.match(report.server.url, new RegExp(`^https://.*:${port}$`));
    assert.ok(report.backup.added > 0 && report.backup.added < 10_000);
    assert.deepEqual(report, {
      network: report.network,
      root: { fingerprint: report.root.fingerprint },
      server: { url: report.server.url, protocol: 'TLS 1.3', group: 'X25519MLKEM768' },
      client: { name: report.client.name },
      snapshot: report.snapshot,
      backup: { files: 4, bytes: 51, added: report.backup.added },
      verified: { files: 2, changed: 0, equal: true, lastRead: report.verified.lastRead },
    });
    lastRead = report.verified.lastRead;
    assert.match(stderr, /^ {2}authority {3}opened/m);
    assert.deepEqual(await snapshotPaths(), [[at('data')], [at('data')], [at('data')]]);
  });

  it('takes the folder the user stands in without a PATH, and counts paths from there, also under npm', async () => {
    await up([], { cwd: at('data/folder') });
    const checkout = join(import.meta.dirname, '..');
    const words = ['--once', '--home', '../home', 'folder', '../data/d'];
    await runProgram('npm', ['start', '--prefix', checkout, '--', ...words], { cwd: at('data') });
    const paths = (await snapshotPaths()).slice(3);
    assert.deepEqual(paths, [[at('data/folder')], [at('data/folder'), at('data/d')]]);
  });

  it('never backs up the home and the store, by whatever name it comes to them, and says so', async () => {
    symlinkSync(at('home'), at('link-to-home'));
    writeFileSync(at('home/holdfast.toml'), `store = ${JSON.stringify(at('data/store'))}\n`, { flag: 'a' });
    renameSync(at('home/store'), at('data/store'));
    const linked = ['up', '--once', '--home', at('link-to-home'), '--port', String(port), place.path];
    const said: ProgramResult[] = [await runProgram(launcher, linked)];
    said.push(await runProgram(launcher, ['backup', '--home', at('home'), place.path]));
    for (const { stderr } of said) {
      assert.match(
        stderr,
        new RegExp(`left out {4}${at('home')}: the home and the store are never backed up`),
      );
      assert.match(stderr, new RegExp(`left out {4}${at('data/store')}: the home and the store`));
    }
    const { stdout } = await runProgram(launcher, ['ls', 'latest', '--home', at('home')]);
    const files = stdout.split('\n').filter((path) => path.startsWith(`${place.path}/`));
    assert.deepEqual(
      files.filter((path) => /home\/|store\//.test(path)),
      [],
    );
    assert.ok(files.includes(at('data/folder/c')));
  });

  it('writes nothing when no PATH is there', async () => {
    const words = ['up', '--once', '--home', at('other-home'), '--port', String(port), at('missing')];
    await assertRefused(words, {
      code: 'path_not_found',
      exit: 1,
      message: /missing/,
      untouched: place.path,
    });
  });

  it('takes from nobody the name that this host has too', async () => {
    const { stdout } = await runProgram(launcher, ['snapshots', '--home', at('home'), '--json']);
    const [first] = JSON.parse(stdout) as { hostname: string }[];
    const other = ['--home', at('other-home')];
    await runProgram(launcher, ['init', '--names', 'localhost', '--port', String(port), ...other]);
    const made = ['sm_ssl_cert', 'client', `--oid=CN:${first?.hostname}`, '--path', at('made'), ...other];
    await runProgram(launcher, made);
    await assertRefused(['up', '--once', ...other, at('data')], {
      code: 'name_taken',
      exit: 23,
      message: /client\/.* was issued before, and its key is not in this home/,
      hint: /holdfast join .*--reissue/,
      untouched: at('made'),
    });
    await runProgram(launcher, made);
  });

  it('stays up until Ctrl-C, which ends it well; meanwhile other commands work, and a second one is refused', async () => {
    await using running = startHoldfast(['up', '--home', at('home'), '--port', String(port), at('data')]);
    await running.waitFor(/^ {2}next {8}/m);
    const { stdout } = await runProgram(launcher, ['status', '--home', at('home')]);
    assert.match(stdout, new RegExp(`listener {4}https://.*:${port} {3}storage control`));
    await runProgram(launcher, ['restore', 'latest', '--home', at('home'), '--target', at('restored')]);
    await runProgram('diff', [
      '-r',
      at('data/folder'),
      join(at('restored'), realpathSync(at('data/folder'))),
    ]);
    for (const [words, hint] of [
      [['up', '--once', at('data')], /^holdfast backup PATH saves to the server that runs$/],
      [['serve'], /answers commands while it runs/],
    ] as const) {
      const message = new RegExp(`\\b${running.pid}\\b`);
      const refusal = { code: 'home_in_use', exit: 1, message, hint, untouched: at('home') } as const;
      await assertRefused([...words, '--home', at('home'), '--port', String(await freePorts())], refusal);
    }
    assert.equal((await running.stop('SIGINT')).code, 0);
  });

  it('uses its own server when that listens elsewhere for this run', async () => {
    const elsewhere = ['--port', String(await freePorts()), '--json', at('data')];
    const { stdout, stderr } = await runProgram(launcher, [
      'up',
      '--once',
      '--home',
      at('home'),
      ...elsewhere,
    ]);
    assert.match(stderr, new RegExp(`clients were told ${port}`));
    assert.match((JSON.parse(stdout) as Report).server.url, new RegExp(`:${elsewhere[1]}$`));
  });

  it('ends well under npm too, where Ctrl-C reaches everything that runs and comes on from npm once more', async () => {
    const words = ['npm', 'start', '--', '--home', at('home'), '--port', String(port), at('data')];
    const checkout = join(import.meta.dirname, '..');
    await using running = new RunningProgram(words, { program: 'setsid', cwd: checkout });
    await running.waitFor(/^ {2}next {8}/m);
    process.kill(-running.pid, 'SIGINT');
    assert.equal((await running.ended).code, 0);
    const { stderr } = await runProgram(launcher, ['snapshots', '--home', at('home')]);
    assert.match(stderr, /for this command/);
  });

  it('finds everything a year later, when the certificates of server and client have expired, and renews them', async () => {
    await acceptClock(at('home'), daysLater(370));
    const { stdout } = await up(['--json', at('data')], { env: daysLater(370) });
    const { verified } = JSON.parse(stdout) as Report;
    assert.deepEqual([verified.files, verified.equal], [0, true]);
    assert.ok(Date.parse(verified.lastRead) >= Date.parse(lastRead), 'it is said when content was read back');
    const list = await runProgram(launcher, ['cert', 'list', '--json', '--home', at('home')], {
      env: daysLater(370),
    });
    const certificates = JSON.parse(list.stdout) as { identity: string; state: string }[];
    const valid = certificates.filter(({ state }) => state === 'valid').map(({ identity }) => identity);
    for (const role of ['server', 'client'])
      assert.equal(valid.filter((identity) => identity.includes(`/${role}/`)).length, 1, list.stdout);
    await runProgram(launcher, ['restore', 'latest', '--home', at('home'), '--target', at('a-year-later')], {
      env: daysLater(371),
    });
  });

  async function snapshotPaths(): Promise<string[][]> {
    const { stdout } = await runProgram(launcher, ['snapshots', '--json', '--home', at('home')]);
    return (JSON.parse(stdout) as { paths: string[] }[]).map(({ paths }) => paths);
  }
});

interface Report {
  readonly network: string;
  readonly root: { readonly fingerprint: string };
  readonly server: { readonly url: string };
  readonly client: { readonly name: string };
  readonly snapshot: string;
  readonly backup: { readonly added: number };
  readonly verified: { readonly files: number; readonly equal: boolean; readonly lastRead: string };
}
