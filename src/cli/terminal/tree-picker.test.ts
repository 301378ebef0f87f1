import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TreeItem, TreePicker } from './tree-picker.ts';

interface Item extends TreeItem<Item> {}

const leaf = (name: string): Item => ({ name, detail: '' });
const folder = (name: string, ...inside: readonly Item[]): Item => ({
  name,
  detail: '',
  open: async () => inside,
});

function shown(picker: TreePicker<Item>): string {
  return picker.lines
    .map(
      (line, at) => `${at === picker.cursor ? '>' : ''}${picker.isMarked(line) ? '*' : ''}${line.item.name}`,
    )
    .join(' ');
}

test('a tree opens down to where there is something to choose', async () => {
  const picker = new TreePicker(folder('/', folder('home', folder('ann', leaf('a'), leaf('b')))));
  await picker.openFirst();
  assert.equal(shown(picker), '/ home >ann a b');
  const single = new TreePicker(folder('/', leaf('only')));
  await single.openFirst();
  assert.equal(shown(single), '>/ only');
});

test('what is marked is marked with all that is in it, and picked once', async () => {
  const picker = new TreePicker(folder('/', folder('one', leaf('a'), leaf('b')), leaf('two')));
  for (const move of ['open', 'down', 'open', 'down', 'mark', 'last', 'mark'] as const)
    await picker.move(move);
  assert.equal(shown(picker), '/ one *a b >*two');
  assert.deepEqual(
    picker.picked.map(({ name }) => name),
    ['a', 'two'],
  );
  for (const move of ['first', 'down', 'mark', 'down', 'mark'] as const) await picker.move(move);
  assert.equal(shown(picker), '/ *one >*a *b *two');
  assert.equal(picker.problem, 'all of one is marked: unmark that first');
  for (const move of ['close', 'close'] as const) await picker.move(move);
  assert.equal(shown(picker), '/ >*one *two');
  assert.deepEqual(
    picker.picked.map(({ name }) => name),
    ['one', 'two'],
  );
  await picker.move('mark');
  await picker.move('open');
  assert.equal(shown(picker), '/ >one a b *two');
});

test('what cannot be looked into says why, and stays closed', async () => {
  const damaged: Item = {
    name: 'damaged',
    detail: '',
    open: () => Promise.reject(new Error('tree is gone')),
  };
  const picker = new TreePicker(damaged);
  await picker.openFirst();
  assert.deepEqual([shown(picker), picker.problem], ['>damaged', 'tree is gone']);
  await picker.move('up');
  assert.equal(picker.problem, '');
});
