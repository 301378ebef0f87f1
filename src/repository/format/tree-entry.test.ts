import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataBlob, fileNode, folderNode, treeBlob } from '../sample-repository.fixture.ts';
import { namedBlobs, parseTreeEntries } from './tree-entry.ts';

const [one, other] = [dataBlob('one'), dataBlob('other')];
const below = treeBlob();
/** What could be taken for keys. */
const names = ['a","content":["', '"subtree":"x', 'with: space', `"content":["${'0'.repeat(64)}"]`];
const tree = treeBlob(
  ...names.map((name) => fileNode(name)),
  fileNode('b', one, other),
  folderNode('c', below),
);

test('what a tree names is found as it is written by restic, and however else JSON is', () => {
  const expected = { content: [one.id, other.id], subtrees: [below.id] };
  const parsed = JSON.parse(Buffer.from(tree.plaintext).toString()) as unknown;
  for (const plaintext of [tree.plaintext, Buffer.from(JSON.stringify(parsed, undefined, 2))])
    assert.deepEqual(namedBlobs(plaintext, tree.id), expected);
  const plain = treeBlob(fileNode('b', one, other), folderNode('c', below));
  assert.deepEqual(namedBlobs(plain.plaintext, plain.id), expected);
  assert.deepEqual(namedBlobs(below.plaintext, below.id), { content: [], subtrees: [] });
});

test('entries have names as they are shown, and what is none is told', () => {
  const told: string[] = [];
  const json = JSON.stringify({
    nodes: [
      { name: 'a\\xff', type: 'file', content: [] },
      { name: 'ä', type: 'dir', subtree: below.id },
      { name: '..', type: 'dir', subtree: below.id },
      { name: 'x', type: 'door' },
      7,
    ],
  });
  const entries = parseTreeEntries(Buffer.from(json), tree.id, ({ message }) => told.push(message));
  assert.deepEqual(
    entries.map(({ name, subtree }) => [name, subtree]),
    [
      ['a\udcff', undefined],
      ['ä', below.id],
    ],
  );
  assert.match(told.join('; '), /forbidden name "\.\."; .*unknown type "door"; .*not an object$/);
  assert.throws(() => parseTreeEntries(Buffer.from('[]'), tree.id, () => {}), { code: 'repository_damaged' });
});
