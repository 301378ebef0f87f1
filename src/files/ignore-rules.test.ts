import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExcludeFile } from './ignore-rules.ts';

test('comments and blank lines say nothing, spaces around a pattern neither', () => {
  assert.deepEqual(parseExcludeFile('\uFEFF# comment\r\n\r\n  *.tmp \n\t\n#x\n!keep#me\n', {}), [
    '*.tmp',
    '!keep#me',
  ]);
});

test('environment variables are expanded as Go does', () => {
  const environment = { HOME: '/home/ann', A_1: 'x' };
  const text = '$HOME/a\n${HOME}b\n$A_1/$MISSING!\n$$x\na$\n${}q\n$.tmp';
  assert.deepEqual(parseExcludeFile(text, environment), [
    '/home/ann/a',
    '/home/annb',
    'x/!',
    '$x',
    'a$',
    'q',
    '$.tmp',
  ]);
});
