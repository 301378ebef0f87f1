import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, printable } from './table.ts';

const columns = [
  { heading: 'Name', shrink: true },
  { heading: 'Size', align: 'right' },
] as const;

test('columns are as wide as their widest cell and aligned as they say', () => {
  assert.deepEqual(
    formatTable(
      columns,
      [
        ['a', '1'],
        ['long name', '1000'],
      ],
      80,
    ),
    ['Name       Size', 'a             1', 'long name  1000'],
  );
});

test('in a table that is too wide, text goes on in the next line, and no word is cut', () => {
  const lines = formatTable(columns, [['a name that is much longer', '1000']], 20);
  assert.deepEqual(lines, ['Name            Size', 'a name that is  1000', 'much longer']);
});

test('where the columns that may shrink do not do, others give room, and a word that is too long goes on', () => {
  const lines = formatTable(
    [{ heading: 'A' }, { heading: 'B', shrink: true }],
    [['one two three', '0123456789ab']],
    20,
  );
  assert.deepEqual(lines, ['A         B', 'one two   0123456789', 'three     ab']);
  for (const line of lines) assert.ok(line.length <= 20);
});

test('control characters in cells cannot steer the terminal', () => {
  assert.equal(printable('a\u001b[31mb\u009bc\u202ed\n'), 'a?[31mb?c?d?');
  assert.deepEqual(formatTable([{ heading: 'N' }], [['\u001b]0;x\u0007']], 80)[1], '?]0;x?');
});
