import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataBlob, fileNode } from '../sample-repository.fixture.ts';
import { ParentDirectory } from './tree-store.ts';

const nodes = ['a', 'b', 'd'].map((name) => fileNode(name, dataBlob(name)));
const find = (directory: ParentDirectory, name: string) => directory.find(Buffer.from(name));

test('names are found in ascending order, those that are not there in between', () => {
  const directory = new ParentDirectory(nodes);
  assert.equal(find(directory, 'a'), nodes[0]);
  assert.equal(find(directory, 'c'), undefined);
  assert.equal(find(directory, 'd'), nodes[2]);
  assert.equal(find(directory, 'e'), undefined);
});

test('a directory that was not there has nothing', () => {
  const directory = new ParentDirectory();
  assert.equal(find(directory, 'a'), undefined);
});
