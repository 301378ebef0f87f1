import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { flipBit } from './rig/damage.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Scrubbed {
  readonly now?: { readonly objects: number };
  readonly last?: { readonly objects: number; readonly ended: string };
  readonly waiting: readonly { readonly repository: string; readonly object: string }[];
}

describe('the scrub of a server', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    mkdirSync(at('data'));
    for (let n = 0; n < 3; n++) writeFileSync(at('data', `${n}`), new Prng(`${n}`).bytes(100_000));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  async function scrub(...words: string[]): Promise<Scrubbed> {
    const { code, stdout, stderr } = await runHoldfast(['scrub', ...words, '--json', '--home', network.home]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Scrubbed;
  }

  async function backUp(): Promise<void> {
    const { code, stderr } = await runHoldfast(['backup', at('data'), '--home', client.home]);
    assert.equal(code, 0, stderr);
  }

  /** Scrubs, and waits until everything has been read and what is damaged is known. */
  async function scrubbed(objects: number): Promise<Scrubbed> {
    const before = (await scrub()).last?.ended;
    for (;;) {
      const found = await scrub('--status');
      if (found.last !== undefined && found.last.ended !== before) {
        assert.equal(found.last.objects, objects);
        return found;
      }
      await setTimeout(200);
    }
  }

  it('takes a damaged pack aside, and the next backup sends again what was in it', async () => {
    await backUp();
    const files = globSync(join(network.home, 'store/laptop/{data/*,index,keys,snapshots}/*'));
    assert.deepEqual((await scrubbed(files.length)).waiting, []);
    const packs = globSync(join(network.home, 'store/laptop/data/*/*'));
    const largest = packs.toSorted((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? '';
    flipBit(largest);
    const { waiting } = await scrubbed(files.length);
    const name = largest.slice(-64);
    assert.deepEqual(
      waiting.map(({ repository, object }) => ({ repository, object })),
      [{ repository: 'laptop', object: `data/${name}` }],
    );
    assert.equal(globSync(join(network.home, `store/laptop/.damaged/data/${name}.*`)).length, 1);
    await backUp();
    const words = ['restore', 'latest', '--target', at('back'), '--verify', '--home', client.home];
    const { code, stderr } = await runHoldfast(words);
    assert.equal(code, 0, stderr);
    for (let n = 0; n < 3; n++)
      assert.deepEqual(readFileSync(join(at('back'), at('data', `${n}`))), readFileSync(at('data', `${n}`)));
  });
});
