import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPatterns } from '../scripts/check-patterns.ts';
import { patternLiterals } from '../scripts/patterns/pattern-literals.ts';
import { slowPattern } from '../scripts/patterns/slow-pattern.ts';

test('no regular expression of the program takes time that grows faster than the text', () => {
  assert.deepEqual(checkPatterns(join(import.meta.dirname, '..')), []);
});

const slow: readonly RegExp[] = [
  /^\S*[.:]\S*$/,
  /^\s*(.*?)\s*$/,
  /\s+$/,
  /^[ \t]*[\t\x20-\x7e]*[ \t]*$/,
  /^\[(.*:.*)\]$/,
  /^(?:a+)+$/,
  /^(?:a|a)*b/,
  /^(?:a*)*b/,
  /^(?:a{1,3})*b/,
  /^(?:ab|aba|b)*c/,
  /^a*b?a*c/,
  /x|a*b/,
  /^x|a*b/,
  /^a*b/m,
  /^(?:[a-z]|\p{L})+$/u,
];
for (const pattern of slow)
  test(`${pattern} is slow`, () =>
    assert.match(slowPattern(pattern) ?? 'quick', /divides|two ways|loop within/));

const quick: readonly RegExp[] = [
  /^[a-z0-9][a-z0-9._-]{0,62}$/,
  /[A-Z]+/g,
  /a*/,
  /^a*a*/,
  /^(?:[^x]*x)*/,
  /^(?:a*b)*$/,
  /^[^@]+@[^@]+$/,
  /^(?:[01]\.[1-3]?\d|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/,
  /\r\n|\r|\n/,
  /a+b/y,
];
for (const pattern of quick) test(`${pattern} is quick`, () => assert.equal(slowPattern(pattern), undefined));

test('what cannot be judged is an error: a back reference, a loop in what is looked ahead for, too many states', () => {
  for (const source of [String.raw`^(a)\1$`, '^(?=.*b)a', '(a', '^x{20,4000}y', '^(?:x{1,30}y){1,30}$'])
    assert.throws(() => slowPattern({ source, flags: '' }), SyntaxError, source);
});

test('patterns are found in code, and not in its texts, comments, templates and divisions', () => {
  const code = [
    "const one = 'a /b/ c' + `/d/ ${x.replace(/e`/g, '}')} /f/ ${1}`; // /g/",
    'const two = four / 2 / one; /* /h/ */ const three = [/[/\\]]i/u];',
    'if (ready) return /j/.test(`}`) ? a[0] / 2 : (1) / 2;',
  ].join('\n');
  const found = patternLiterals(code).map(({ source, flags, line }) => `${line} ${source} ${flags}`);
  assert.deepEqual(found, ['1 e` g', '2 [/\\]]i u', '3 j ']);
});
