import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Value } from 'typebox/value';
import { dayMs } from '../src/base/index.ts';
import { answers } from '../src/cli/answers.ts';
import { certifiedRequest } from './rig/certified-request.ts';
import { flipBit } from './rig/damage.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { assertRefused } from './rig/refusal.ts';
import { StorageNode } from './rig/storage-node.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const run = promisify(execFile);

interface Copy {
  readonly repository: string;
  readonly node: string;
  readonly whole?: string;
  readonly lag: { readonly objects: number };
  readonly halted: boolean;
}

interface Rule {
  readonly from: string;
  readonly to: readonly string[];
  readonly keep: number;
  readonly removeAfterMs: number;
  readonly rate?: string;
}

interface Scrubbed {
  readonly waiting: readonly unknown[];
  readonly healed: readonly { readonly object: string; readonly by: string }[];
}

let place: TemporaryDirectory;
let network: Network;
let safe: StorageNode;
let alpha: NetworkClient;
let self = '';
const at = (...names: string[]): string => join(place.path, ...names);
const stored = (): string => join(network.home, 'store/alpha');
const copied = (): string => join(safe.home, 'store/.replicas', self, 'alpha');

before(async () => {
  place = temporaryDirectory();
  mkdirSync(at('data'));
  writeFileSync(at('data/one'), new Prng('one').bytes(200_000));
  network = await Network.start(at('network'));
  safe = await StorageNode.start(network, 'safe', at('safe'));
  alpha = await network.join('alpha', at('alpha'));
  await alpha.run(['backup', at('data')]);
  const [server] = await network.ask<readonly { name: string }[]>('node.list', { role: 'server' });
  self = server?.name ?? '';
});
after(async () => {
  await safe?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

/** Asks until the answer is what is expected; the test's own limit ends it. */
async function until<T>(ask: () => Promise<T>, expected: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (expected(answer)) return answer;
    await setTimeout(100);
  }
}

/** Runs a word at the server, and gives what it says. */
async function say<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await runHoldfast([...words, '--json', '--home', network.home]);
  assert.equal(code, 0, stderr);
  const answer: unknown = JSON.parse(stdout);
  const [, schema] = Object.entries(answers).find(([word]) => words.join(' ').startsWith(word)) ?? [];
  assert.ok(schema !== undefined && !('each' in schema) && Value.Check(schema, answer), stdout);
  return answer as T;
}

const filesIn = (repository: string): string[] =>
  globSync('{config,{keys,index,snapshots}/*,data/*/*}', { cwd: repository }).toSorted();

/** The copy has what the repository has. */
const untilCopied = async (): Promise<void> => {
  await until(
    async () => filesIn(copied()).join(),
    (files) => files === filesIn(stored()).join(),
  );
};

describe('what a server stores', { timeout: 300_000 }, () => {
  it('is copied to the node that a rule names, as it comes, and is whole for restic', async () => {
    const limits = ['--limit-upload', '500000,08:00-18:00=400000', '--zone', 'UTC'];
    const words = ['add', self, '--to', 'safe', '--keep', '1', '--remove-after', '2d', ...limits];
    const { to, keep, removeAfterMs, rate } = await say<Rule>('replicate', ...words);
    assert.deepEqual([to, keep, removeAfterMs, rate], [['safe'], 1, 2 * dayMs, limits[1]]);
    assert.deepEqual(
      (await say<Rule[]>('replicate', 'list')).map(({ from }) => from),
      [self],
    );
    await assertRefused(['replicate', 'add', self, '--to', 'safe', '--home', network.home], {
      code: 'replication_exists',
      exit: 2,
      untouched: at('data'),
    });
    await untilCopied();
    writeFileSync(at('data/two'), new Prng('two').bytes(200_000));
    await alpha.run(['backup', at('data')]);
    await untilCopied();
    const [copy] = await until(
      () => say<Copy[]>('replicate', 'status'),
      ([first]) => first?.lag.objects === 0 && first.whole !== undefined,
    );
    assert.deepEqual([copy?.repository, copy?.node, copy?.halted], ['alpha', 'safe', false]);
    writeFileSync(at('password'), 'of restic\n');
    await alpha.run(['key', 'add', '--new-password-file', at('password')]);
    await untilCopied();
    const check = ['check', '--read-data', '--no-cache', `--password-file=${at('password')}`];
    const { stdout } = await run('restic', ['-r', copied(), ...check]);
    assert.match(stdout, /no errors were found/);
  });

  it('is read there by its client alone, and written by nobody but the node that it is of', async () => {
    await alpha.run(['cert', 'export', '--layout', 'pem', at('pem')]);
    const certificate = at('both.pem');
    writeFileSync(
      certificate,
      readFileSync(at('pem/client.pem'), 'utf8') + readFileSync(at('pem/client.key'), 'utf8'),
    );
    const ask = async (path: string, method: 'GET' | 'DELETE' | 'POST' = 'GET'): Promise<number> => {
      const files = { ca: at('pem/ca.pem'), certificate, method };
      return (await certifiedRequest(`${safe.url}/-/replica/${path}`, files)).status;
    };
    assert.equal(await ask(`${self}/alpha/config`), 200);
    assert.equal(await ask(`${self}/beta/config`), 403);
    assert.equal(await ask(`${self}/alpha/locks/${'0'.repeat(64)}`, 'DELETE'), 403);
    assert.equal(await ask(`${self}/alpha/?create=true`, 'POST'), 403);
    assert.equal(await ask(`other/alpha/config`), 404);
    assert.equal(await ask(`..%2falpha/config`), 404);
  });

  it('is healed from its copy where its files are damaged, and the copy from it', async () => {
    const [pack = ''] = globSync(join(stored(), 'data/*/*'));
    flipBit(pack);
    await network.ask('scrub.start', {});
    const { healed } = await until(
      () => network.ask<Scrubbed>('scrub.status', {}),
      (scrubbed) => scrubbed.healed.length > 0,
    );
    assert.deepEqual(
      healed.map(({ object, by }) => ({ object, by })),
      [{ object: `data/${pack.slice(-64)}`, by: 'safe' }],
    );
    await alpha.run(['check', '--read-data']);
  });

  it('stays in its copy when it is lost at once, and when its place is empty', async () => {
    const before = filesIn(copied());
    cpSync(stored(), at('kept'), { recursive: true });
    rmSync(join(stored(), 'snapshots'), { recursive: true });
    mkdirSync(join(stored(), 'snapshots'), { mode: 0o700 });
    await say('replicate', 'run');
    await until(
      () => say<Copy[]>('replicate', 'status'),
      ([copy]) => copy?.halted === true,
    );
    rmSync(stored(), { recursive: true });
    await say('replicate', 'run');
    const [copy] = await until(
      () => say<(Copy & { problem?: string })[]>('replicate', 'status'),
      ([first]) => first?.problem !== undefined,
    );
    assert.match(copy?.problem ?? '', /^source_lost: /);
    assert.deepEqual(filesIn(copied()), before);
    assert.ok(existsSync(at('kept/config')));
    cpSync(at('kept'), stored(), { recursive: true });
  });

  it('is followed when somebody says that the loss is meant, and no more once the rule is gone', async () => {
    const snapshots = globSync(join(stored(), 'snapshots/*'));
    assert.ok(snapshots.length > 0);
    for (const path of snapshots) rmSync(path);
    await say('replicate', 'run');
    const halted = async (): Promise<boolean> =>
      (await say<Copy[]>('replicate', 'status'))[0]?.halted === true;
    await until(halted, (is) => is);
    await say('replicate', 'run', '--accept-loss');
    await until(halted, (is) => !is);
    // They rest in the copy for as long as the rule says.
    assert.equal(globSync(join(copied(), 'snapshots/*')).length, snapshots.length);
    await say('replicate', 'remove', self);
    assert.deepEqual(await say('replicate', 'list'), []);
    await until(
      () => say<Copy[]>('replicate', 'status'),
      (copies) => copies.length === 0,
    );
  });
});
