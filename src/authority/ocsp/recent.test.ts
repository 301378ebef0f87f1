import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Recent } from './ocsp-responder.ts';

it('has the newest, and never more than twice as many as it promises', () => {
  const recent = new Recent<number>(10);
  const found = () => Array.from({ length: 100 }, (_, key) => recent.get(String(key)) ?? -1);
  for (let key = 0; key < 100; key++) {
    recent.keep(String(key), key);
    const kept = found().filter((value) => value >= 0);
    assert.ok(kept.length >= Math.min(key + 1, 10) && kept.length < 20);
    assert.deepEqual(
      kept,
      kept.map((_, index) => key + 1 - kept.length + index),
    );
  }
});

it('has what was kept last under a key', () => {
  const recent = new Recent<number>(2);
  recent.keep('a', 1);
  recent.keep('b', 2);
  recent.keep('a', 3);
  assert.equal(recent.get('a'), 3);
});
