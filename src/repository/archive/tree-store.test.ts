import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import { BlobIndex } from '../format/blob-index.ts';
import { encodeTree } from '../format/tree.ts';
import { encodeNode, encodeNodeHead, type TreeNode } from '../format/tree-node.ts';
import { dataBlob, fileNode } from '../sample-repository.fixture.ts';
import { ParentDirectory } from './tree-store.ts';

const nodes = ['a', 'b', 'd'].map((name) => fileNode(name, dataBlob(name)));
const id = 'f'.repeat(64) as BlobId;
const treeOf = (text: string) => new ParentDirectory({ id, plaintext: Buffer.from(text) });
const find = (directory: ParentDirectory, name: string) =>
  directory.find(encodeNodeHead(fileNode(name, dataBlob(name))));
const usual = asBuffer(encodeTree(nodes.map(encodeNode))).toString();
/** The same as another program would write it. */
const unusual = JSON.stringify(JSON.parse(usual), null, 1);

/** An index that has the blobs of all files but those named. */
function indexWithout(...missing: readonly string[]): BlobIndex {
  const index = new BlobIndex();
  const kept = nodes.filter(({ name }) => !missing.includes(asBuffer(name).toString()));
  const blobs = kept.flatMap(({ content = [] }) =>
    content.map((id) => ({ id, type: 'data' as const, offset: 0, length: 40 })),
  );
  index.add({ id, blobs });
  return index;
}

for (const [how, text] of [
  ['as restic writes it', usual],
  ['with spaces', unusual],
] as const) {
  test(`names are found in ascending order in a tree ${how}, those that are not there in between`, () => {
    const directory = treeOf(text);
    assert.deepEqual(find(directory, 'a'), nodes[0]);
    assert.equal(find(directory, 'c'), undefined);
    assert.deepEqual(find(directory, 'd'), nodes[2]);
    assert.equal(find(directory, 'e'), undefined);
  });

  test(`a file with the same beginning and stored blobs is as it was, in a tree ${how}`, () => {
    const directory = treeOf(text);
    const index = indexWithout('b');
    const same = (node: TreeNode | undefined) => node && directory.sameFile(encodeNodeHead(node), index);
    const [a, b, d] = nodes;
    assert.equal(same(a), a && encodeNode(a));
    assert.equal(same(b), undefined, 'its blob is not stored');
    assert.equal(same(d && { ...d, name: Buffer.from('c') }), undefined, 'not there');
    assert.equal(same(d && { ...d, size: 1 + d.size }), undefined, 'larger');
    assert.deepEqual(find(directory, 'd'), d);
  });
}

test('what stands in an extended attribute is no node', () => {
  const [first, , last] = nodes;
  assert.ok(first && last);
  const xattrs = ['user.a', 'user.b'].map((name) => ({
    name,
    value: Buffer.from('"},{"name":"z","type":"'),
  }));
  const directory = treeOf(
    asBuffer(encodeTree([encodeNode({ ...first, xattrs }), encodeNode(last)])).toString(),
  );
  assert.equal(find(directory, 'a')?.xattrs?.length, 2);
  assert.deepEqual(find(directory, 'd'), last);
});

test('a content that is no list of ids is none that can be taken over', () => {
  const [node] = nodes;
  assert.ok(node);
  const head = encodeNodeHead(node);
  const list = JSON.stringify(node.content);
  for (const content of [
    list.replace(']', ',]'),
    list.replace(/[0-9a-f]/, 'X'),
    `${list},"error":"x"`,
    'null',
  ]) {
    const directory = treeOf(`{"nodes":[${head},"content":${content}}]}\n`);
    assert.equal(directory.sameFile(head, indexWithout()), undefined, content);
  }
});

test('a directory that was not there has nothing', () => {
  const directory = new ParentDirectory();
  assert.equal(find(directory, 'a'), undefined);
});

test('a tree that is none is said', () => {
  assert.throws(() => treeOf('{"nodes":'), { code: 'repository_damaged' });
});

test('a directory has just the nodes that it had, and not fewer, more or others', () => {
  const encoded = nodes.map(encodeNode);
  const other = encodeNode(fileNode('b', dataBlob('c')));
  assert.equal(treeOf(usual).idIfJust(encoded), id);
  assert.equal(treeOf(asBuffer(encodeTree([])).toString()).idIfJust([]), id);
  for (const others of [
    [],
    encoded.slice(1),
    encoded.slice(0, 2),
    [...encoded, other],
    encoded.with(1, other),
  ])
    assert.equal(treeOf(usual).idIfJust(others), undefined);
  assert.equal(treeOf(unusual).idIfJust(encoded), undefined, 'its text is another');
  assert.equal(new ParentDirectory().idIfJust([]), undefined);
});
