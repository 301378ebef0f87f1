import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataBlob, fileNode, treeBlob } from '../sample-repository.fixture.ts';
import { ParentDirectory } from './parent-directory.ts';

const nodes = ['a', 'b', 'd'].map((name) => fileNode(name, dataBlob(name)));
const { id } = treeBlob(...nodes);
const find = (directory: ParentDirectory, name: string) => directory.find(Buffer.from(name));

test('names are found in ascending order, those that are not there in between', () => {
  const directory = new ParentDirectory(id, { nodes, problems: [] });
  assert.equal(find(directory, 'a'), nodes[0]);
  assert.equal(find(directory, 'c'), undefined);
  assert.equal(find(directory, 'd'), nodes[2]);
  assert.equal(find(directory, 'e'), undefined);
});

test('it is the same only with all of its very nodes', () => {
  const directory = new ParentDirectory(id, { nodes, problems: [] });
  assert.equal(directory.idIfSame([...nodes]), id);
  assert.equal(directory.idIfSame(nodes.slice(1)), undefined);
  assert.equal(directory.idIfSame(nodes.map((node) => ({ ...node }))), undefined);
});

test('a tree with something wrong in it is never the same', () => {
  const directory = new ParentDirectory(id, { nodes, problems: ['the name "x" is there twice'] });
  assert.equal(directory.idIfSame(nodes), undefined);
});

test('a directory that was not there has nothing and is not the same as an empty one', () => {
  const directory = new ParentDirectory();
  assert.equal(find(directory, 'a'), undefined);
  assert.equal(directory.idIfSame([]), undefined);
});
