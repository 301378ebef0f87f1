import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { isBuilt, runProgram } from './rig/holdfast-process.ts';
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
    ['CONTRIBUTING.md', 'LICENSE', 'SECURITY.md', 'bin', 'dist', 'docs', 'package.json'],
  );
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    files.filter((name) => !/\.js$|^NOTICES\.txt$|^man(?:\/holdfast[a-z_-]*\.1)?$/.test(name)),
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
