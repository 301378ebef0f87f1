import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { idOf } from '../src/repository/format/blob.ts';
import { compress } from '../src/repository/format/compression.ts';
import { initRepository } from '../src/repository/init-repository.ts';
import type { Repository } from '../src/repository/repository.ts';
import {
  cheapCost,
  dataBlob,
  fileNode,
  folderNode,
  type SampleBlob,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../src/repository/sample-repository.fixture.ts';
import { LocalStore } from '../src/storage/index.ts';
import { type ProgramResult, runHoldfast } from './rig/holdfast-process.ts';
import { type HostileNode, hostileNodes } from './rig/hostile-nodes.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const good = dataBlob('what is beside it '.repeat(20));
const part = dataBlob('what the odd one holds '.repeat(20));
const mib = 2 ** 20;
const nodes = hostileNodes([part.id], part.plaintext.length);
const folderOf = (at: number): string => `d${at + 100}`;

/** A folder with one odd node between two good files. */
function folderWith({ json }: HostileNode): SampleBlob {
  const beside = JSON.parse(treeBlob(fileNode('a', good), fileNode('z', good)).plaintext.toString()) as {
    nodes: unknown[];
  };
  const [first, last] = beside.nodes.map((node) => JSON.stringify(node));
  const plaintext = Buffer.from(`{"nodes":[${first},${json},${last}]}\n`);
  return { type: 'tree', plaintext, id: idOf(plaintext) };
}

describe('a snapshot with odd nodes', () => {
  let place: TemporaryDirectory;
  let repository: Repository;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = (): string[] => ['--repo', at('repo'), '--password-file', at('password'), '--home', at('home')];
  const holdfast = (...words: string[]): Promise<ProgramResult> =>
    runHoldfast([...words, ...own(), '--json']);
  const save = async (tree: SampleBlob, ...trees: SampleBlob[]): Promise<string> => {
    await repository.saveIndex([await writePack(repository, ...new Set([tree, ...trees]))]);
    return writeSnapshot(repository, tree);
  };

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('password'), samplePassword.reveal());
    repository = await initRepository(new LocalStore(at('repo')), {
      password: samplePassword,
      cost: cheapCost,
    });
    await repository.saveIndex([await writePack(repository, good, part)]);
  });
  after(() => place[Symbol.dispose]());

  it('gives everything else back, names each of them, and counts what was restored', async () => {
    const folders = nodes.map(folderWith);
    const tree = treeBlob(...folders.map((folder, number) => folderNode(folderOf(number), folder)));
    const id = await save(tree, ...folders);
    const result = await holdfast('restore', id, '--target', at('target'));
    assert.deepEqual([result.code, errorIn(result).code], [1, 'restore_incomplete'], result.stderr);
    const warnings = result.stderr.split('\n').filter((line) => line.startsWith('warning: '));
    for (const [number, { odd, says, comes }] of nodes.entries()) {
      const folder = folderOf(number);
      const said = warnings.filter((line) => line.includes(`/${folder}`)).join('\n');
      assert.match(said, says, odd);
      for (const name of ['a', 'z'])
        assert.equal(readFileSync(at('target', folder, name), 'utf8'), good.plaintext.toString(), odd);
      assert.equal(existsSync(at('target', folder, 'm')), comes, odd);
    }
    const summary = JSON.parse(result.stdout) as { files: number; bytes: number; problems: number };
    const files = readdirSync(at('target'), { recursive: true, encoding: 'utf8' })
      .map((name) => lstatSync(at('target', name)))
      .filter((stat) => stat.isFile());
    assert.deepEqual([summary.files, summary.problems], [files.length, warnings.length]);
    assert.equal(
      summary.bytes,
      files.reduce((sum, { size }) => sum + size, 0),
    );
    await listedAndChecked(id);
  });

  /** The same nodes are named by whatever else reads them. */
  async function listedAndChecked(id: string): Promise<void> {
    const listed = await holdfast('ls', id, '--long');
    assert.deepEqual([listed.code, errorIn(listed).code], [1, 'repository_damaged'], listed.stderr);
    const checked = await holdfast('check', '--read-data');
    assert.deepEqual([checked.code, errorIn(checked).code], [1, 'repository_damaged'], checked.stderr);
    for (const folder of nodes.map((_, number) => folderOf(number)))
      assert.match(listed.stdout, new RegExp(`"/${folder}/z"`));
    for (const { stderr } of [listed, checked]) {
      assert.match(stderr, /dir "m" has no tree/);
      assert.doesNotMatch(stderr, /this is a bug/);
    }
  }

  it('and blobs that would fill the memory gives the rest back, without making room for them', async () => {
    const zeros = Buffer.alloc(200 * mib);
    const bomb: SampleBlob = { type: 'data', plaintext: zeros, id: idOf(zeros) };
    const deepTree: SampleBlob = { ...bomb, type: 'tree' };
    const bombs = await writePack(repository, bomb, deepTree);
    const tree = treeBlob(
      fileNode('a', good),
      { ...fileNode('bomb', bomb), size: 300 },
      { ...fileNode('claim', bomb), size: 3e9 },
      folderNode('deep', deepTree),
      fileNode('z', good),
    );
    await repository.saveIndex([bombs]);
    const id = await save(tree);
    const result = await holdfast('restore', id, '--target', at('survivors'));
    assert.equal(errorIn(result).code, 'restore_incomplete', result.stderr);
    assert.deepEqual(readdirSync(at('survivors')).sort(), ['a', 'deep', 'z']);
    for (const path of ['/bomb', '/claim'])
      assert.match(result.stderr, new RegExp(`${path}: data blob .* would have`));
    assert.match(result.stderr, /\/deep: .*tree blob .* would have 209715200 bytes/);
    for (const type of ['index', 'snapshots'] as const) {
      const file = repository.cipher.seal(Buffer.concat([Buffer.of(2), compress(zeros)]));
      await repository.store.write({ type, name: idOf(file) }, [file], { size: file.length });
    }
    const checked = await holdfast('check', '--read-data');
    assert.match(checked.stderr, /snapshot [0-9a-f]{64} does not decompress/);
    assert.match(checked.stderr, /index [0-9a-f]{64} does not decompress/);
    assert.doesNotMatch(checked.stderr, /this is a bug/);
  });
});
