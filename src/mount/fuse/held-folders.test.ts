import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ViewEntry, ViewFolder } from '../tree/view.ts';
import { HeldFolders, pathOf } from './held-folders.ts';

const nothing: ViewFolder = {
  isFixed: true,
  list: async () => [],
  find: async () => undefined,
  at: async () => undefined,
};

function entry(name: string, place: number): ViewEntry {
  return { name: Buffer.from(name), place, inode: place + 10, node: {} as ViewEntry['node'] };
}

test('a folder is held as long as the kernel knows something in it, and those above as long as it is', async () => {
  const held = new HeldFolders(nothing);
  const outside = held.get(0) ?? assert.fail();
  const root = held.into(outside, entry('', 0), () => nothing);
  const home = held.into(root, entry('home', 3), () => nothing);
  assert.equal(
    held.into(root, entry('home', 3), () => assert.fail()),
    home,
  );
  assert.equal(pathOf(home, Buffer.from('ann')), '/home/ann');
  home.lookups += 3;
  root.lookups += 1;
  held.forget({ folder: home.number, slot: 1 }, 2);
  held.forget({ folder: root.number, slot: 4 }, 1);
  assert.equal(held.size, 3);
  await held.use(home, async () => {
    held.forget({ folder: home.number, slot: 1 }, 1);
    assert.equal(held.get(home.number), home);
  });
  assert.equal(held.size, 1);
  held.forget({ folder: 0, slot: 1 }, 5);
  held.forget({ folder: 99, slot: 1 }, 5);
  assert.equal(held.get(0), outside);
});
