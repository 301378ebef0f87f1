import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Terminal } from './rig/terminal.ts';

let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);
before(() => {
  place = temporaryDirectory();
});
after(() => place[Symbol.dispose]());

const run = async (words: readonly string[], expected = 0) => runProgram(launcher, words, { expected });

describe('options of a repository', () => {
  const own = () => ['--home', at('home'), '--repo', at('repo')];
  const paths = async (words: readonly string[]): Promise<string[]> =>
    (await run(['ls', ...words, ...own()])).stdout.trimEnd().split('\n');
  const backUp = async (words: readonly string[]): Promise<string> => {
    const { stdout } = await run(['backup', ...words, ...own(), '--json']);
    return (JSON.parse(stdout) as { snapshot: string }).snapshot;
  };

  before(async () => {
    mkdirSync(at('one/cache'), { recursive: true });
    mkdirSync(at('two'));
    for (const name of ['one/a.txt', 'one/b.tmp', 'one/c.log', 'one/cache/x', 'two/d'])
      writeFileSync(at(name), name);
    writeFileSync(at('one/cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
    writeFileSync(at('password'), 'of the repository\n');
    writeFileSync(at('skip'), '*.log\n');
    await run(['backup', at('one'), ...own(), '--init', '--password-file', at('password')]);
  });

  it('--exclude and --exclude-file leave out, all that are said; --no-exclude-caches saves what is a cache', async () => {
    const whole = await paths(['latest']);
    assert.ok(whole.includes(at('one/b.tmp')) && !whole.includes(at('one/cache/x')));
    const excluded = ['--exclude', '*.tmp', '--exclude', 'a.*', '--exclude-file', at('skip')];
    const some = await paths([await backUp([at('one'), ...excluded, '--no-exclude-caches'])]);
    assert.deepEqual(
      some.filter((path) => /\.(txt|tmp|log)$|x$/.test(path)),
      [at('one/cache/x')],
    );
  });

  it('--tag marks a snapshot with every word that is said', async () => {
    const id = await backUp([at('two'), '--tag', 'first', '--tag', 'second']);
    const listed = JSON.parse((await run(['snapshots', ...own(), '--json'])).stdout) as Listed[];
    assert.deepEqual(listed.find((each) => each.id === id)?.tags, ['first', 'second']);
  });

  it('--host, --path and --tag say which snapshots are meant, and belong to latest alone', async () => {
    const listed = async (words: string[]): Promise<number> =>
      (JSON.parse((await run(['snapshots', ...own(), ...words, '--json'])).stdout) as Listed[]).length;
    assert.equal(await listed(['--host', 'nobody']), 0);
    assert.equal(await listed(['--path', at('one')]), 2);
    assert.equal(await listed(['--tag', 'first,second']), 1);
    assert.equal(await listed(['--tag', 'first,none', '--tag', 'none']), 0);
    assert.equal(await listed(['--tag', '']), 2);
    assert.equal(await listed(['latest~1', 'latest']), 2);
    await run(['ls', 'latest:nowhere', ...own()], 1);
    assert.deepEqual(await paths([`latest~1:${at('one/cache')}`]), ['/CACHEDIR.TAG', '/x']);
    await run(['ls', 'latest', '--tag', 'none', ...own()], 1);
    await run(['restore', 'latest', '--tag', 'none', '--target', at('none'), ...own()], 1);
    assert.ok((await paths(['latest', '--path', at('one')])).includes(at('one')));
    assert.ok((await paths(['latest'])).includes(at('two')));
    await run(['ls', 'latest', '--host', 'nobody', ...own()], 1);
    await run(['restore', 'latest', '--host', 'nobody', '--target', at('none'), ...own()], 1);
    await run(['restore', 'latest', '--path', at('one'), '--target', at('first'), ...own()]);
    assert.ok(existsSync(join(at('first'), at('one'))) && !existsSync(join(at('first'), at('two'))));
    const { stderr } = await run(['ls', 'ab12', '--host', 'nobody', ...own()], 2);
    assert.match(stderr, /--host means something beside snapshot latest alone \[usage\]/);
  });

  it('--include restores nothing but what is said, and --long says more of each file', async () => {
    const words = ['latest', '--path', at('one'), '--include', 'x', '--include', 'CACHEDIR*'];
    await run(['restore', ...words, '--target', at('some'), ...own()]);
    assert.deepEqual(readdirSync(join(at('some'), at('one/cache'))).sort(), ['CACHEDIR.TAG', 'x']);
    const but = ['latest', '--path', at('one'), '--exclude', 'cache', '--exclude', '*.log'];
    await run(['restore', ...but, '--target', at('others'), '--limit-download', '100000', ...own()]);
    assert.deepEqual(readdirSync(join(at('others'), at('one'))).sort(), []);
    assert.match((await paths(['latest', '--long']))[0] ?? '', /^d[rwxt-]{9} /);
  });
});

describe('options of an authority', () => {
  const home = () => ['--home', at('authority')];

  before(async () => {
    writeFileSync(at('kit-passphrase'), 'of the kit\n');
    writeFileSync(at('backup-password'), 'of the backup\n');
    const names = ['--names', 'one.example', '--names', 'two.example,three.example'];
    const words = [...names, '--status-address', 'http://status.example:80', '--permit', 'example'];
    await run(['init', ...words, '--permit', 'test', '--kit-password-file', at('kit-passphrase'), ...home()]);
  });

  it('--names and --permit count as often as they are said, --status-address stands in the settings', async () => {
    const settings = readFileSync(at('authority/holdfast.toml'), 'utf8');
    assert.match(settings, /names = \["one\.example","two\.example","three\.example"\]/);
    assert.match(settings, /status_address = "http:\/\/status\.example:80"/);
    const { stdout } = await run(['ca', 'show', ...home()]);
    assert.match(stdout, /example, .*test/);
  });

  it('--kit-password-file opens the kit, --password and --password-file say what opens the file of ca move', async () => {
    await run(['ca', 'backup', at('a.age'), ...home()]);
    const kit = ['--kit', at('authority/recovery-kit.txt')];
    await run(['ca', 'restore', at('a.age'), ...kit, '--dry-run', '--home', at('nowhere')], 12);
    await run([
      'ca',
      'rehearse',
      at('a.age'),
      ...kit,
      '--kit-password-file',
      at('kit-passphrase'),
      ...home(),
    ]);
    const { stderr } = await run(['ca', 'move', at('b.age'), '--password', ...home()], 2);
    assert.match(stderr, /no password for the backup was given/);
    const { stdout } = await run([
      'ca',
      'move',
      at('b.age'),
      '--password-file',
      at('backup-password'),
      ...home(),
    ]);
    assert.match(stdout, /opens with +the password/);
  });

  it('--keystore-password is asked for twice, once more where the two differ, and nothing else opens the keystore', async () => {
    const words = ['init', '--keystore-password', '--home', at('asked'), '--names', 'a.example'];
    await using terminal = new Terminal(words, place.path);
    await terminal.answer(/passphrase of the authority's keystore/, 'typed');
    await terminal.answer(/the same again/, 'mistyped');
    await terminal.answer(/the two differ[^]*passphrase of the authority's keystore/, 'typed');
    await terminal.answer(/the same again/, 'typed');
    assert.equal(await terminal.ended, 0);
    assert.ok(!existsSync(at('asked/authority/stash')));
  });

  it('what counts at creation alone is said by name where there is an authority', async () => {
    const { stderr } = await runHoldfast([
      'up',
      '--once',
      at('kit-passphrase'),
      '--permit',
      'other.example',
      '--network',
      'other.example',
      ...home(),
    ]);
    assert.match(stderr, /has its authority already: --network counts when one is made, and changes nothing/);
    assert.match(stderr, /has its authority already: --permit counts when one is made, and changes nothing/);
  });
});

describe('options and settings that exclude each other', () => {
  it('--port is refused where the settings name the ports of their listeners', async () => {
    const port = await freePorts();
    await run(['init', '--names', '127.0.0.1', '--port', String(port), '--home', at('own')]);
    const file = at('own/holdfast.toml');
    const listener = `[[listeners]]\nname = "only"\nkind = "tls"\nclient_certificate = "off"\nminimum_version = "TLSv1.3"\ngroups = ["X25519MLKEM768"]\nservices = ["enrol"]\naddress = { port = ${port + 2} }\n`;
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n${listener}`);
    const { stderr } = await run(['serve', '--port', '9443', '--home', at('own')], 2);
    assert.match(stderr, /--port 9443: holdfast\.toml has listeners of its own/);
    const { stdout } = await run(['token', 'create', 'laptop', '--home', at('own')]);
    const joined = await run(['join', stdout.trim(), '--home', at('client')], 20);
    assert.match(
      joined.stderr,
      new RegExp(`127\\.0\\.0\\.1:${port + 2}`),
      'the code leads to the listener that enrols',
    );
  });
});

describe('--ini of the words of SEP sesam', () => {
  it('says where each file goes, and does not go with --path', async () => {
    const words = ['--ini', at('ini'), '--home', at('sesam')];
    await run(['sm_ssl_cert', 'ca', ...words, '--names', 'vault.example']);
    await run(['sm_ssl_cert', 'server', '--common-name', 'vault.example', ...words]);
    await run(['sm_ssl_cert', 'client', ...words]);
    assert.deepEqual(readdirSync(at('ini')).sort(), ['ca', 'ssl', 'x.509']);
    const { stderr } = await run(['sm_ssl_cert', 'client', ...words, '--path', at('elsewhere')], 2);
    assert.match(stderr, /--path and --ini do not go together/);
  });
});

interface Listed {
  readonly id: string;
  readonly tags?: readonly string[];
}
