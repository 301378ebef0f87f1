import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { OperationAnswer } from '../src/admin/index.ts';
import { clockMoved, daysLater } from './rig/clock.ts';
import { fillDisk } from './rig/fill-disk.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type ListedNode = OperationAnswer<'node.list'>[number];
type ToldDrill = NonNullable<NonNullable<ListedNode['report']>['sets'][number]['drill']>;

interface Drilled {
  readonly set: string;
  readonly result: string;
  readonly seed: number;
  readonly files: number;
  readonly compared: number;
  readonly bytes: number;
  readonly problems: readonly { readonly kind: string; readonly path: string; readonly message: string }[];
}

describe('restore drills', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const drill = async (words: readonly string[] = [], expected = 0): Promise<Drilled> => {
    const { stdout } = await laptop.run(['drill', 'documents', ...words, '--json'], expected);
    const [drilled] = JSON.parse(stdout) as Drilled[];
    assert.ok(drilled);
    return drilled;
  };
  /** What the server was told last. */
  const told = async (): Promise<ToldDrill | undefined> => {
    const [node] = await network.ask<ListedNode[]>('node.list', { role: 'client', name: 'laptop' });
    return node?.report?.sets.find(({ name }) => name === 'documents')?.drill;
  };
  /** Waits until the server was told that. */
  const toldThat = async (result: string): Promise<ToldDrill> => {
    for (;;) {
      const drilled = await told();
      if (drilled?.result === result) return drilled;
      await setTimeout(50);
    }
  };
  /** Those with content of files: the others are small. */
  const packs = (): string[] =>
    globSync(join(network.storedAt('laptop'), 'data', '*', '*')).filter(
      (pack) => statSync(pack).size > 50_000,
    );
  /** Changes each file in them. */
  const changePacks = (): void => {
    for (const pack of packs()) {
      const bytes = readFileSync(pack);
      for (let at = 50_000; at < bytes.length; at += 100_000) bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(pack, bytes);
    }
  };

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    for (let n = 0; n < 5; n++) writeFileSync(at('data', `file${n}`), randomBytes(300_000));
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    await laptop.run(['set', 'add', 'documents', at('data'), '--every', '6h', '--spread', '0']);
    await laptop.run(['notice', 'add', 'pager', '--command', '/bin/true']);
    // So that nothing was changed just before.
    await setTimeout(2000);
    await laptop.run(['set', 'run', 'documents']);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('are missed where none has proven a set for three weeks, unless none is to be held', async () => {
    const unproven =
      /nothing proves since .* that the set documents can be restored: no restore drill was held; now: holdfast drill documents/;
    const status = async (days: number): Promise<string> =>
      (await laptop.run(['status', '--check'], 4, daysLater(days))).stdout;
    assert.doesNotMatch(await status(20), unproven);
    assert.match(await status(22), unproven);
    await laptop.run(['client', 'set', 'agent.drill', 'off']);
    assert.doesNotMatch(await status(22), unproven);
    await laptop.run(['client', 'set', 'agent.drill', '1GB']);
  });

  it('restore a sample from the server, hold it against the disk, and leave nothing there', async () => {
    const names = (): string[] => readdirSync(laptop.home, { recursive: true, encoding: 'utf8' }).toSorted();
    assert.match((await laptop.run(['status'])).stdout, /set +documents +ok, .* not proven yet/);
    const before = names();
    const { result, files, compared, bytes, problems, seed } = await drill();
    assert.deepEqual([result, files, compared, bytes, problems], ['proven', 5, 5, 1_500_000, []]);
    assert.ok(Number.isInteger(seed));
    assert.deepEqual(
      names().filter((name) => !before.includes(name) && !name.includes('cache')),
      [names().find((name) => name.endsWith('.drill.json'))],
    );
    const { proven } = await toldThat('proven');
    assert.ok(Math.abs(Date.parse(proven ?? '') - Date.now()) < 60_000);
    assert.match((await network.run(['nodes'])).stdout, /laptop\/documents +ok .* now +now +6h/);
    assert.match((await network.run(['nodes', '--name', 'laptop'])).stdout, /proven just now/);
    assert.match((await laptop.run(['set', 'show', 'documents'])).stdout, /drill +proven just now +5 files/);
  });

  it('draw the same for the same seed, no more than is said, and of an old snapshot count for nothing', async () => {
    const first = JSON.parse((await laptop.run(['snapshots', '--json'])).stdout)[0].id as string;
    const some = await drill(['--seed', '7', '--bytes', '700kB']);
    assert.deepEqual([some.result, some.seed, some.files], ['proven', 7, 2]);
    writeFileSync(at('data/more'), 'more');
    await laptop.run(['set', 'run', 'documents']);
    const again = await drill(['--seed', '7', '--bytes', '700kB', '--snapshot', first.slice(0, 8)]);
    assert.deepEqual([again.files, again.bytes], [some.files, some.bytes]);
    const { drill: kept } = JSON.parse((await laptop.run(['set', 'show', 'documents', '--json'])).stdout);
    assert.equal(kept.snapshot, first);
    const usage = await laptop.run(['drill', '--snapshot', first], 2);
    assert.match(usage.stderr, /--snapshot means something beside set alone/);
  });

  it('tell at once, and everywhere, of what cannot be restored, until it can be', async () => {
    changePacks();
    const { stderr } = await laptop.run(['drill', 'documents'], 1);
    assert.match(stderr, /warning: .*\/data\/file\d: pack [0-9a-f]{64}: .*/);
    assert.match(stderr, /drill_damaged\]\n.*holdfast check --read-data/);
    const { found, proven } = await toldThat('damaged');
    assert.match(found ?? '', /^5 problems, the first: \/.*\/data\/file\d: pack/);
    assert.ok(proven !== undefined);
    const nodes = await network.run(['nodes', '--check'], 4);
    assert.match(
      nodes.stdout,
      /the restore drill of the set documents of client\/laptop found it damaged, just now: /,
    );
    assert.match(
      (await laptop.run(['status', '--check'], 4)).stdout,
      /found it damaged: .*holdfast drill documents/,
    );
    // By chance it draws others, and looks at those again all the same.
    const { result, problems } = await drill(['--bytes', '1B'], 1);
    assert.equal(result, 'damaged');
    assert.ok(problems.length > 1);
    // The next step that is named.
    await laptop.run(['check', '--read-data'], 1);
    await laptop.run(['set', 'run', 'documents']);
    const mended = await drill(['--bytes', '1B']);
    assert.equal(mended.result, 'proven');
    assert.ok(mended.files > 1);
    await toldThat('proven');
    await laptop.run(['status', '--check'], 4);
  });

  it('name packs that are gone', async () => {
    const gone = packs().map((pack) => [pack, `${pack}.away`] as const);
    for (const [pack, away] of gone) renameSync(pack, away);
    const { result, problems } = await drill([], 1);
    assert.equal(result, 'damaged');
    assert.match(problems[0]?.message ?? '', /^pack [0-9a-f]{64}: .*object_not_found/);
    for (const [pack, away] of gone) renameSync(away, pack);
    await drill();
  });

  it('prove nothing while the server is away', async () => {
    await laptop.run(['client', 'set', 'retryFor', '1s']);
    const proven = async (): Promise<string> =>
      JSON.parse((await laptop.run(['set', 'show', 'documents', '--json'])).stdout).drill.proven;
    const before = await proven();
    await network.server.stop();
    const { result } = await drill([], 20);
    assert.equal(result, 'failed');
    assert.match((await laptop.run(['status'])).stdout, /proven .*, and not since: .*\[connection_refused\]/);
    await network.restart();
    assert.equal(await proven(), before);
    await drill();
  });

  it('prove nothing by files without content', async () => {
    mkdirSync(at('void'));
    writeFileSync(at('void/nothing'), '');
    await laptop.run(['set', 'add', 'void', at('void'), '--every', '6h']);
    await laptop.run(['set', 'run', 'void']);
    const { stdout, stderr } = await laptop.run(['drill', 'void'], 1);
    assert.match(stdout, /drilled +void +no file with content is in it: nothing is proven/);
    assert.match(stderr, /\[drill_empty\]\n.*holdfast set show NAME/);
    await laptop.run(['set', 'show', 'void']);
    await laptop.run(['set', 'remove', 'void']);
  });

  it('come by themselves once a week, from the agent, unless it is told otherwise', async () => {
    const later = clockMoved('+8d');
    const agent = async (env: Readonly<Record<string, string>>, seen: RegExp): Promise<string> => {
      await using running = laptop.start(['agent'], env);
      await running.waitFor(seen);
      return (await running.stop()).stderr;
    };
    await laptop.run(['client', 'set', 'agent.drill', 'off'], 0);
    assert.doesNotMatch(await agent(later, /"a set has ended"/), /drill/);
    await laptop.run(['client', 'set', 'agent.drill', '500kB'], 0);
    assert.match(await agent(later, /"a drill has ended"/), /"documents","msg":"a drill begins"/);
    const { drill: kept } = JSON.parse((await laptop.run(['set', 'show', 'documents', '--json'])).stdout);
    assert.deepEqual([kept.result, kept.code], ['proven', undefined]);
  });

  it('say that the disk is full on which they restore', { skip: cannotMount }, async () => {
    using _disk = mountSmallDisk(at('small/holdfast'), '24m');
    const home = ['--home', at('small/holdfast')];
    const run = (words: readonly string[], expected = 0) =>
      runProgram(network.program, [...words, ...home], { expected });
    await run(['join', await network.joinCode('small')]);
    await run(['set', 'add', 'documents', at('data'), '--every', '6h']);
    await run(['set', 'run', 'documents']);
    writeFileSync(at('small/holdfast/room'), Buffer.alloc(200_000, 1));
    fillDisk(at('small/holdfast/filler'));
    rmSync(at('small/holdfast/room'));
    const { stderr } = await run(['drill', 'documents'], 1);
    assert.match(stderr, /\[storage_full\]/);
  });
});
