import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, printable, wrap, wrapHelp } from './table.ts';

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

test('a line is broken between words, and what goes on is set in', () => {
  assert.deepEqual(wrap('one two  three four', 10, '  '), ['one two', '  three', '  four']);
  assert.deepEqual(wrap('fits', 10), ['fits']);
  assert.deepEqual(wrap('', 10), ['']);
});

test('a word that is longer than a line goes on in the next one, and nothing of it is lost', () => {
  assert.deepEqual(wrap('a 0123456789abcdef z', 8), ['a', '01234567', '89abcdef', 'z']);
  assert.deepEqual(wrap('p256,p384,p521', 10), ['p256,p384,', 'p521']);
});

test('a line too narrow for anything still comes to an end', () => {
  for (const width of [0, 1, 2])
    assert.equal(wrap('ab cd', width, '  ').join('').replaceAll(' ', ''), 'abcd');
});

test('in a help, prose is wrapped as a paragraph, columns below the last, and an example is still one command', () => {
  const text = [
    'a sentence that is too long for it',
    'and one more',
    '',
    'Examples:',
    '  holdfast ls latest   the newest of all',
    '  holdfast request create --names a,b,c',
  ].join('\n');
  assert.equal(
    wrapHelp(text, 32),
    [
      'a sentence that is too long for',
      'it and one more',
      '',
      'Examples:',
      '  holdfast ls latest   the',
      '                       newest of',
      '                       all',
      '  holdfast request create \\',
      '    --names a,b,c',
    ].join('\n'),
  );
});
