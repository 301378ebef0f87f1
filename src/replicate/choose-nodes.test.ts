import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseNodes } from './choose-nodes.ts';

const nodes = ['attic', 'cellar', 'safe', 'vault'];
const repositories = Array.from({ length: 400 }, (_, n) => `client-${n}`);

test('copies are spread evenly, always alike, and move only to a node that comes', () => {
  const kept = new Map(nodes.map((node) => [node, 0]));
  for (const repository of repositories) {
    const chosen = chooseNodes(nodes, 2, repository);
    assert.equal(new Set(chosen).size, 2);
    assert.deepEqual(chooseNodes(nodes.toReversed(), 2, repository), chosen);
    for (const node of chosen) kept.set(node, (kept.get(node) ?? 0) + 1);
    const moved = chooseNodes([...nodes, 'new'], 2, repository).filter((node) => !chosen.includes(node));
    assert.ok(moved.every((node) => node === 'new'));
  }
  for (const [node, count] of kept) assert.ok(count > 150 && count < 250, `${node} has ${count} of 800`);
});
