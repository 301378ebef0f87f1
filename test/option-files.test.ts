import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Command, Option } from 'commander';
import { createFullProgram } from '../src/cli/program/create-program.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type Words = (file: string) => readonly string[];
type Rows = Readonly<Record<string, Words>>;

const nobody = 65_534;
const long = 'x'.repeat(300);
const handle = 'a'.repeat(26);
const sesam = { 'sm_ssl_cert server': () => ['--common-name', 'localhost'], 'sm_ssl_cert client': () => [] };

/** What stands for a value in the help, and names neither a file nor a folder of this machine. */
const noFiles = new Set(
  (
    'address new-name city code country date duration fingerprint format handle-or-name hours id key kind label layout list mode n name name-or-fingerprint names number ' +
    'network options pattern reason role role/name rule schedule scope serial-or-node sha256 snapshot state tag text time url value who why zone ' +
    'other snapshots tags size rate account client fields job limit span what version node set grant'
  ).split(' '),
);

/** Of a snapshot, and looked up there alone. */
const inSnapshots = new Set([
  'copy --subtree',
  'grant create --path',
  'ls DIR',
  'dump PATH',
  ...[
    'restore',
    'snapshots',
    'ls',
    'find',
    'diff',
    'dump',
    'mount',
    'browse',
    'forget',
    'copy',
    'tag',
    'stats',
    'repair snapshots',
  ].map((command) => `${command} --path`),
]);

/** On another machine, which looks it up. */
const onOthers = new Set(['job start --target', 'set send --before', 'set send --after', 'set send PATHS']);

/** `request submit --root` and `request submit FILE-OR-NAME`, of every option and argument that names a file or folder. */
async function namedFiles(): Promise<string[]> {
  const found = commandsIn(await createFullProgram(), []).flatMap(({ name, command }) => [
    ...command.registeredArguments
      .filter((argument) => !noFiles.has(argument.name()))
      .map((argument) => `${name} ${argument.name().toUpperCase()}`),
    ...command.options.filter(takesFile).map((option) => everywhere(name, option)),
  ]);
  return [...new Set(found)].filter((name) => !inSnapshots.has(name) && !onOthers.has(name)).sort();
}

function commandsIn(command: Command, above: readonly string[]): { name: string; command: Command }[] {
  return command.commands.flatMap((each) => {
    const name = [...above, each.name()];
    return each.commands.length > 0 ? commandsIn(each, name) : [{ name: name.join(' '), command: each }];
  });
}

function takesFile({ flags }: Option): boolean {
  const placeholder = /[<[](.*?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1];
  return placeholder !== undefined && !noFiles.has(placeholder);
}

/** An option that every command has is one. */
function everywhere(command: string, { long }: Option): string {
  return long === '--home' || long === '--keystore-password-file' ? `any ${long}` : `${command} ${long}`;
}

describe('a file or folder that the command line names', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[]) => runHere(words, { HOME: place.path, HOLDFAST_HOME: at('home') });
  const repo = () => ['--repo', at('repo')];
  const kit = () => ['--kit', at('home/recovery-kit.txt')];
  let homes = 0;
  const elsewhere = () => ['--home', at(`other-${++homes}`)];
  const server = () => ['--server', 'https://localhost:1'];
  const socket = createServer();

  before(async () => {
    place = temporaryDirectory();
    becomeNobody(place.path);
    for (const name of ['folder/inner', 'shut', 'read-only', 'ini']) mkdirSync(at(name), { recursive: true });
    for (const name of ['file', 'password', 'folder/inner/x', 'shut/x', 'unreadable'])
      writeFileSync(at(name), `${name}\n`);
    writeFileSync(at('empty'), '');
    writeFileSync(at('p12-password'), 'secret\n');
    writeFileSync(at('huge'), '');
    truncateSync(at('huge'), 2 ** 40);
    symlinkSync('circle', at('circle'));
    await once(socket.listen(at('socket')), 'listening');
    for (const words of [
      ['init', '--network', 'n.test', '--names', 'localhost'],
      ['backup', at('file'), ...repo(), '--init', '--password-file', at('password')],
      ['set', 'add', 'live', at('file'), '--live', ...repo()],
      ['ca', 'backup', at('good.age')],
      ['ca', 'export', at('ca.pem')],
      ['certutil', '-backup', 'secret', at('good.p12')],
      ['request', 'create', '--cn', 'x.example', '--out', at('good.csr')],
      ['sm_ssl_cert', 'client', '--path', at('made')],
      ['init', '--home', at('second'), '--names', 'localhost'],
      ['ca', 'offline', at('root.key'), '--password-file', at('password'), '--home', at('second')],
    ])
      assert.equal((await run(words)).error, undefined, words.join(' '));
    chmodSync(at('unreadable'), 0);
    chmodSync(at('shut'), 0);
    chmodSync(at('read-only'), 0o500);
  });
  after(() => {
    socket.close();
    place[Symbol.dispose]();
  });

  /** A row for each of `commands`, which all take `flag`, with what else each is told. */
  const each = (flag: string, commands: Readonly<Record<string, () => readonly string[]>>): Rows =>
    Object.fromEntries(
      Object.entries(commands).map(([name, words]) => [
        `${name} ${flag}`,
        (file: string) => [...name.split(' '), ...words(), flag, file],
      ]),
    );
  const adopting = () => ['--network', 'n.test', '--names', 'localhost', ...elsewhere()];
  const byCertificate = () => ['--cert', at('ca.pem'), ...adopting()];
  const making = {
    init: elsewhere,
    up: () => [at('file'), '--once', ...elsewhere()],
    'ca create': elsewhere,
    'ca adopt': () => [at('good.p12'), '--password-file', at('p12-password'), ...adopting()],
    'sm_ssl_cert ca': () => ['--path', at('unmade'), ...elsewhere()],
  };
  const addingSet = () => ['x', at('file'), '--every', '6h'];
  const granting = () => ['--from', 'x', '--to', 'y', '--expires', '1d'];
  const ofRepository = {
    backup: () => [at('file')],
    restore: () => ['latest', '--target', at('t')],
    snapshots: () => [],
    ls: () => ['latest'],
    find: () => ['x'],
    diff: () => ['latest', 'latest'],
    dump: () => ['latest', '/'],
    mount: () => [at('folder')],
    browse: () => [],
    check: () => [],
    copy: () => ['--from-repo', at('repo')],
    tag: () => ['--add', 'x'],
    stats: () => [],
    'repair snapshots': () => [],
    'set add': addingSet,
    forget: () => ['--keep-last', '1'],
    prune: () => [],
    unlock: () => [],
    'repair index': () => [],
    'key list': () => [],
    'key add': () => [],
    'key remove': () => ['0123'],
    'key passwd': () => [],
  };
  const withRepo = Object.fromEntries(
    Object.entries(ofRepository).map(([name, words]) => [name, () => [...words(), ...repo()]]),
  );

  const read: Rows = {
    'any --keystore-password-file': (file) => ['init', ...elsewhere(), '--keystore-password-file', file],
    ...each('--kit-password-file', making),
    ...each('--password-file', withRepo),
    ...each('--from-password-file', { copy: () => ['--from-repo', at('repo')] }),
    ...each('--password-file', { 'site export': () => [at('new-folder'), '--with-keys'] }),
    ...each('--password-file', { 'request export': () => ['x.example', at('x.pfx')] }),
    ...each('--exclude-file', {
      backup: () => [at('file'), ...repo()],
      'set add': () => [...addingSet(), ...repo()],
      'set send': addingSet,
      up: making.up,
    }),
    ...each('--before', { 'set add': () => [...addingSet(), ...repo()] }),
    ...each('--changes', { 'set run': () => ['live'] }),
    ...each('--command', { 'notice add': () => ['x'] }),
    ...each('--secret-file', { 'notice add': () => ['x', '--webhook', 'http://127.0.0.1:1/'] }),
    ...each('--after', { 'set add': () => [...addingSet(), ...repo()] }),
    ...each('--files-from', { backup: repo }),
    ...each('--files-from-verbatim', { backup: repo }),
    ...each('--files-from-raw', { backup: repo }),
    ...each('--kit', {
      'grant create': granting,
      recover: () => ['-'],
      'ca restore': () => [at('good.age'), ...elsewhere()],
      'ca rehearse': () => [at('good.age')],
    }),
    ...each('--kit-password-file', {
      'grant create': () => [...granting(), ...kit()],
      recover: () => ['-', ...kit()],
      'ca restore': () => [at('good.age'), ...kit(), ...elsewhere()],
      'ca rehearse': () => [at('good.age'), ...kit()],
    }),
    ...each('--password-file', {
      'ca backup': () => [at('new.age')],
      'ca restore': () => [at('good.age'), ...elsewhere()],
      'ca rehearse': () => [at('good.age')],
      'ca move': () => [at('new.age')],
      'ca offline': () => [at('new.key')],
      'ca online': () => [at('root.key'), '--home', at('second')],
      'ca adopt': () => [at('good.p12'), ...adopting()],
    }),
    ...each('--kit-password-file', { 'ca complete': () => [at('ca.pem')] }),
    ...each('--root', { 'ca complete': () => [at('ca.pem')] }),
    'ca complete FILE': (file) => ['ca', 'complete', file],
    ...each('--cert', { 'ca adopt': adopting }),
    ...each('--key', { 'ca adopt': byCertificate }),
    ...each('--chain', { 'ca adopt': byCertificate }),
    ...each('--crl', { 'ca adopt': byCertificate }),
    'ca adopt PLACE': (file) => ['ca', 'adopt', file, ...adopting(), '--password-file', at('p12-password')],
    ...each('--root', {
      'request create': () => ['--cn', 'y.example', '--submit', ...server()],
      'request submit': () => [at('good.csr'), ...server()],
      'request collect': () => [handle, ...server()],
    }),
    ...each('--key', { 'tls bind': () => [at('ca.pem'), '--listener', 'main'] }),
    ...each('--roots', {
      'tls bind': () => [at('ca.pem'), '--listener', 'main'],
      'cert verify': () => [at('ca.pem')],
    }),
    ...each('--crl', { 'cert verify': () => [at('ca.pem'), '--roots', at('ca.pem')] }),
    ...each('--file', { 'trust add': () => ['--server', 'localhost'] }),
    ...each('--log', { doctor: () => ['https://127.0.0.1:1', '--bundle', at('new.tar.gz')] }),
    ...each('--checkpoint', { 'audit verify': () => [] }),
    ...each('--new-keystore-password-file', { 'keystore rekey': () => [] }),
    ...each('--new-password-file', { 'key add': repo, 'key passwd': repo }),
    'cert show SERIAL-OR-FILE': (file) => ['cert', 'show', file],
    'cert verify FILE': (file) => ['cert', 'verify', file],
    'policy import FILE': (file) => ['policy', 'import', file],
    'client set-token --token-file': (file) => [
      'client',
      'set-token',
      'https://localhost:1',
      '--token-file',
      file,
    ],
    'client import FILE': (file) => ['client', 'import', file],
    'request submit FILE-OR-NAME': (file) => ['request', 'submit', file, ...server()],
    'request complete FILE': (file) => ['request', 'complete', file],
    'tls bind FILE': (file) => ['tls', 'bind', file, '--host', 'localhost'],
    'ca restore FILE': (file) => ['ca', 'restore', file, ...elsewhere(), ...kit()],
    'release publish FILES': (file) => ['release', 'publish', file],
    'ca rehearse FILE': (file) => ['ca', 'rehearse', file],
    'ca online FILE': (file) => ['ca', 'online', file, '--password-file', at('password')],
    'certutil WORDS': (file) => ['certutil', ...elsewhere(), '-restore', 'secret', file],
    'dsmcert WORDS': (file) => ['dsmcert', '-add', '-server', 'localhost', '-file', file],
  };

  const written: Rows = {
    ...each('--out', {
      'request create': () => ['--cn', 'y.example'],
      'request collect': () => [handle, ...server(), '--root', at('ca.pem')],
      'ca crl': () => [],
      'ca create': () => ['--subordinate', ...elsewhere()],
      'ca request': () => [],
    }),
    ...each('--bundle', { doctor: () => ['https://127.0.0.1:1'] }),
    'ca export FILE': (file) => ['ca', 'export', file],
    'request export FILE': (file) => ['request', 'export', 'x.example', file],
    ...each('--certificate', { 'request export': () => ['x.example', at('x.key')] }),
    'audit export FILE': (file) => ['audit', 'export', file],
    'policy export FILE': (file) => ['policy', 'export', file],
    'ca backup FILE': (file) => ['ca', 'backup', file],
    'ca move FILE': (file) => ['ca', 'move', file],
    'ca offline FILE': (file) => ['ca', 'offline', file, '--password-file', at('password')],
    'certutil WORDS': (file) => ['certutil', '-backup', 'secret', file],
  };

  /** Folders that have to be there. */
  const found: Rows = {
    ...each('--repo', ofRepository),
    ...each('--from-repo', { copy: () => [] }),
    'mount DIR': (file) => ['mount', file, ...repo()],
    'site apply DIR': (file) => ['site', 'apply', file],
    ...each('--issued', { 'ca adopt': byCertificate }),
    ...each('--mirror', {
      'ca restore': () => [at('good.age'), ...kit(), ...elsewhere()],
      certutil: () => [...elsewhere(), '-restore', 'secret', at('good.p12')],
    }),
    'any --home': (file) => ['status', '--home', file],
  };

  /** Folders that are made. */
  const filled: Rows = {
    ...each('--repo', { backup: () => [at('password'), '--init', '--password-file', at('password')] }),
    ...each('--target', { restore: () => ['latest', ...repo()] }),
    ...each('--to', { 'ca backup': () => [] }),
    ...each('--path', { 'sm_ssl_cert ca': elsewhere, ...sesam }),
    ...each('--ini', { 'sm_ssl_cert ca': elsewhere, ...sesam }),
    'any --home': (file) => ['init', '--home', file],
    'cert export DIR': (file) => ['cert', 'export', '--layout', 'sesam', file],
    'site export DIR': (file) => ['site', 'export', file],
  };

  const saved: Rows = {
    'up PATHS': (file) => ['up', '--once', file, ...elsewhere()],
    'set add PATHS': (file) => ['set', 'add', 'x', file, '--every', '6h', ...repo()],
    'backup PATHS': (file) => ['backup', file, ...repo()],
  };

  it('is one of those below', async () => {
    const rows = [read, written, found, filled, saved].flatMap((each) => Object.keys(each));
    assert.deepEqual([...new Set(rows)].sort(), await namedFiles());
  });

  /** Runs every row with every file, and asserts that each is refused, says why and what to do, and has left nothing. */
  const assertRefused = async (rows: Rows, files: readonly string[], codes: readonly string[]) => {
    const before = listing(place.path);
    for (const [name, words] of Object.entries(rows))
      for (const file of files) {
        const path = file.startsWith('/') ? file : at(file);
        const { code, error } = await run(words(path));
        const said = `${name} ${file}: ${code} ${JSON.stringify(error)}`;
        assert.ok(code > 0 && codes.includes(error?.code ?? ''), said);
        assert.ok(error?.message.includes(dirname(path)) && error.hint !== '', said);
        assert.doesNotMatch(error?.hint ?? '', /log of the server/, said);
        assert.deepEqual(listing(place.path), before, said);
      }
  };

  const unusable = ['missing', 'file/below', 'folder', 'unreadable', 'shut/x', 'circle', 'socket', long];

  it('is read before anything is done, and refused with why it cannot be', async () => {
    await assertRefused(read, unusable, ['path_not_found']);
  });

  it('is refused by our code, with a next step, when it is empty or has no end', async () => {
    for (const [name, words] of Object.entries(read)) {
      for (const file of name.endsWith('--exclude-file') ? ['huge'] : ['empty', 'huge']) {
        const { code, error } = await run(words(at(file)));
        const said = `${name} ${file}: ${JSON.stringify(error)}`;
        assert.ok(code > 0 && /^[a-z0-9_]+$/.test(error?.code ?? '') && error?.hint !== '', said);
      }
    }
  });

  it('is refused where it cannot be written, and nothing is made', async () => {
    const nowhere = ['file/below', 'folder', 'shut/x', 'read-only/x', 'circle', '/proc/x', long];
    await assertRefused(written, nowhere, ['path_not_found']);
    await assertRefused(written, ['socket'], ['path_not_found', 'object_exists']);
    const { 'certutil WORDS': makesFolders, ...others } = written;
    assert.ok(makesFolders);
    await assertRefused(others, ['no/such/file'], ['path_not_found']);
  });

  it('is refused where it is to be a folder and is none, or may not be looked into', async () => {
    const codes = [
      'path_not_found',
      'storage_failed',
      'home_missing',
      'target_not_empty',
      'mount_point_unusable',
    ];
    const noFolders = ['file', 'file/below', 'shut', 'shut/x', 'circle', 'socket', long];
    await assertRefused(found, noFolders, codes);
    await assertRefused(found, ['missing', '/proc/x'], ['repository_missing', ...codes]);
    await assertRefused(filled, [...noFolders, 'read-only/x', '/proc/x'], codes);
  });

  it('is refused where it is to be backed up and is not there', async () => {
    await assertRefused(saved, ['missing', 'file/below', 'shut/x', long], ['path_not_found']);
  });
});

/** Everything below a folder, but for homes, which note what was tried. */
function listing(path: string, below = ''): string[] {
  const names = readdirSync(path).filter((name) => below !== '' || !/^(?:home|second)$/.test(name));
  return names.flatMap((name) => {
    const file = join(path, name);
    const { size, mode } = lstatSync(file);
    const shown = `${below}/${name} ${mode.toString(8)}`;
    const enters = (mode & 0o170_500) === 0o40_500;
    return enters ? [shown, ...listing(file, `${below}/${name}`)] : [`${shown} ${size}`];
  });
}

/** Root may read and write everything. */
function becomeNobody(directory: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(directory, nobody, nobody);
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}
