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

test('a table that is too wide is cut in the columns that may shrink, to the width of the terminal', () => {
  const lines = formatTable(columns, [['a name that is much longer than the terminal', '1000']], 20);
  assert.deepEqual(lines, ['Name            Size', 'a name that i…  1000']);
});

test('control characters in cells cannot steer the terminal', () => {
  assert.equal(printable('a\u001b[31mb\u009bc\u202ed\n'), 'a?[31mb?c?d?');
  assert.deepEqual(formatTable([{ heading: 'N' }], [['\u001b]0;x\u0007']], 80)[1], '?]0;x?');
});
