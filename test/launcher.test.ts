import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isBuilt, launcher, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

// A program that says how it was started and, asked to stay, waits for a signal.
const program = `
process.on('SIGTERM', () => process.exit(7));
const { pid, argv, execArgv, env } = process;
console.log(JSON.stringify({ pid, words: argv.slice(2), main: argv[1], execArgv, as: env.HOLDFAST_INVOKED_AS }));
if (argv[2] === 'stay') setInterval(() => {}, 1000);
`;

const flags = [
  '--max-semi-space-size=1',
  '--heap-growing-percent=50',
  '--disable-warning=ExperimentalWarning',
];

/** A package as npm lays it out, with the real launcher and the program above; its root is `root`. */
function makePackage(): TemporaryDirectory & { root: string; bin: string; nodeOnPath: string } {
  const directory = temporaryDirectory();
  const root = join(directory.path, 'with space/node_modules/holdfast');
  write(join(root, 'dist/main.cjs'), program);
  mkdirSync(join(root, 'bin'));
  copyFileSync(launcher, join(root, 'bin/holdfast'));
  return {
    ...directory,
    root,
    bin: join(root, 'bin/holdfast'),
    nodeOnPath: join(directory.path, 'path/node'),
  };
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** The environment in which PATH has the system's tools and whatever stands at `node`, but no other Node. */
function pathWith(node: string): { PATH: string } {
  const tools = join(dirname(node), 'tools');
  mkdirSync(tools, { recursive: true });
  symlinkSync('/usr/bin/readlink', join(tools, 'readlink'));
  return { PATH: `${dirname(node)}:${tools}` };
}

function fakeNode(path: string, version: string): void {
  write(path, `#!/bin/sh\necho '${version}'\n`, 0o755);
}

test('the process id is the program’s, and a signal reaches it', async () => {
  using place = makePackage();
  symlinkSync(process.execPath, join(place.path, 'node'));
  await using running = new RunningProgram(['stay', 'two words', ''], {
    program: place.bin,
    env: pathWith(join(place.path, 'node')),
  });
  await running.waitFor(/\n/);
  const said = JSON.parse(running.stdout);
  assert.equal(said.pid, running.pid);
  assert.deepEqual(said.words, ['stay', 'two words', '']);
  assert.equal(said.main, join(place.root, 'dist/main.cjs'));
  assert.deepEqual(said.execArgv, flags);
  assert.equal((await running.stop('SIGTERM')).code, 7);
});

test('where there is no shell, holdfast.js starts the same program with the same flags', async () => {
  using place = makePackage();
  const script = join(place.root, 'bin/holdfast.js');
  copyFileSync(join(dirname(launcher), 'holdfast.js'), script);
  const { code, stdout } = await runProgram(process.execPath, [script, 'two words', '']);
  assert.equal(code, 0);
  const said = JSON.parse(stdout);
  assert.deepEqual(said.words, ['two words', '']);
  assert.equal(said.main, join(place.root, 'dist/main.cjs'));
  assert.deepEqual(said.execArgv, flags);
});

test('links of links lead to the package, and the program learns the name it was called by', async () => {
  using place = makePackage();
  symlinkSync('holdfast/bin/holdfast', join(place.root, '../link'));
  mkdirSync(join(place.root, '../.bin'));
  symlinkSync('../link', join(place.root, '../.bin/sm_ssl_cert'));
  symlinkSync(join(place.root, '../.bin/sm_ssl_cert'), join(place.path, 'dsmcert'));
  symlinkSync(process.execPath, join(place.path, 'node'));
  const env = pathWith(join(place.path, 'node'));
  const { stdout } = await runProgram(join(place.path, 'dsmcert'), [], { env });
  assert.equal(JSON.parse(stdout).as, 'dsmcert');
  const { stdout: fromPath } = await runProgram('/bin/sh', ['-c', 'cd / && sm_ssl_cert'], {
    env: { PATH: `${join(place.root, '../.bin')}:${env.PATH}` },
  });
  assert.equal(JSON.parse(fromPath).as, 'sm_ssl_cert');
});

test('a Node of its own is taken before the one beside it, and that before the one on PATH', async () => {
  using place = makePackage();
  const places = [
    place.nodeOnPath,
    join(place.root, '../node/bin/node'),
    join(place.root, 'node_modules/node/bin/node'),
  ];
  const env = pathWith(place.nodeOnPath);
  for (const node of places) {
    write(node, `#!/bin/sh\ncase $1 in --version) echo v24.12.0 ;; *) echo 'ran ${node}' ;; esac\n`, 0o755);
    const { stdout } = await runProgram(place.bin, [], { env });
    assert.equal(stdout, `ran ${node}\n`);
  }
});

test('a Node that lies beside a checkout, where anybody may have put it, is not run', async () => {
  using place = makePackage();
  const checkout = join(place.path, 'shared/holdfast');
  for (const file of ['bin/holdfast', 'dist/main.cjs']) {
    write(join(checkout, file), readFileSync(join(place.root, file), 'utf8'), 0o755);
  }
  write(join(place.path, 'shared/node/bin/node'), "#!/bin/sh\necho 'v24.12.0, and whatever else'\n", 0o755);
  symlinkSync(process.execPath, join(place.path, 'node'));
  const env = pathWith(join(place.path, 'node'));
  const { stdout } = await runProgram(join(checkout, 'bin/holdfast'), [], { env });
  assert.equal(JSON.parse(stdout).main, join(checkout, 'dist/main.cjs'));
});

test('the version that npm wrote beside a Node is believed, so that it is started once, and for the program', async () => {
  using place = makePackage();
  const brought = join(place.root, 'node_modules/node');
  write(join(brought, 'package.json'), JSON.stringify({ name: 'node', version: '24.12.0' }, undefined, 2));
  write(join(brought, 'bin/node'), '#!/bin/sh\necho "started $1"\n', 0o755);
  const env = pathWith(place.nodeOnPath);
  assert.match((await runProgram(place.bin, [], { env })).stdout, /^started --max.*\n$/);
  write(join(brought, 'package.json'), JSON.stringify({ name: 'node', version: '22.1.0' }, undefined, 2));
  const { stderr } = await runProgram(place.bin, [], { env, expected: 1 });
  assert.match(stderr, /found .*\/node_modules\/node\/bin\/node, version v22\.1\.0\n/);
});

for (const version of ['v24.12.0', 'v24.100.1', 'v25.0.0', 'v100.0.0-nightly']) {
  test(`Node ${version} is new enough`, async () => {
    using place = makePackage();
    fakeNode(place.nodeOnPath, version);
    await runProgram(place.bin, [], { env: pathWith(place.nodeOnPath) });
  });
}

for (const version of ['v20.20.2', 'v24.11.1', 'v24', '', 'not a version']) {
  test(`Node ${JSON.stringify(version)} is refused with what is missing and how to get it`, async () => {
    using place = makePackage();
    fakeNode(place.nodeOnPath, version);
    const result = await runProgram(place.bin, [], { env: pathWith(place.nodeOnPath), expected: 1 });
    assert.equal(result.stdout, '');
    const found = `${place.nodeOnPath}, version ${version || 'unknown'}`;
    assert.match(
      result.stderr,
      /^holdfast: needs Node.js 24.12 or newer, found .*\nhint: .*npm install node@24.*\n$/,
    );
    assert.ok(result.stderr.includes(`found ${found}\n`));
  });
}

test('without any Node, a checkout is told to run npm ci', async () => {
  using place = makePackage();
  write(join(place.root, 'package-lock.json'), '{}');
  const result = await runProgram(place.bin, [], { env: pathWith(place.nodeOnPath), expected: 1 });
  assert.equal(
    result.stderr,
    `holdfast: needs Node.js 24.12 or newer, found none\nhint: run 'npm ci' in ${place.root}, which brings its own\n`,
  );
});

test('a command loads what it needs and little else: no HTTP client of browsers, and no authority to look at one', async () => {
  using place = temporaryDirectory();
  const listing = join(place.path, 'list.cjs');
  write(
    listing,
    `process.on('exit', () => {
      const { statSync } = process.getBuiltinModule('node:fs');
      const files = Object.keys(require.cache).filter((file) => file.includes('/dist/'));
      const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
      console.error([...process.moduleLoadList, JSON.stringify({ files: files.length, bytes })].join('\\n'));
    });`,
  );
  const loadedBy = async (words: readonly string[]) => {
    const env = { NODE_OPTIONS: `--require=${listing}` };
    const { stderr } = await new RunningProgram([...words, '--home', join(place.path, 'none')], { env })
      .ended;
    assert.doesNotMatch(stderr, /undici\/undici/, words.join(' '));
    const counted = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { files: number; bytes: number };
    return { ...counted, speaksTls: stderr.includes('NativeModule https') };
  };
  const version = await loadedBy(['--version']);
  assert.equal(version.speaksTls, false);
  if (isBuilt) assert.ok(version.files < 10 && version.bytes < 480_000, JSON.stringify(version));
  for (const words of [['status'], ['token', 'list'], ['backup', '.']]) {
    const loaded = await loadedBy(words);
    assert.equal(loaded.speaksTls, true);
    if (isBuilt) assert.ok(loaded.files < 70 && loaded.bytes < 1_950_000, JSON.stringify(loaded));
  }
});
