import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { isBuilt, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const checkout = join(import.meta.dirname, '..');
// The published package brings no Node, so the one of this checkout stands on PATH; npm's own settings of the test run
// would lead it back into the checkout.
const env = {
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
  npm_config_local_prefix: undefined,
};

let place: TemporaryDirectory;
let root = '';

before(async () => {
  place = temporaryDirectory();
  // A build takes away what other tests run; `npm test` made it before any of them.
  if (!isBuilt) await runProgram('npm', ['run', 'build'], { cwd: checkout, env });
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', place.path];
  await runProgram('npm', words, { cwd: checkout, env });
  const tarball = readdirSync(place.path).find((name) => name.endsWith('.tgz')) ?? '';
  await runProgram('npm', ['install', '--silent', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: place.path,
    env,
  });
  root = join(place.path, 'node_modules/holdfast');
});

after(() => place[Symbol.dispose]());

test('the package holds JavaScript, the launchers and the documents, and no tests', () => {
  assert.deepEqual(
    readdirSync(root).filter((name) => name !== 'README.md'),
    ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'SECURITY.md', 'bin', 'dist', 'docs', 'package.json'],
  );
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    files.filter(
      (name) => !/\.cjs$|^api\.d\.ts$|^NOTICES\.txt$|^COMMIT$|^man(?:\/holdfast[a-z_-]*\.1)?$/.test(name),
    ),
    [],
  );
});

test('every link in the documents of the package leads to a file of the package, and so does what an error names', async () => {
  const documents = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(?!dist\/).*\.md$/.test(name),
  );
  assert.ok(documents.length > 30, `${documents.length} documents`);
  const dead = documents.flatMap((name) => {
    const text = readFileSync(join(root, name), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, to = '']) => to);
    return links.filter((to) => !existsSync(join(root, dirname(name), to))).map((to) => `${name}: ${to}`);
  });
  assert.deepEqual(dead, []);
  const home = join(place.path, 'wrong-settings');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'home.json'), '{"format":1}');
  writeFileSync(join(home, 'holdfast.toml'), '=');
  const words = ['snapshots', '--home', home, '--json'];
  const options = { env, expected: 2 };
  const { stderr } = await runProgram(join(place.path, 'node_modules/.bin/holdfast'), words, options);
  const [named = ''] = /\/[^ "]*\.md/.exec(stderr) ?? [];
  assert.match(readFileSync(named, 'utf8'), /# Settings/);
});

test('the package holds its dependencies, with their licences, except the one that is native code', () => {
  assert.deepEqual(Object.keys(manifestOf(root).dependencies), ['koffi']);
  const installed = readdirSync(join(place.path, 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installed, ['@koromix', 'holdfast', 'koffi']);
  const notices = readFileSync(join(root, 'dist/NOTICES.txt'), 'utf8');
  for (const name of ['age-encryption', 'commander', 'pino', 'typebox'])
    assert.match(notices, new RegExp(`^${name} \\d[^\\n]* \\((?:MIT|BSD-3-Clause)\\)\\n`, 'm'));
  assert.doesNotMatch(notices, /\(undefined\)/);
});

test('the package installed in an empty folder runs', async () => {
  const { stdout } = await runProgram(join(place.path, 'node_modules/.bin/holdfast'), ['--version'], { env });
  assert.equal(stdout, `${manifestOf(checkout).version}\n`);
  const words = ['--version', '--json'];
  const build = await runProgram(join(place.path, 'node_modules/.bin/holdfast'), words, { env });
  const { version, commit, node, openssl } = JSON.parse(build.stdout);
  const head = await runProgram('git', ['rev-parse', 'HEAD'], { cwd: checkout });
  assert.deepEqual(
    { version, commit, node },
    {
      version: manifestOf(checkout).version,
      commit: head.stdout.trim(),
      node: process.versions.node,
    },
  );
  assert.match(openssl, /^3\./);
});

test('the package installed in an empty folder sets up a network, backs up and verifies', async () => {
  const data = join(place.path, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'letter'), 'to be kept\n'.repeat(1000));
  const words = [
    'up',
    data,
    '--once',
    '--json',
    '--home',
    join(place.path, 'home'),
    '--port',
    String(await freePorts()),
  ];
  const { stdout } = await runProgram(join(place.path, 'node_modules/.bin/holdfast'), words, {
    cwd: place.path,
    env: { ...env, HOME: place.path },
  });
  const said = JSON.parse(stdout);
  assert.match(said.snapshot, /^[0-9a-f]{64}$/);
  assert.equal(said.backup.files, 1);
  const { files, changed, equal } = said.verified;
  assert.deepEqual({ files, changed, equal }, { files: 1, changed: 0, equal: true });
});

test('a program of somebody else is checked against the types of the package, without our own dependencies', async () => {
  const example = join(place.path, 'example');
  mkdirSync(example);
  cpSync(join(root, 'docs/examples/backup.ts'), join(example, 'backup.ts'));
  const faults = {
    'code.ts': "import { toFailure } from 'holdfast';\nif (toFailure(0)?.code === 'no_such_code') {}\n",
    'payload.ts':
      "import { toFailure } from 'holdfast';\nconst failure = toFailure(0);\nif (failure?.code === 'join_code_used') failure.result;\n",
    'option.ts': "import { open } from 'holdfast';\nawait (await open()).backup('.', { exclude: ['x'] });\n",
  };
  for (const [name, text] of Object.entries(faults)) writeFileSync(join(example, name), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    typeRoots: [join(checkout, 'node_modules/@types')],
  };
  writeFileSync(join(place.path, 'package.json'), '{"type":"module"}');
  writeFileSync(join(example, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = join(checkout, 'node_modules/.bin/tsc');
  const { stdout } = await runProgram(tsc, ['-p', example, '--pretty', 'false'], { env, expected: 1 });
  const found = [...stdout.matchAll(/^(?:.*\/)?(\w+\.ts)\(/gm)].map(([, file]) => file);
  assert.deepEqual(new Set(found), new Set(Object.keys(faults)), stdout);
});

test('the example in the documents joins, backs up, lists, checks and restores by the package, and says what is refused', async () => {
  await using network = await Network.start(join(place.path, 'network'));
  const data = join(place.path, 'saved');
  mkdirSync(data);
  writeFileSync(join(data, 'letter'), 'Dear Ann,\n');
  writeFileSync(join(data, 'left.tmp'), 'nothing');
  const code = await network.joinCode('laptop');
  const run = (home: string, expected: number) =>
    runProgram(process.execPath, [join(place.path, 'example/backup.ts'), data, join(place.path, 'back')], {
      env: { ...env, HOLDFAST_HOME: join(place.path, home), NODE_NO_WARNINGS: '1' },
      input: code,
      expected,
    });
  const { stdout } = await run('joined', 0);
  assert.match(
    stdout,
    /^joined network\.test as client laptop\nhttps:\S+ over TLS 1\.3 X25519MLKEM768\nsaved 1 files, /,
  );
  assert.match(stdout, /saved\/letter 10\n1 snapshots, 0 errors\nrestored 1 files\n$/);
  assert.equal(readFileSync(join(place.path, 'back', data, 'letter'), 'utf8'), 'Dear Ann,\n');
  const { stderr } = await run('other', 23);
  assert.equal(stderr, 'this join code was used already; ask for another one\n');
  await refusedByCode(network, join(place.path, 'joined'), data);
});

/** What a program catches: that it ended a call, that a place is none, and what was found damaged. */
async function refusedByCode(network: Network, home: string, data: string): Promise<void> {
  const library = (await import(join(root, 'dist/api.cjs'))) as typeof import('../src/api/index.ts');
  const failed = async (work: Promise<unknown>) =>
    library.toFailure(await work.catch((error: unknown) => error));
  assert.equal((await failed(library.open({ home: join(home, 'none') })))?.code, 'home_missing');
  const client = await library.open({ home });
  const stop = new AbortController();
  const { signal } = stop;
  const before = (await client.snapshots()).length;
  for (let at = 0; at < 200; at++) writeFileSync(join(data, `file-${at}`), String(at).repeat(100_000));
  const ended = await failed(client.backup([data], { signal, onProgress: () => stop.abort() }));
  assert.deepEqual([ended?.code, ended?.exitCode], ['interrupted', 130]);
  assert.equal((await failed(client.dial({ signal })))?.code, 'interrupted');
  const [snapshot, ...others] = await client.snapshots({ host: (await client.snapshots())[0]?.hostname });
  assert.deepEqual([before, others], [1, []]);
  assert.deepEqual(snapshot?.tags, ['example']);
  assert.equal(
    (await failed(client.restore('ffffffff', { target: join(home, '../none') })))?.code,
    'snapshot_not_found',
  );
  const { theirs, own } = await client.dial();
  assert.deepEqual([own.subject, theirs?.subject.startsWith('CN=')], ['CN=laptop', true]);
  await savesElsewhere(library, data);
  for (const pack of globSync('data/**/*', { cwd: network.storedAt('laptop'), withFileTypes: true }))
    if (pack.isFile()) truncateSync(join(pack.parentPath, pack.name), 10);
  const damaged = await failed(client.verify());
  assert.equal(damaged?.code, 'repository_damaged');
  assert.ok(damaged.result !== undefined && 'errors' in damaged.result && damaged.result.errors > 0);
}

/** A repository in a folder, on a machine that is of no network. */
async function savesElsewhere(library: typeof import('../src/api/index.ts'), data: string): Promise<void> {
  const passwordFile = join(place.path, 'password');
  writeFileSync(passwordFile, 'a password\n');
  const elsewhere = await library.open({
    home: join(place.path, 'apart'),
    repository: join(place.path, 'repository'),
    passwordFile,
  });
  const error: unknown = await elsewhere.backup(data).catch((reason: unknown) => reason);
  assert.equal(library.toFailure(error)?.code, 'repository_missing');
  const { files } = await elsewhere.backup(data, { create: true });
  assert.deepEqual([(await elsewhere.snapshots()).map((each) => each.files), files > 0], [[files], true]);
}

test('npm ci has nothing to warn of on Node 20: what needs a newer one is run by the Node that it brings', () => {
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { engines?: { node?: string } }>;
  };
  const asked = Object.entries(lock.packages).map(
    ([name, { engines }]) => [name, engines?.node ?? ''] as const,
  );
  assert.ok(asked.length > 50);
  const least = ([, range]: readonly [string, string]): number =>
    Math.min(...range.split('||').map((one) => Number(/\d+/.exec(one)?.[0] ?? 0)));
  assert.deepEqual(
    asked.filter((one) => least(one) > 20),
    [],
  );
});

function manifestOf(directory: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}
