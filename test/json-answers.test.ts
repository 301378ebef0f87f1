import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { examplesFile, keepExamples, shortened } from '../scripts/reference/json-examples.ts';
import { answerShape, answers } from '../src/cli/answers.ts';
import { fingerprint } from '../src/pki/index.ts';
import { launcher, runHoldfast, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { KillScene } from './rig/kill-scene.ts';
import { opensslCertificate } from './rig/openssl-certificates.ts';
import { OutsideServer } from './rig/outside-server.ts';
import { errorIn } from './rig/refusal.ts';
import { runHere } from './rig/run-here.ts';
import { type WritingCommand, writingCommands } from './rig/writing-commands.ts';

/** A command that is said in a copy of the scene, and its answer; `HERE` in its words is the copy. */
interface Call {
  readonly path: string;
  /** What is done before. */
  readonly first: readonly string[];
  readonly words: string;
  /** Where it found what is wrong, and says so beside its answer. */
  readonly code?: number;
}

const call = (path: string, words: string, first: readonly string[] = [], code = 0): Call => ({
  path,
  first,
  words,
  code,
});

const a = '--home HERE/a';
const c = '--home HERE/c';
const server = '--names 127.0.0.1,localhost';
const password = '--password-file HERE/password';
const repository = `--repo HERE/repo ${password} ${c}`;
const backedUp = `backup HERE/data ${repository} --init`;
/** A program that takes every notice. */
const channel = 'pager --command /bin/true --summary daily';
const siteGenerated = `site generate ${a}`;
const otherSite = [
  'init --network other.test --names localhost --home HERE/other',
  'site generate --name other --address 127.0.0.1:1 --home HERE/other',
  'site export HERE/of-site --home HERE/other',
];
const setAdded = `set add documents HERE/data --every 6h ${c}`;
const startedJob = `job start laptop documents ${a}`;
const store = `trust install --scope user --unconstrained ${c}`;
const waiting = `ca create --subordinate --network x.test ${server} --out HERE/new.csr --home HERE/new`;

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

/** What {@link writingCommands} has not, and other shapes of what it has. */
const calls: readonly Call[] = [
  call('ls', `ls latest ${c}`),
  call('stats', `stats --mode raw-data ${c}`),
  call('find', `find * ${c}`),
  call('find', `find --blob ${sha256('Dear Ann,\n')} ${c}`),
  call('diff', `diff latest~1 latest ${repository}`, [backedUp, `backup HERE/password ${repository}`]),
  call('nodes', `nodes ${a}`),
  call('scrub', `scrub --status ${a}`),
  call('replicate list', `replicate list ${a}`),
  call('replicate status', `replicate status ${a}`),
  call('replicate run', `replicate run ${a}`),
  call('trash list', `trash list ${a}`),
  call('release list', `release list ${a}`),
  call('update', `update --check ${c}`),
  call('job list', `job list ${a}`, [startedJob]),
  call('job show', `job show 1 ${a}`, [startedJob]),
  call('snapshots', `snapshots ${c}`),
  call('snapshots', `snapshots ${repository}`, [backedUp, `backup HERE/data --tag daily ${repository}`]),
  call('check', `check --read-data ${c}`),
  call('forget', `forget --keep-last 1 --prune ${repository}`, [backedUp, `backup HERE/data ${repository}`]),
  call('restore', `restore latest --target HERE/back --verify ${c}`),
  call('restore', `restore latest --target HERE/back --dry-run ${c}`),
  call('status', `status ${a}`),
  call('status', `status ${c}`),
  call('status', 'status --home HERE/new', [waiting]),
  call('status', 'status --home HERE/none', [`init --network x.test ${server} --home HERE/none`]),
  call('set add', `${setAdded} --tag daily`),
  call('set list', `set list ${c}`, [setAdded]),
  call('set run', `set run documents ${c}`, [setAdded]),
  call('drill', `drill documents ${c}`, [setAdded, `set run documents ${c}`]),
  call('set show', `set show documents ${c}`, [setAdded, `set run documents ${c}`, `drill documents ${c}`]),
  call('set show', `set show documents ${c}`, [setAdded, `set run documents ${c}`]),
  call('set rename', `set rename documents papers ${c}`, [setAdded]),
  call('site list', `site list ${a}`, [siteGenerated]),
  call('site list', `site list ${a}`, [siteGenerated, ...otherSite, `site apply HERE/of-site ${a}`]),
  call('site export', `site export HERE/of-a ${a}`, [siteGenerated]),
  call(
    'site test',
    `site test other ${a}`,
    [siteGenerated, ...otherSite, `site apply HERE/of-site ${a}`],
    20,
  ),
  call('site pair', `site pair --expires 1s ${a}`, [siteGenerated], 23),
  call('notice add', `notice add ${channel} ${c}`),
  call('notice list', `notice list ${c}`, [`notice add ${channel} ${c}`]),
  call('notice test', `notice test pager ${c}`, [`notice add ${channel} ${c}`]),
  call('notice remove', `notice remove pager ${c}`, [`notice add ${channel} ${c}`]),
  call('grant list', `grant list ${a}`),
  call('grant show', `grant show 1 ${a}`, [
    `sm_ssl_cert client --oid CN:box --path HERE/box ${a}`,
    `grant create --from laptop --to box --path HERE/data --expires 1d ${a}`,
  ]),
  call('schedule list', `schedule list ${a}`, [`schedule add nightly --every 1h --check ${a}`]),
  call('set sent', `set sent ${a}`, [`set send system /etc --every 6h ${a}`]),
  call('set sent', `set sent ${c}`),
  call('set remove', `set remove documents ${c}`, [setAdded]),
  call('doctor', `doctor ${c}`),
  call('doctor', `doctor https://127.0.0.1:1 ${c}`, [], 20),
  call('client show', `client show ${c}`),
  call('client show', `client show ${c}`, [`client set minimumVersion TLSv1.2 ${c}`]),
  call('key list', `key list ${c}`),
  call('key kept', `key kept ${c}`),
  call('key add', `key add --new-password-file HERE/passphrase ${repository}`, [backedUp]),
  call('keystore show', `keystore show ${c}`),
  call('keystore show', `keystore show ${a}`),
  call('service install', `service install server --dry-run ${a}`),
  call('service status', 'service status'),
  call('keystore share', `keystore share --none ${c}`, [
    `keystore share --group ${process.getgid?.() ?? 0} ${c}`,
  ]),
  call('trust list', `trust list ${c}`),
  call('trust show', `trust show network.test ${c}`),
  call('trust install', `${store} --dry-run`),
  call('trust install', store),
  call('trust uninstall', `trust uninstall --scope user ${c}`, [store]),
  call('dsmcert', `dsmcert -add -server vault.example -file HERE/outside/root.pem ${c}`),
  call('dsmcert', `dsmcert -delete -server vault.example ${c}`, [
    `trust add --server vault.example --file HERE/outside/root.pem ${c}`,
  ]),
  call('cert export', `cert export --list ${c}`, [`cert export HERE/pem ${c}`]),
  call('cert export', `cert export --forget HERE/pem ${c}`, [`cert export HERE/pem ${c}`]),
  call('cert export', `cert export --identity client/laptop HERE/laptop.pem ${a}`),
  call('cert export', `cert export --layout sesam HERE/sesam ${a}`, [
    `sm_ssl_cert client --ini HERE/ini --oid CN:box ${a}`,
  ]),
  call('cert show', `cert show HERE/root.pem ${c}`),
  call('cert show', `cert show SERIAL ${a}`),
  call('cert list', `cert list ${a}`),
  call('cert list', `cert list ${a}`, [`cert revoke client/laptop --yes ${a}`]),
  call('cert list', 'cert list --imported --home HERE/adopted', [
    `ca backup --format p12 HERE/adopted.p12 ${password} ${a}`,
    `ca adopt HERE/adopted.p12 --issued HERE/outside/chain.pem ${password} --network network.test ${server} --home HERE/adopted`,
  ]),
  call('cert verify', `cert verify HERE/laptop.pem ${a}`, [
    `cert export --identity client/laptop HERE/laptop.pem ${a}`,
  ]),
  call('ca adopt', `ca adopt HERE/keys.p12 ${password} --dry-run --network network.test --home HERE/new`),
  call('ca show', `ca show ${a}`),
  call('ca show', 'ca show --home HERE/new', [waiting]),
  call('ca request', 'ca request --out HERE/again.csr --home HERE/new', [waiting]),
  call('ca create', `ca create --network y.test ${server} --home HERE/new`),
  call('ca crl', `ca crl ${a}`),
  call('ca crl', `ca crl root-1 --out HERE/root.crl ${a}`),
  call('ca export', `ca export HERE/root.pem --force ${a}`),
  call('ca backup', `ca backup --format p12 ${password} HERE/new.p12 ${a}`),
  call('ca restore', `ca restore HERE/authority.age --dry-run --kit HERE/a/recovery-kit.txt --home HERE/new`),
  call('ca restore', `ca restore HERE/keys.p12 ${password} --re-enrol ${server} --home HERE/new`),
  call('ca restore', `ca restore --home HERE/new --log-is-lost gone`, [
    `ca restore HERE/authority.age --kit HERE/a/recovery-kit.txt ${server} --home HERE/new`,
  ]),
  call('ca rehearse', `ca rehearse HERE/authority.age ${a}`),
  call('token create', `token create laptop --reissue ${a}`),
  call('token list', `token list ${a}`),
  call('token list', `token list --bearer ${a}`, [`token create --bearer laptop ${a}`]),
  call('token revoke', `token revoke b1 ${a}`, [`token create --bearer laptop ${a}`]),
  call('policy show', `policy show ${a}`),
  call('policy export', `policy export HERE/policy ${a}`),
  call('request list', `request list ${a}`),
  call('request show', `request show 1 ${a}`),
  call('request pending', `request pending --home HERE/pending`),
  call('request export', `request export localhost HERE/key.pem --certificate HERE/localhost.pem ${a}`, [
    `request complete HERE/outside/chain.pem ${a}`,
  ]),
  call('tls list', `tls list ${a}`, [
    `tls bind HERE/outside/chain.pem --roots HERE/outside/root.pem --host localhost ${a}`,
  ]),
  call('audit list', `audit list ${a}`),
  call('audit verify', `audit verify ${a}`),
  call('audit export', `audit export HERE/log ${a}`),
  call('completion bash', 'completion bash'),
  call('completion fish', 'completion fish'),
  call('completion zsh', 'completion zsh'),
];

/** `schema` as an answer has to be of it: with no field beside those that it names. */
function exactly(schema: TSchema): TSchema {
  return JSON.parse(
    JSON.stringify(schema, (_key, value: unknown) =>
      isObjectSchema(value) ? { ...value, additionalProperties: value.additionalProperties ?? false } : value,
    ),
  ) as TSchema;
}

function isObjectSchema(value: unknown): value is { properties: object; additionalProperties?: unknown } {
  const { type, properties } = (value ?? {}) as { type?: unknown; properties?: unknown };
  return type === 'object' && typeof properties === 'object';
}

/** The shapes that an answer of this command may have, each with its title. */
function shapesOf(path: string): readonly (TSchema & { readonly title?: string })[] {
  const shape = answerShape(path);
  if (shape === undefined) return [];
  const one = ('each' in shape ? shape.each : shape) as TSchema & {
    anyOf?: readonly (TSchema & { title?: string })[];
  };
  return one.anyOf?.every(({ title }) => title !== undefined) === true ? one.anyOf : [one];
}

/** What tells of the program and the user that it is, or begins a server. */
const tellsOfItself: ReadonlySet<string> = new Set(['service install', 'service status', 'up']);

/** Where the program and its Node are: nobody else's paths. */
const programPlaces = [dirname(process.execPath), dirname(dirname(launcher))];

describe('what a command prints with --json', () => {
  let scene: KillScene;
  const own = opensslCertificate({ subject: '/CN=localhost', extensions: ['subjectAltName=DNS:localhost'] });
  let outside: OutsideServer;
  /** The shapes that were met, and an answer of each command. */
  const met = new Set<string>();
  const seen = new Map<string, unknown>();

  before(async () => {
    scene = await KillScene.start();
    outside = await OutsideServer.start(own);
  });
  after(async () => {
    await outside[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  /** Holds what was printed against the table, every line of it. */
  function hold(path: string, stdout: string, here: string): void {
    const place = dirname(scene.live.directory);
    const lines = stdout.split('\n').slice(0, -1);
    const whole = answerShape(path);
    if (whole === undefined) return assert.equal(stdout, '');
    assert.ok('each' in whole || lines.length === 1, `${path}: ${stdout}`);
    for (const line of lines) {
      const value: unknown = JSON.parse(line);
      const fitting = shapesOf(path).filter((shape) => Value.Check(exactly(shape), value));
      const wrong = shapesOf(path)
        .flatMap((shape) => Value.Errors(exactly(shape), value))
        .slice(0, 5);
      assert.equal(fitting.length > 0, true, `${path}: ${line}\n${JSON.stringify(wrong, undefined, 1)}`);
      for (const { title = '' } of fitting) met.add(`${path} ${title}`);
      if (!seen.has(path))
        seen.set(path, shortened(value, [here, join(place, 'from'), place, ...programPlaces]));
    }
  }

  async function answer(path: string, words: readonly string[], here: string, code = 0): Promise<void> {
    const env = { HOME: here, HOLDFAST_HOME: join(here, 'c') };
    const result = tellsOfItself.has(path)
      ? await runHoldfast([...words, '--json'], { env })
      : await runHere(words, { ...process.env, ...env });
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    if (code !== 0) errorIn(result);
    hold(path, result.stdout, here);
  }

  async function answerWriting({ name, prepare }: WritingCommand): Promise<void> {
    const here = scene.copy();
    const { words, meanwhile } = await prepare(here, scene);
    if (meanwhile === undefined) return await answer(name, words, here);
    await using running = startHoldfast([...words, '--json'], { env: { HOME: here } });
    await running.waitFor(meanwhile.once);
    hold(name, (await running.stop()).stdout, here);
  }

  async function answerCall({ path, first, words, code }: Call): Promise<void> {
    const here = scene.copy();
    mkdirSync(join(here, '.pki/nssdb'), { recursive: true });
    if (path.startsWith('trust '))
      await runProgram('/usr/bin/certutil', [
        '-N',
        '-d',
        `sql:${join(here, '.pki/nssdb')}`,
        '--empty-password',
      ]);
    const said = async (text: string): Promise<string[]> => {
      const known = text
        .replaceAll('HERE', here)
        .replace('SERIAL', text.includes('SERIAL') ? await scene.serialOf('laptop') : '');
      return known.split(' ');
    };
    for (const each of first) {
      const { error } = await runHere(await said(each), { ...process.env, HOME: here });
      assert.equal(error, undefined, each);
    }
    await answer(path, await said(words), here, code);
  }

  for (const [at, command] of writingCommands.entries())
    if (shapesOf(command.name).length > 1 || isFirst(command))
      it(`is as documented: ${command.name}, ${at + 1}`, () => answerWriting(command));

  for (const each of calls) it(`is as documented: ${each.words}`, () => answerCall(each));

  it('is as documented: trust accept, of what is not believed yet and of what is', async () => {
    const here = scene.copy();
    const url = `https://localhost:${outside.port}`;
    const words = ['trust', 'accept', url, '--fingerprint', fingerprint(own.der), '--home', join(here, 'c')];
    await answer('trust accept', words, here);
    await answer('trust accept', words, here);
  });

  it('is as documented: grant seal', async () => {
    const here = scene.copy();
    const other = scene.newName();
    await scene.join(other, join(here, 'new'));
    await scene.atServer(['grant', 'create', '--from', 'laptop', '--to', other, '--expires', '1d']);
    const [grant] = await scene.live.ask<{ id: number }[]>('grant.list');
    await answer('grant seal', ['grant', 'seal', String(grant?.id), '--home', join(here, 'c')], here);
  });

  it('was met here in each of its shapes', () => {
    const all = Object.keys(answers).flatMap((path) =>
      shapesOf(path).map(({ title = '' }) => `${path} ${title}`),
    );
    // Held against the table where there is a second network, a storage node, systemd: sites, replicas and interop/packages.test.ts.
    assert.deepEqual(
      all.filter((each) => !met.has(each)),
      ['site pair who has paired', 'replicate add ', 'replicate remove ', 'service remove '],
    );
  });

  it('is in the reference as it was met here', () => {
    if (process.env['HOLDFAST_TEST_EXAMPLES'] === 'write') keepExamples(seen, Object.keys(answers));
    const kept = examplesFile();
    assert.deepEqual(Object.keys(kept), [...seen.keys()].toSorted());
    for (const [path, value] of Object.entries(kept)) {
      const isOne = shapesOf(path).some((shape) => Value.Check(withoutForms(exactly(shape)), value));
      assert.ok(isOne, `${path}: HOLDFAST_TEST_EXAMPLES=write takes the examples anew`);
    }
  });
});

/** Whether no command of that name stands before it. */
function isFirst(command: WritingCommand): boolean {
  return writingCommands.find(({ name }) => name === command.name) === command;
}

/** Texts of an example are cut, and lists have their first alone. */
function withoutForms(schema: TSchema): TSchema {
  const forms = ['pattern', 'format', 'minItems', 'minLength'];
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      forms.includes(key) && typeof value !== 'object' ? undefined : value,
    ),
  ) as TSchema;
}
