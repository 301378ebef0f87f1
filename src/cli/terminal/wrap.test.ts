import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrap, wrapHelp } from './wrap.ts';

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
