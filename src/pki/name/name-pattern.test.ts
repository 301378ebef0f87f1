import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNamePattern, matchesNamePattern } from './identity.ts';

describe('a pattern of names', () => {
  it('is a name with one star', () => {
    for (const text of ['web-*', '*', '*.office', 'db-*.office']) assert.ok(isNamePattern(text), text);
    for (const text of ['web-1', 'web-**', '*-*', 'Web-*', '-*', `${'a'.repeat(63)}*`, 'a b*', ''])
      assert.ok(!isNamePattern(text), text);
  });

  it('lets names through that put at least one character in place of the star', () => {
    assert.ok(matchesNamePattern('web-*', 'web-3'));
    assert.ok(matchesNamePattern('web-*', 'web-3.office'));
    assert.ok(matchesNamePattern('*', 'anything'));
    assert.ok(matchesNamePattern('a*a', 'aba'));
    for (const name of ['web-', 'web', 'db-3', 'web-A', 'web-3/x', `web-${'x'.repeat(60)}`])
      assert.ok(!matchesNamePattern('web-*', name), name);
    assert.ok(!matchesNamePattern('a*a', 'aa'));
  });

  it('is the name itself where it has no star', () => {
    assert.ok(matchesNamePattern('web-1', 'web-1'));
    assert.ok(!matchesNamePattern('web-1', 'web-12'));
  });
});
